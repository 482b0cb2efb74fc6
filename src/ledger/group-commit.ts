import type { ControlledTransaction, Kysely } from 'kysely';
import type { Tx } from './database.ts';
import type { Schema } from './schema.ts';

type Body = (tx: Tx) => Promise<unknown>;
type Job = {
  readonly body: Body;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
};

/** So many share a commit at most: who waits for it should not wait for long. */
const MAX_GROUP = 32;

/**
 * Transactions for a database with one connection: those that wait for it share the next commit, for syncing it to
 * disk is what takes the time. They still run one after the other, each sees what those before it did, and one that
 * throws takes back its own changes only. None is told of success before the commit.
 */
export function groupTransactions(db: Kysely<Schema>) {
  const waiting: Job[] = [];
  let isRunning = false;
  const run = async () => {
    isRunning = true;
    while (waiting.length > 0) await runGroup(db, waiting.splice(0, MAX_GROUP));
    isRunning = false;
  };
  return <T>(body: (tx: Tx) => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      waiting.push({ body, resolve: resolve as Job['resolve'], reject });
      if (!isRunning) void run();
    });
}

async function runGroup(db: Kysely<Schema>, jobs: readonly Job[]): Promise<void> {
  const [first] = jobs;
  if (first && jobs.length === 1)
    return db.transaction().execute(first.body).then(first.resolve, first.reject);
  const done: (() => void)[] = [];
  try {
    const tx = await db.startTransaction().execute();
    try {
      for (const job of jobs) done.push(await runJob(tx, job));
      await tx.commit().execute();
    } catch (error) {
      // A database that gave up the transaction by itself has nothing to roll back.
      await tx
        .rollback()
        .execute()
        .catch(() => {});
      throw error;
    }
  } catch (error) {
    for (const job of jobs) job.reject(error);
    return;
  }
  for (const tell of done) tell();
}

/** Resolves with what its caller is to be told after the commit. Throws what fails the whole group. */
async function runJob(tx: ControlledTransaction<Schema>, job: Job): Promise<() => void> {
  const point = await tx.savepoint('job').execute();
  try {
    const value = await job.body(point);
    await point.releaseSavepoint('job').execute();
    return () => job.resolve(value);
  } catch (error) {
    job.reject(error);
    await point.rollbackToSavepoint('job').execute();
    return () => {};
  }
}
