import { sql } from 'kysely';
import type { Ledger } from './database.ts';
import { literal } from './literal.ts';
import { isClaimable } from './work.ts';

/** Work that somebody should be told of; `dispatchNo` tells this telling from every other. */
export type Hint = { readonly kind: string; readonly subject: string; readonly dispatchNo: number };

/**
 * Up to `limit` due rows that nobody was told of since they were last claimed, oldest first; they count as told
 * from now on. Several processes may ask at the same time.
 */
export async function pickUndispatched(
  ledger: Ledger,
  kinds: readonly string[],
  options: { readonly now: number; readonly limit: number },
): Promise<readonly Hint[]> {
  const due = ledger.db
    .selectFrom('work')
    .select(['kind', 'subject'])
    .where('kind', 'in', kinds)
    .where(isClaimable(options.now))
    .where((eb) =>
      eb.or([eb('dispatched_at', 'is', null), eb('dispatched_at', '<', eb.ref('due_at'))]),
    )
    .orderBy('due_at')
    .limit(literal(options.limit))
    .$if(ledger.dialect === 'postgres', (query) => query.forUpdate().skipLocked());
  const rows = await ledger.db
    .updateTable('work')
    .set({ dispatched_at: options.now, dispatch_no: sql<number>`dispatch_no + 1` })
    .where((eb) => eb(eb.refTuple('kind', 'subject'), 'in', due.$asTuple('kind', 'subject')))
    .returning(['kind', 'subject', 'dispatch_no'])
    .execute();
  return rows.map((row) => ({
    kind: row.kind,
    subject: row.subject,
    dispatchNo: row.dispatch_no,
  }));
}

/** When the next row of these kinds is due of which nobody was told, or undefined. */
export async function nextUndispatchedAt(
  ledger: Ledger,
  kinds: readonly string[],
): Promise<number | undefined> {
  const row = await ledger.db
    .selectFrom('work')
    .select(sql<number | null>`min(coalesce(lease_until, due_at))`.as('at'))
    .where('kind', 'in', kinds)
    .where((eb) => eb.or([eb('due_at', 'is not', null), eb('lease_until', 'is not', null)]))
    .where((eb) =>
      eb.or([eb('dispatched_at', 'is', null), eb('dispatched_at', '<', eb.ref('due_at'))]),
    )
    .executeTakeFirst();
  return row?.at ?? undefined;
}
