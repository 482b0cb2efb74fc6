import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { CheckpointResult } from './checkpoints.ts';

/**
 * The thread of `checkpoints.ts`: a connection of its own to the file that it is started with. While there is
 * writing it looks twenty times a second: the log then stays so short that it is written over and over in place,
 * which is half the work of a log that grows. It tells what it did, if it did something.
 */
const BUSY_MS = 50;
const IDLE_MS = 1_000;
const SQLITE_BUSY = 5;

const database = new DatabaseSync(workerData as string, { timeout: 0 });
const statement = database.prepare('pragma wal_checkpoint(passive)');
let known = '';

function look(): void {
  const result = take();
  const seen = `${result?.log} ${result?.checkpointed}`;
  const isBusy = seen !== known;
  known = seen;
  if (isBusy && result) parentPort?.postMessage(result);
  timer = setTimeout(look, isBusy ? BUSY_MS : IDLE_MS);
}

/** Undefined when somebody else has the file locked: there is a next time. */
function take(): CheckpointResult | undefined {
  try {
    return statement.get() as CheckpointResult;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}

let timer = setTimeout(look, BUSY_MS);
parentPort?.on('message', () => {
  clearTimeout(timer);
  database.close();
  parentPort?.close();
});
