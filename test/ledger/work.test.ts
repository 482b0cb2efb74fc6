import assert from 'node:assert/strict';
import type { Ledger } from '../../src/ledger/database.ts';
import {
  arm,
  claimDue,
  claimOne,
  endLeasesOf,
  hold,
  LeaseLost,
  nextDueAt,
  release,
} from '../../src/ledger/work.ts';
import { onEveryLedger } from '../support/ledgers.ts';

const by = (owner: string, now: number) => ({ owner, now, leaseMs: 1_000 });

async function claim(ledger: Ledger, owner: string, now: number) {
  const lease = await claimOne(ledger.db, 'run', 'a', by(owner, now));
  assert.ok(lease);
  return lease;
}

onEveryLedger('of two workers that claim the same work one gets it', async (ledger) => {
  await arm(ledger.db, 'run', 'a', 10);
  const claims = await Promise.all(
    ['one', 'two', 'three'].map((owner) => claimOne(ledger.db, 'run', 'a', by(owner, 20))),
  );
  assert.equal(claims.filter(Boolean).length, 1);
});

onEveryLedger('work is not claimed before it is due', async (ledger) => {
  await arm(ledger.db, 'run', 'a', 100);
  assert.equal(await claimOne(ledger.db, 'run', 'a', by('one', 99)), undefined);
  assert.ok(await claimOne(ledger.db, 'run', 'a', by('one', 100)));
});

onEveryLedger('arming work that is held is not lost by its release', async (ledger) => {
  await arm(ledger.db, 'run', 'a', 10);
  const lease = await claim(ledger, 'one', 20);
  await arm(ledger.db, 'run', 'a', 25);
  await release(ledger.db, lease, { outcome: 'done' });
  assert.equal(await nextDueAt(ledger.db, ['run']), 25);
});

onEveryLedger('the earlier of two due times wins', async (ledger) => {
  await arm(ledger.db, 'run', 'a', 50);
  await arm(ledger.db, 'run', 'a', 90);
  assert.equal(await nextDueAt(ledger.db, ['run']), 50);
  await arm(ledger.db, 'run', 'a', 30);
  assert.equal(await nextDueAt(ledger.db, ['run']), 30);
  const lease = await claim(ledger, 'one', 40);
  await arm(ledger.db, 'run', 'a', 70);
  await release(ledger.db, lease, { outcome: 'done', dueAt: 60 });
  assert.equal(await nextDueAt(ledger.db, ['run']), 60);
});

onEveryLedger(
  'a holder whose lease ran out is replaced under a higher fence and can no longer commit',
  async (ledger) => {
    await arm(ledger.db, 'run', 'a', 10);
    const dead = await claim(ledger, 'dead', 20);
    assert.equal(await claimOne(ledger.db, 'run', 'a', by('next', 1_020)), undefined);
    const next = await claim(ledger, 'next', 1_021);
    assert.ok(next.fence > dead.fence);
    assert.equal(next.inherited, true);
    await assert.rejects(
      ledger.transaction((tx) => hold(tx, dead, 5_000)),
      LeaseLost,
    );
    await release(ledger.db, dead, { outcome: 'done', dueAt: 1 });
    await ledger.transaction((tx) => hold(tx, next, 5_000));
  },
);

onEveryLedger('a lease that was given back cannot be held again', async (ledger) => {
  await arm(ledger.db, 'run', 'a', 10);
  const lease = await claim(ledger, 'one', 20);
  await release(ledger.db, lease, { outcome: 'done' });
  await assert.rejects(
    ledger.transaction((tx) => hold(tx, lease, 99)),
    LeaseLost,
  );
});

onEveryLedger('failures are counted until the next success', async (ledger) => {
  await arm(ledger.db, 'run', 'a', 10);
  for (const attempts of [1, 2, 3]) {
    const lease = await claim(ledger, 'one', 20);
    assert.equal(lease.attempts, attempts);
    assert.equal(lease.inherited, false);
    await release(ledger.db, lease, { outcome: 'failed', dueAt: 15, error: 'forge away' });
  }
  await release(ledger.db, await claim(ledger, 'one', 20), { outcome: 'done', dueAt: 20 });
  assert.equal((await claim(ledger, 'one', 20)).attempts, 1);
});

onEveryLedger(
  'the leases of dead owners end at once, those of the living do not',
  async (ledger) => {
    await arm(ledger.db, 'run', 'a', 10);
    await arm(ledger.db, 'run', 'b', 10);
    await claimOne(ledger.db, 'run', 'a', by('dead', 20));
    await claimOne(ledger.db, 'run', 'b', by('alive', 20));
    assert.equal(await endLeasesOf(ledger.db, (owner) => owner === 'dead'), 1);
    const due = await claimDue(ledger, 'run', 10, by('next', 21));
    assert.deepEqual(
      due.map((lease) => lease.subject),
      ['a'],
    );
  },
);

onEveryLedger('many claimers share the due work without doubles', async (ledger) => {
  for (let n = 0; n < 60; n += 1) await arm(ledger.db, 'run', `r${n}`, n);
  const batches = await Promise.all(
    Array.from({ length: 8 }, (_, n) => claimDue(ledger, 'run', 10, by(`w${n}`, 100))),
  );
  const subjects = batches.flat().map((lease) => lease.subject);
  assert.equal(new Set(subjects).size, subjects.length);
  const rest = await claimDue(ledger, 'run', 100, by('last', 100));
  assert.equal(subjects.length + rest.length, 60);
});

onEveryLedger(
  'a holder that dies again and again is no failure, so that the pauses do not grow',
  async (ledger) => {
    await arm(ledger.db, 'run', 'a', 10);
    for (let now = 20; now < 8_000; now += 1_100) {
      assert.equal((await claim(ledger, 'mortal', now)).attempts, 1);
    }
  },
);
