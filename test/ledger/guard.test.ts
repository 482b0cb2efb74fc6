import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSqliteLedger } from '../../src/ledger/database.ts';
import { type Held, runLeased, SENDING_MS, sendingGuard } from '../../src/ledger/held.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { arm, claimOne } from '../../src/ledger/work.ts';

const LEASE_MS = 15_000;

/** Gives `body` a held piece of work and a clock whose two faces it may turn. */
async function withHeld(body: (held: Held, time: Time) => void): Promise<void> {
  const ledger = openSqliteLedger(':memory:');
  await migrate(ledger);
  const time: Time = { wall: 1_000_000, steady: 0 };
  const clock = {
    now: () => time.wall,
    steady: () => time.steady,
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('over')), { once: true });
      }),
  };
  await arm(ledger.db, 'run', 'r1', time.wall);
  const claim = { owner: 'one', now: time.wall, leaseMs: LEASE_MS };
  const lease = await claimOne(ledger.db, 'run', 'r1', claim);
  assert.ok(lease);
  let failed: Error | undefined;
  const processor = async (held: Held) => {
    try {
      body(held, time);
    } catch (error) {
      failed = error instanceof Error ? error : new Error(String(error));
    }
    return {};
  };
  const signal = new AbortController().signal;
  await runLeased(lease, processor, {
    ledger,
    clock,
    leaseMs: LEASE_MS,
    onFailure: () => {},
    signal,
  });
  await ledger.close();
  if (failed !== undefined) throw failed;
}

type Time = { wall: number; steady: number };

test('who was stopped for longer than the lease does not act, though the clock was set back meanwhile', async () => {
  await withHeld((held, time) => {
    held.guard();
    time.steady += 2 * LEASE_MS;
    time.wall -= 60_000;
    assert.throws(held.guard, { name: 'LeaseLost' });
  });
});

test('who slept with the whole machine does not act, though its steady clock stood still', async () => {
  await withHeld((held, time) => {
    time.wall += 2 * LEASE_MS;
    assert.throws(held.guard, { name: 'LeaseLost' });
  });
});

test('what must not happen twice leaves soon after its intent or not at all', () => {
  const time = { wall: 5_000, steady: 0 };
  const clock = { now: () => time.wall, steady: () => time.steady, sleep: async () => {} };
  const held = { guard: () => {} } as Held;
  const guard = sendingGuard(held, clock, time.wall);
  time.wall += SENDING_MS;
  guard();
  time.steady += SENDING_MS + 1;
  assert.throws(guard, /too long to leave/);
});
