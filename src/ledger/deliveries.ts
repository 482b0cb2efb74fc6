import { type Selectable, sql } from 'kysely';
import type { Db, Ledger, Tx } from './database.ts';
import { literal } from './literal.ts';
import type { DeliveryTable } from './schema.ts';
import { arm } from './work.ts';

export type Delivery = Omit<Selectable<DeliveryTable>, 'body' | 'headers_json'>;

const LISTED = [
  'id',
  'forge',
  'source',
  'dedupe_key',
  'event',
  'repository',
  'received_at',
  'fact_json',
  'outcome',
  'reason',
] as const;

export async function loadDelivery(db: Db, id: string): Promise<Delivery> {
  return db.selectFrom('deliveries').select(LISTED).where('id', '=', id).executeTakeFirstOrThrow();
}

export async function recordOutcome(
  tx: Tx,
  id: string,
  outcome: 'accepted' | 'ignored' | 'failed',
  reason: string | null,
): Promise<void> {
  await tx.updateTable('deliveries').set({ outcome, reason }).where('id', '=', id).execute();
}

/**
 * Forgets up to `limit` of the oldest deliveries that came before `before` (ms) and were dealt with. A comment whose
 * delivery is forgotten is still known by its commands. Returns how many it were.
 */
export async function forgetDeliveries(
  ledger: Ledger,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<number> {
  // Ids sort by time: this goes through no more of the table than it forgets.
  const oldest = await ledger.db
    .selectFrom('deliveries')
    .select(['id', 'received_at'])
    .where('outcome', '!=', 'pending')
    .orderBy('id')
    .limit(literal(limit))
    .execute();
  const ids = oldest.filter((row) => row.received_at < before).map((row) => row.id);
  if (ids.length === 0) return 0;
  await ledger.transaction(async (tx) => {
    await tx
      .deleteFrom('work')
      .where('kind', '=', 'delivery')
      .where('subject', 'in', ids)
      .execute();
    await tx.deleteFrom('deliveries').where('id', 'in', ids).execute();
  });
  return ids.length;
}

/** The dedupe key of the news that a comment was deleted. */
export function deletionKey(commentId: string): string {
  return `comment-deleted:${commentId}`;
}

/**
 * Makes edits of a comment that came before the comment itself be read again: webhooks overtake each other, and an
 * edit of an unknown comment is no command.
 */
export async function rereadEdits(
  tx: Tx,
  comment: { readonly forge: string; readonly id: string },
  at: number,
): Promise<void> {
  const rows = await tx
    .selectFrom('deliveries')
    .select('id')
    .where('forge', '=', comment.forge)
    .where('event', '=', 'comment-edited')
    .where('dedupe_key', 'like', sql<string>`'comment:' || ${comment.id} || ':%'`)
    .execute();
  for (const { id } of rows) await arm(tx, 'delivery', id, at);
}

/** Whether a delivery with this dedupe key was taken in. */
export async function wasTaken(db: Db, forge: string, dedupeKey: string): Promise<boolean> {
  const row = await db
    .selectFrom('deliveries')
    .select('id')
    .where('forge', '=', forge)
    .where('dedupe_key', '=', dedupeKey)
    .executeTakeFirst();
  return row !== undefined;
}

/** Newest first; `before` is a delivery id. */
export async function listDeliveries(
  db: Db,
  filter: { before?: string; limit: number },
): Promise<readonly Delivery[]> {
  return db
    .selectFrom('deliveries')
    .select(LISTED)
    .$if(filter.before !== undefined, (query) => query.where('id', '<', filter.before ?? ''))
    .orderBy('id', 'desc')
    .limit(literal(filter.limit))
    .execute();
}

/** Unfinished work of the intake: deliveries and commands that are accepted and not yet decided. */
export async function countUnfinished(db: Db): Promise<number> {
  const ofKinds = db
    .selectFrom('work')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('kind', 'in', ['delivery', 'command']);
  // Two questions, each answered from one index: the rows of work that is done are not gone through.
  const due = await ofKinds.where('due_at', 'is not', null).executeTakeFirstOrThrow();
  const leased = await ofKinds
    .where('lease_until', 'is not', null)
    .where('due_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(due.n) + Number(leased.n);
}

/** What concerns nobody is counted, not kept. Deltas by `forge:reason`. */
export async function addToCounters(db: Db, deltas: ReadonlyMap<string, number>): Promise<void> {
  for (const [name, value] of deltas) {
    await db
      .insertInto('counters')
      .values({ name, value })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet((eb) => ({ value: eb('counters.value', '+', value) })),
      )
      .execute();
  }
}

export async function readCounters(db: Db): Promise<ReadonlyMap<string, number>> {
  const rows = await db.selectFrom('counters').selectAll().execute();
  return new Map(rows.map((row) => [row.name, row.value]));
}
