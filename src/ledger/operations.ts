import type { Db } from './database.ts';

/** One line of the append-only log: what happened to what, from where, by whom. */
export type Operation = {
  readonly at: number;
  /** `run:<id>`, `command:<id>`, `delivery:<id>` */
  readonly subject: string;
  readonly what: string;
  readonly source:
    | 'comment'
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

export async function recordOperation(db: Db, operation: Operation): Promise<void> {
  await db
    .insertInto('operations')
    .values({
      at: operation.at,
      subject: operation.subject,
      what: operation.what,
      source: operation.source,
      actor: operation.actor ?? null,
      outcome: operation.outcome,
      fence: operation.fence ?? null,
      detail: operation.detail ?? null,
    })
    .execute();
}

export async function operationsOf(db: Db, subject: string) {
  return db
    .selectFrom('operations')
    .selectAll()
    .where('subject', '=', subject)
    .orderBy('id')
    .execute();
}
