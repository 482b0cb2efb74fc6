import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** The thread of `checkpoints.ts`: a connection of its own to the file that it is started with. */
const database = new DatabaseSync(workerData as string, { timeout: 0 });
const statement = database.prepare('pragma wal_checkpoint(passive)');

parentPort?.on('message', (message: 'take' | 'close') => {
  if (message === 'take') {
    parentPort?.postMessage(statement.get());
    return;
  }
  database.close();
  parentPort?.close();
});
