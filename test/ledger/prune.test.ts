import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listDeliveries } from '../../src/ledger/deliveries.ts';
import { createInbox } from '../../src/ledger/inbox.ts';
import { createIds } from '../../src/lib/ids.ts';
import { createLogStore } from '../../src/lib/log-store.ts';
import { prune } from '../../src/maintenance/prune.ts';
import { onEveryLedger } from '../support/ledgers.ts';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 21);

onEveryLedger('what is old and done goes, what is new or not yet done stays', async (ledger) => {
  const directory = await mkdtemp(join(tmpdir(), 'signalbox-prune-'));
  const logs = createLogStore({ directory: join(directory, 'runs'), now: () => NOW });
  const inbox = createInbox(ledger, { maxWaiting: 1_000, onRecorded: () => {} });
  const keep = async (key: string, ageDays: number) => {
    const receivedAt = NOW - ageDays * DAY_MS;
    const id = createIds(() => receivedAt)();
    await inbox.record({
      id,
      forge: 'acme',
      source: 'webhook',
      dedupeKey: key,
      event: 'comment-created',
      repository: 'demo/shop',
      receivedAt,
      headersJson: '{}',
      body: Buffer.from('{}'),
      factJson: '{}',
    });
    return id;
  };
  for (let n = 0; n < 450; n += 1) await keep(`old ${n}`, 91 + n / 1_000);
  const pending = await keep('pending', 200);
  await keep('young', 89);
  await ledger.db
    .updateTable('deliveries')
    .set({ outcome: 'accepted' })
    .where('id', '!=', pending)
    .execute();
  const [oldRun, youngRun] = [91, 89].map((days) => createIds(() => NOW - days * DAY_MS)());
  for (const id of [oldRun, youngRun, 'not-a-run']) await logs.open(String(id));

  const before = NOW - 90 * DAY_MS;
  assert.deepEqual(await prune({ ledger, logs, before }), { deliveries: 450, runs: 1 });
  const left = await listDeliveries(ledger.db, { limit: 500 });
  assert.deepEqual(left.map((row) => row.dedupe_key).toSorted(), ['pending', 'young']);
  const work = await ledger.db.selectFrom('work').select('subject').execute();
  assert.equal(work.length, 2, 'the work goes with its delivery');
  assert.deepEqual((await logs.list()).toSorted(), [String(youngRun), 'not-a-run'].toSorted());
  assert.deepEqual(await prune({ ledger, logs, before }), { deliveries: 0, runs: 0 });
  await rm(directory, { recursive: true });
});
