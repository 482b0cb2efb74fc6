import { type ExpressionBuilder, sql } from 'kysely';
import type { Db, Ledger, Tx } from './database.ts';
import type { Schema } from './schema.ts';

/**
 * The one protocol by which anything gets done (reference/reliability §4):
 *
 *   arm      something must happen to (kind, subject) at `due_at`; in the transaction that makes it necessary
 *   claim    compare-and-set: take the lease, raise the fence, clear `due_at`
 *   hold     inside each transaction of the holder: is the fence still mine? Else `LeaseLost`
 *   release  give the lease back, with the next `due_at` if there is one
 *
 * A row is due when its time has come and nobody holds it, or when a lease ran out (its holder died).
 * Arming a row that is held is never lost: `due_at` set meanwhile survives the release.
 */
export type Lease = {
  readonly kind: string;
  readonly subject: string;
  readonly fence: number;
  /** 1 for the first try since the last success. */
  readonly attempts: number;
  /** When the lease ends, by the clock of whoever claimed. */
  readonly until: number;
  /** The previous holder never released it: it died, or was cut off. */
  readonly inherited: boolean;
};

export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** Earlier of the two when both are set. */
export async function arm(db: Db, kind: string, subject: string, dueAt: number): Promise<void> {
  await db
    .insertInto('work')
    .values({
      kind,
      subject,
      due_at: dueAt,
      owner: null,
      lease_until: null,
      dispatched_at: null,
      error: null,
    })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'subject']).doUpdateSet({
        due_at: sql<number>`case when work.due_at is null or work.due_at > cast(${dueAt} as bigint) then cast(${dueAt} as bigint) else work.due_at end`,
      }),
    )
    .execute();
}

export type ClaimOptions = {
  readonly owner: string;
  readonly now: number;
  readonly leaseMs: number;
};

type Where = ExpressionBuilder<Schema, 'work'>;

/** Due and free, or held by somebody whose lease ran out. */
export function isClaimable(eb: Where, now: number) {
  const free = eb.or([eb('lease_until', 'is', null), eb('lease_until', '<', now)]);
  return eb.or([eb.and([eb('due_at', '<=', now), free]), eb('lease_until', '<', now)]);
}

/** Up to `limit` due rows of one kind, oldest first; with `toldBefore` only those dispatched before then. */
export async function claimDue(
  ledger: Ledger,
  kind: string,
  limit: number,
  options: ClaimOptions & { readonly toldBefore?: number },
): Promise<readonly Lease[]> {
  if (limit <= 0) return [];
  const due = ledger.db
    .selectFrom('work')
    .select('subject')
    .where('kind', '=', kind)
    .where((eb) => isClaimable(eb, options.now))
    .$if(options.toldBefore !== undefined, (query) =>
      query.where('dispatched_at', '<', options.toldBefore ?? 0),
    )
    .orderBy('due_at')
    .limit(limit)
    .$if(ledger.dialect === 'postgres', (query) => query.forUpdate().skipLocked());
  return take(ledger.db, options, (eb) =>
    eb.and([eb('kind', '=', kind), eb('subject', 'in', due)]),
  );
}

/** One named row, if it is due and free. */
export async function claimOne(
  db: Db,
  kind: string,
  subject: string,
  options: ClaimOptions,
): Promise<Lease | undefined> {
  const leases = await take(db, options, (eb) =>
    eb.and([eb('kind', '=', kind), eb('subject', '=', subject), isClaimable(eb, options.now)]),
  );
  return leases[0];
}

async function take(
  db: Db,
  { owner, now, leaseMs }: ClaimOptions,
  where: (eb: Where) => ReturnType<typeof isClaimable>,
): Promise<readonly Lease[]> {
  const rows = await db
    .updateTable('work')
    .set({
      fence: sql<number>`fence + 1`,
      // A holder that died did not fail: it must not make the next pause longer.
      attempts: sql<number>`case when owner is null then attempts + 1 else attempts end`,
      owner,
      lease_until: now + leaseMs,
      due_at: null,
      dispatched_at: null,
      // Kept until release, so that the claimer learns whether the holder before it died.
      error: sql<string>`case when owner is null then error else 'inherited' end`,
    })
    .where(where)
    .returning(['kind', 'subject', 'fence', 'attempts', 'error'])
    .execute();
  return rows.map((row) => ({
    kind: row.kind,
    subject: row.subject,
    fence: row.fence,
    attempts: row.attempts,
    until: now + leaseMs,
    inherited: row.error === 'inherited',
  }));
}

/** Renews the lease and takes the row's lock for the rest of the transaction. Throws `LeaseLost`. */
export async function hold(db: Db, lease: Lease, until: number): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('work')
    .set({ lease_until: until })
    .where('kind', '=', lease.kind)
    .where('subject', '=', lease.subject)
    .where('fence', '=', lease.fence)
    .where('owner', 'is not', null)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows !== 1n)
    throw new LeaseLost(`${lease.kind} ${lease.subject}: fence ${lease.fence} is over`);
}

export type Release =
  | { readonly outcome: 'done'; readonly dueAt?: number }
  | { readonly outcome: 'failed'; readonly dueAt: number; readonly error: string };

/** Without effect when the lease was lost meanwhile. */
export async function release(db: Db | Tx, lease: Lease, result: Release): Promise<void> {
  const next = result.dueAt ?? null;
  await db
    .updateTable('work')
    .set({
      owner: null,
      lease_until: null,
      due_at: sql<
        number | null
      >`case when cast(${next} as bigint) is null then due_at when due_at is null or due_at > cast(${next} as bigint) then cast(${next} as bigint) else due_at end`,
      ...(result.outcome === 'done'
        ? { attempts: 0, error: null }
        : { error: result.error.slice(0, 500) }),
    })
    .where('kind', '=', lease.kind)
    .where('subject', '=', lease.subject)
    .where('fence', '=', lease.fence)
    .execute();
}

/** Ends the leases of holders that are known to be dead. Their rows are due at once. */
export async function endLeasesOf(db: Db, isDead: (owner: string) => boolean): Promise<number> {
  const held = await db
    .selectFrom('work')
    .select('owner')
    .distinct()
    .where('owner', 'is not', null)
    .execute();
  const dead = held.flatMap(({ owner }) => (owner !== null && isDead(owner) ? [owner] : []));
  if (dead.length === 0) return 0;
  const { numUpdatedRows } = await db
    .updateTable('work')
    .set({ lease_until: 0 })
    .where('owner', 'in', dead)
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

/**
 * When the next row of each of these kinds becomes due; a kind of which nothing will is missing. Takes nothing.
 * Each number is the first entry of an index: rows of work that is done stay, and must not be gone through.
 */
export async function nextDue(
  db: Db,
  kinds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const wanted = sql.join(kinds.map((kind) => sql`(${kind})`));
  const { rows } = await sql<{ kind: string; free: number | null; leased: number | null }>`
    with wanted (kind) as (values ${wanted})
    select kind,
      (select min(due_at) from work
        where work.kind = wanted.kind and due_at is not null and lease_until is null) as free,
      (select min(lease_until) from work
        where work.kind = wanted.kind and lease_until is not null) as leased
    from wanted`.execute(db);
  return new Map(
    rows.flatMap(({ kind, free, leased }) => {
      const at = Math.min(free ?? Infinity, leased ?? Infinity);
      return at === Infinity ? [] : [[kind, at] as const];
    }),
  );
}

/** When the next row of these kinds becomes due, or undefined. */
export async function nextDueAt(db: Db, kinds: readonly string[]): Promise<number | undefined> {
  const next = [...(await nextDue(db, kinds)).values()];
  return next.length > 0 ? Math.min(...next) : undefined;
}
