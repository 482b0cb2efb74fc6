import { once } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';

/** Folds the write-ahead log of the embedded ledger into its file, in a thread of its own. */
export type Checkpoints = {
  /** One at a time. Resolves when it is done; rejects when the thread fails. */
  take(): Promise<void>;
  close(): Promise<void>;
};

/** What SQLite says of a checkpoint: frames in the log, and how many of them are in the file now. */
export type CheckpointResult = { readonly log: number; readonly checkpointed: number };

/** Frames of a page each: about 64 MB. */
const LARGE_LOG = 8_192;

/**
 * In the main thread a checkpoint stops everything for the time that the disk takes for all that was written since
 * the last one: measured at 100 to 200 ms under load. `database` is the main thread's own handle.
 */
export function createCheckpoints(database: DatabaseSync, file: string): Checkpoints {
  let thread: Worker | undefined;
  return {
    async take() {
      if (!thread) {
        thread = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), {
          workerData: file,
        });
      }
      thread.ref();
      thread.postMessage('take');
      const [result] = (await once(thread, 'message')) as [CheckpointResult];
      // A process that has nothing else to do must not wait for the next one.
      thread.unref();
      // The log begins anew only at a moment when all of it is in the file. Where writing never pauses that moment
      // is made here: what came in meanwhile is little.
      if (result.log > LARGE_LOG && result.checkpointed < result.log)
        database.exec('pragma wal_checkpoint(passive)');
    },
    async close() {
      if (!thread) return;
      thread.ref();
      const ended = once(thread, 'exit');
      thread.postMessage('close');
      await ended;
    },
  };
}
