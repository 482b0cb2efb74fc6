import assert from 'node:assert/strict';
import { listDeliveries } from '../../src/ledger/deliveries.ts';
import { createInbox, type NewDelivery } from '../../src/ledger/inbox.ts';
import { claimDue } from '../../src/ledger/work.ts';
import { onEveryLedger } from '../support/ledgers.ts';

const delivery = (n: number, key = `k${n}`): NewDelivery => ({
  id: `d${String(n).padStart(4, '0')}`,
  forge: 'acme',
  source: 'webhook',
  dedupeKey: key,
  event: 'comment-created',
  repository: n % 2 ? 'acme/shop' : undefined,
  receivedAt: n,
  headersJson: '{"x":"é"}',
  body: Buffer.from([0, 1, 255, n % 256]),
  factJson: '{}',
});

onEveryLedger('what was accepted is there, whole, with its work', async (ledger) => {
  let flushed = 0;
  const inbox = createInbox(ledger, { maxWaiting: 1_000, onRecorded: () => (flushed += 1) });
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, (_, n) => inbox.record(delivery(n))),
  );
  assert.ok(outcomes.every((outcome) => outcome === 'accepted'));
  assert.ok(flushed >= 1 && flushed < 200, 'requests that wait share a commit');
  assert.equal((await listDeliveries(ledger.db, { limit: 500 })).length, 200);
  const bodies = await ledger.db
    .selectFrom('deliveries')
    .select(['id', 'body', 'headers_json'])
    .orderBy('id')
    .execute();
  assert.deepEqual([...(bodies[7]?.body ?? [])], [0, 1, 255, 7]);
  assert.equal(bodies[7]?.headers_json, '{"x":"é"}');
  const work = await claimDue(ledger, 'delivery', 500, { owner: 'me', now: 1_000, leaseMs: 10 });
  assert.equal(work.length, 200);
});

onEveryLedger('the same delivery twice is one row, in one batch and in two', async (ledger) => {
  const inbox = createInbox(ledger, { maxWaiting: 1_000, onRecorded: () => {} });
  const [first, second] = await Promise.all([
    inbox.record(delivery(1, 'same')),
    inbox.record(delivery(2, 'same')),
  ]);
  assert.deepEqual([first, second], ['accepted', 'duplicate']);
  assert.equal(await inbox.record(delivery(3, 'same')), 'duplicate');
  assert.equal((await listDeliveries(ledger.db, { limit: 10 })).length, 1);
});

onEveryLedger('past its bound the inbox refuses instead of hoarding', async (ledger) => {
  const inbox = createInbox(ledger, { maxWaiting: 5, onRecorded: () => {} });
  const results = await Promise.allSettled(
    Array.from({ length: 9 }, (_, n) => inbox.record(delivery(n))),
  );
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 5);
  assert.equal((await listDeliveries(ledger.db, { limit: 10 })).length, 5);
  assert.equal(await inbox.record(delivery(50)), 'accepted');
});

onEveryLedger(
  'when the ledger refuses, everyone who waits is told and nobody is answered',
  async (ledger) => {
    const inbox = createInbox(ledger, { maxWaiting: 100, onRecorded: () => {} });
    await ledger.db.schema.alterTable('deliveries').renameTo('elsewhere').execute();
    const results = await Promise.allSettled([
      inbox.record(delivery(1)),
      inbox.record(delivery(2)),
    ]);
    assert.deepEqual(
      results.map((result) => result.status),
      ['rejected', 'rejected'],
    );
    await ledger.db.schema.alterTable('elsewhere').renameTo('deliveries').execute();
    assert.equal(await inbox.record(delivery(1)), 'accepted');
  },
);
