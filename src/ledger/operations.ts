import { sql } from 'kysely';
import type { Db, Ledger, Tx } from './database.ts';

/** One line of the append-only log: what happened to what, from where, by whom. */
export type Operation = {
  readonly at: number;
  /** `run:<id>`, `command:<id>`, `delivery:<id>` */
  readonly subject: string;
  readonly what: string;
  readonly source:
    | 'comment'
    | 'button'
    | 'chat'
    | 'cli'
    | 'api'
    | 'schedule'
    | 'reconcile'
    | 'worker'
    | 'webhook';
  readonly actor?: string;
  readonly outcome: string;
  readonly fence?: number;
  readonly detail?: string;
};

/** What a transaction has recorded so far. */
const recordedIn = new WeakMap<Tx, Operation[]>();

export async function recordOperation(tx: Tx, operation: Operation): Promise<void> {
  recordedIn.get(tx)?.push(operation);
  const { at, subject, what, source, actor, outcome, fence, detail } = operation;
  await sql`
    insert into operations (at, subject, what, source, actor, outcome, fence, detail)
    values (${at}, ${subject}, ${what}, ${source}, ${actor ?? null}, ${outcome}, ${fence ?? null},
      ${detail ?? null})`.execute(tx);
}

/** The same ledger; `tell` hears of each operation of this process once it is committed. */
export function tellOperations(ledger: Ledger, tell: (operation: Operation) => void): Ledger {
  return {
    ...ledger,
    transaction: async (body) => {
      const operations: Operation[] = [];
      const result = await ledger.transaction((tx) => {
        recordedIn.set(tx, operations);
        return body(tx);
      });
      operations.forEach(tell);
      return result;
    },
  };
}

export async function operationsOf(db: Db, subject: string) {
  return db
    .selectFrom('operations')
    .selectAll()
    .where('subject', '=', subject)
    .orderBy('id')
    .execute();
}
