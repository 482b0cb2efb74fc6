import type { Selectable } from 'kysely';
import type { Db, Tx } from './database.ts';
import type { DeliveryTable } from './schema.ts';

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
    .limit(filter.limit)
    .execute();
}

/** Unfinished work of the intake: deliveries and commands that are accepted and not yet decided. */
export async function countUnfinished(db: Db): Promise<number> {
  const count = (kind: string) =>
    db
      .selectFrom('work')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .where('kind', '=', kind)
      .where((eb) => eb.or([eb('due_at', 'is not', null), eb('lease_until', 'is not', null)]))
      .executeTakeFirstOrThrow();
  const [deliveries, commands] = await Promise.all([count('delivery'), count('command')]);
  return Number(deliveries.n) + Number(commands.n);
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
