import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { type Ledger, openSqliteLedger } from '../../src/ledger/database.ts';
import type { Processor, WorkFailure } from '../../src/ledger/held.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { arm } from '../../src/ledger/work.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createBullHints } from '../../src/queue/bullmq.ts';
import { createDispatcher, type Dispatcher, type Lane } from '../../src/queue/dispatcher.ts';
import { openEmptyPostgres } from '../support/ledgers.ts';
import { postgres, redis } from '../support/needs.ts';

/** A dispatcher on a ledger: all that there are must behave the same. */
export type Variant = {
  readonly name: string;
  readonly skip: string | false;
  /** Address of Redis, for those that use it. */
  readonly redis: string | undefined;
  openLedger(): Promise<Ledger>;
};

const openSqlite = async () => openSqliteLedger(':memory:');

export const VARIANTS: readonly Variant[] = [
  { name: 'ledger on SQLite', skip: false, redis: undefined, openLedger: openSqlite },
  {
    name: 'ledger on PostgreSQL',
    skip: postgres().skip,
    redis: undefined,
    openLedger: openEmptyPostgres,
  },
  { name: 'BullMQ on SQLite', skip: redis().skip, redis: redis().url, openLedger: openSqlite },
  {
    name: 'BullMQ on PostgreSQL',
    skip: postgres().skip || redis().skip,
    redis: redis().url,
    openLedger: openEmptyPostgres,
  },
];

export type DispatchOptions = { readonly owner?: string; readonly pollMs?: number };

export type Bench = AsyncDisposable & {
  readonly ledger: Ledger;
  readonly failures: readonly WorkFailure[];
  /** Of this bench's queues in Redis. */
  readonly prefix: string;
  /** A started dispatcher, connected where there is something to connect to, and drained with the bench. */
  dispatch(lanes: readonly Lane[], options?: DispatchOptions): Promise<Dispatcher>;
  /** The same without waiting for Redis, which may be away. */
  dispatchAlone(
    lanes: readonly Lane[],
    options?: DispatchOptions,
  ): { dispatcher: Dispatcher; isUp: () => boolean };
  arm(kind: string, ...subjects: readonly string[]): Promise<void>;
  /** How often the effect of each subject was committed. */
  effects(): Promise<Readonly<Record<string, number>>>;
};

/** One ledger and one installation's name in Redis, for as many dispatchers as wanted. */
export async function openBench(variant: Variant): Promise<Bench> {
  await using stack = new AsyncDisposableStack();
  const ledger = stack.adopt(await variant.openLedger(), (open) => open.close());
  await migrate(ledger);
  const prefix = `test-${randomBytes(6).toString('hex')}`;
  const failures: WorkFailure[] = [];
  const { redis: address } = variant;
  const kept = stack.move();
  const dispatchAlone: Bench['dispatchAlone'] = (lanes, { owner = 'one', pollMs = 50 } = {}) => {
    const hints = address ? createBullHints({ address, prefix }) : undefined;
    const dispatcher = createDispatcher({
      ledger,
      lanes,
      owner,
      clock: systemClock,
      leaseMs: 10_000,
      pollMs,
      onFailure: (failure) => failures.push(failure),
      ...(hints ? { hints } : {}),
    });
    kept.defer(() => dispatcher.drain(0));
    dispatcher.start();
    return { dispatcher, isUp: () => hints?.isUp() ?? true };
  };
  return {
    ledger,
    failures,
    prefix,
    dispatchAlone,
    dispatch: async (lanes, options) => {
      const { dispatcher, isUp } = dispatchAlone(lanes, options);
      await until(isUp);
      return dispatcher;
    },
    arm: async (kind, ...subjects) => {
      for (const subject of subjects) await arm(ledger.db, kind, subject, Date.now());
    },
    effects: async () => {
      const rows = await ledger.db.selectFrom('counters').selectAll().execute();
      return Object.fromEntries(rows.map((row) => [row.name, row.value]));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Counts the subject under the lease: what a holder that lost it did does not count. */
export const countEffect: Processor = async (held) => {
  await held.transact(async (tx) => {
    await tx
      .insertInto('counters')
      .values({ name: held.lease.subject, value: 1 })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet({ value: sql<number>`counters.value + 1` }),
      )
      .execute();
  });
  return {};
};

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await systemClock.sleep(2);
}

/** `n` names, each once. */
export function subjects(n: number): readonly string[] {
  return Array.from({ length: n }, (_, index) => `subject-${index}`);
}

export function onceEach(names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name) => [name, 1]));
}
