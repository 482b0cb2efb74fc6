import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Db, Ledger, Tx } from './database.ts';
import { literal } from './literal.ts';

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
 *
 * Written as SQL, not with the query builder: each piece of work goes through here several times, and building a
 * statement of this kind takes longer than SQLite takes to run it.
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
  await sql`
    insert into work (kind, subject, due_at) values (${kind}, ${subject}, ${dueAt})
    on conflict (kind, subject) do update set due_at = case
      when work.due_at is null or work.due_at > excluded.due_at then excluded.due_at
      else work.due_at end`.execute(db);
}

/** What waits for its time, of these kinds, is due now. */
export async function armWaiting(db: Db, kinds: readonly string[], now: number): Promise<void> {
  await db
    .updateTable('work')
    .set({ due_at: now })
    .where('kind', 'in', kinds)
    .where('due_at', '>', now)
    .execute();
}

export type ClaimOptions = {
  readonly owner: string;
  readonly now: number;
  readonly leaseMs: number;
};

/** Due and free, or held by somebody whose lease ran out. */
export function isClaimable(now: number): RawBuilder<SqlBool> {
  return sql`((due_at <= ${now} and (lease_until is null or lease_until < ${now})) or lease_until < ${now})`;
}

/** Up to `limit` due rows of one kind, oldest first; with `toldBefore` only those dispatched before then. */
export async function claimDue(
  ledger: Ledger,
  kind: string,
  limit: number,
  options: ClaimOptions & { readonly toldBefore?: number },
): Promise<readonly Lease[]> {
  if (limit <= 0) return [];
  const { now, toldBefore } = options;
  const told = toldBefore === undefined ? sql`` : sql`and dispatched_at < ${toldBefore}`;
  const lock = ledger.dialect === 'postgres' ? sql`for update skip locked` : sql``;
  return take(
    ledger.db,
    options,
    sql`kind = ${kind} and subject in (select subject from work
      where kind = ${kind} and ${isClaimable(now)} ${told}
      order by due_at limit ${literal(limit)} ${lock})`,
  );
}

/** One named row, if it is due and free. */
export async function claimOne(
  db: Db,
  kind: string,
  subject: string,
  options: ClaimOptions,
): Promise<Lease | undefined> {
  const leases = await take(
    db,
    options,
    sql`kind = ${kind} and subject = ${subject} and ${isClaimable(options.now)}`,
  );
  return leases[0];
}

/**
 * A holder that died did not fail: it must not make the next pause longer. The mark that it leaves in `error` stays
 * until release, so that the claimer learns of it.
 */
async function take(
  db: Db,
  { owner, now, leaseMs }: ClaimOptions,
  where: RawBuilder<unknown>,
): Promise<readonly Lease[]> {
  const until = now + leaseMs;
  const { rows } = await sql<Taken>`
    update work set
      fence = fence + 1,
      attempts = case when owner is null then attempts + 1 else attempts end,
      owner = ${owner}, lease_until = ${until}, due_at = null, dispatched_at = null,
      error = case when owner is null then error else 'inherited' end
    where ${where}
    returning kind, subject, fence, attempts, error`.execute(db);
  return rows.map(({ error, ...row }) => ({ ...row, until, inherited: error === 'inherited' }));
}

type Taken = Pick<Lease, 'kind' | 'subject' | 'fence' | 'attempts'> & { readonly error: string };

/** Renews the lease and takes the row's lock for the rest of the transaction. Throws `LeaseLost`. */
export async function hold(db: Db, lease: Lease, until: number): Promise<void> {
  const { kind, subject, fence } = lease;
  const { numAffectedRows } = await sql`
    update work set lease_until = ${until}
    where kind = ${kind} and subject = ${subject} and fence = ${fence} and owner is not null`.execute(
    db,
  );
  if (numAffectedRows !== 1n) throw new LeaseLost(`${kind} ${subject}: fence ${fence} is over`);
}

export type Release =
  | { readonly outcome: 'done'; readonly dueAt?: number }
  | { readonly outcome: 'failed'; readonly dueAt: number; readonly error: string };

/** Without effect when the lease was lost meanwhile. */
export async function release(db: Db | Tx, lease: Lease, result: Release): Promise<void> {
  const { kind, subject, fence } = lease;
  const next = sql`cast(${result.dueAt ?? null} as bigint)`;
  const outcome =
    result.outcome === 'done'
      ? sql`attempts = 0, error = null`
      : sql`error = ${result.error.slice(0, 500)}`;
  await sql`
    update work set owner = null, lease_until = null, ${outcome},
      due_at = case when due_at is null or due_at > ${next} then coalesce(${next}, due_at)
        else due_at end
    where kind = ${kind} and subject = ${subject} and fence = ${fence}`.execute(db);
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

/** Of one kind of work: is there something to claim, and when will there be more? `Infinity`: nothing is planned. */
export type Due = { readonly isDue: boolean; readonly later: number };

/**
 * What is due of each of these kinds, and what will be. Takes nothing. Each answer is the first entry of an index:
 * rows of work that is done stay, and must not be gone through.
 */
export async function whatIsDue(
  db: Db,
  kinds: readonly string[],
  now: number,
): Promise<ReadonlyMap<string, Due>> {
  const wanted = sql.join(kinds.map((kind) => sql`(${kind})`));
  const { rows } = await sql<DueRow>`
    with wanted (kind) as (values ${wanted})
    select kind,
      exists (select 1 from work
        where work.kind = wanted.kind and due_at <= ${now} and lease_until is null) as is_due,
      (select min(due_at) from work
        where work.kind = wanted.kind and due_at > ${now} and lease_until is null) as free,
      (select min(lease_until) from work
        where work.kind = wanted.kind and lease_until is not null) as leased
    from wanted`.execute(db);
  return new Map(
    rows.map(({ kind, is_due: isDue, free, leased }) => {
      // The first lease that runs out; those after it are seen once it was taken over.
      const until = leased ?? Infinity;
      const later = Math.min(free ?? Infinity, until);
      return [kind, { isDue: Boolean(isDue) || until < now, later }] as const;
    }),
  );
}

type DueRow = {
  readonly kind: string;
  /** SQLite knows no booleans. */
  readonly is_due: boolean | number;
  readonly free: number | null;
  readonly leased: number | null;
};

/** When the next row of these kinds becomes due, or undefined. */
export async function nextDueAt(db: Db, kinds: readonly string[]): Promise<number | undefined> {
  // Before all time everything is still to come.
  const due = await whatIsDue(db, kinds, -1);
  const next = Math.min(...[...due.values()].map(({ later }) => later));
  return next === Infinity ? undefined : next;
}
