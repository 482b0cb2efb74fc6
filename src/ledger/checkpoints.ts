import { once } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';

/** Folds the write-ahead log of the embedded ledger into its file, in a thread of its own. */
export type Checkpoints = {
  /** From now on, until `close`. `onError`: the thread failed and is gone; the log grows, nothing is lost. */
  start(onError: (error: unknown) => void): void;
  close(): Promise<void>;
};

/** What SQLite says of a checkpoint: frames in the log, and how many of them are in the file now. */
export type CheckpointResult = { readonly log: number; readonly checkpointed: number };

/** Frames of a page each: about 8 MB. */
const LARGE_LOG = 1_024;

/**
 * In the main thread a checkpoint stops everything for the time that the disk takes for all that was written since
 * the last one: measured at 100 to 200 ms under load. `database` is the main thread's own handle.
 */
export function createCheckpoints(database: DatabaseSync, file: string): Checkpoints {
  let thread: Worker | undefined;
  return {
    start(onError) {
      if (thread) return;
      thread = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), { workerData: file });
      // A process that has nothing else to do must not stay for it.
      thread.unref();
      thread.on('error', (error) => {
        thread = undefined;
        onError(error);
      });
      thread.on('message', ({ log, checkpointed }: CheckpointResult) => {
        const isFree = database.isOpen && !database.isTransaction;
        if (log > LARGE_LOG && checkpointed < log && isFree) beginAnew(database, onError);
      });
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

/**
 * The log begins anew only at a moment when all of it is in the file. Where writing never pauses that moment is made
 * here: what came in meanwhile is little.
 */
function beginAnew(database: DatabaseSync, onError: (error: unknown) => void): void {
  try {
    database.exec('pragma wal_checkpoint(passive)');
  } catch (error) {
    onError(error);
  }
}
