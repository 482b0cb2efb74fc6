import assert from 'node:assert/strict';
import type { Ledger } from '../../src/ledger/database.ts';
import { operationsOf } from '../../src/ledger/operations.ts';
import {
  advanceRun,
  createRun,
  IllegalTransition,
  listRuns,
  loadRun,
  type NewRun,
} from '../../src/ledger/runs.ts';
import { nextDueAt } from '../../src/ledger/work.ts';
import { onEveryLedger } from '../support/ledgers.ts';

const newRun = (id: string, commandId = `c-${id}`): NewRun => ({
  id,
  forge: 'acme',
  repository: 'acme/shop',
  pull: 1,
  commandId,
  suite: 'testme',
  runner: 'drone',
  sha: 'a'.repeat(40),
  headRef: 'topic',
  plan: { kind: 'remote', params: {}, timeoutMs: 1_000 },
  queuedAt: 1,
});

const create = (ledger: Ledger, run: NewRun) => ledger.transaction((tx) => createRun(tx, run));
const by = { at: 9, source: 'worker' as const, fence: 4 };

onEveryLedger('a run reads back as it was written', async (ledger) => {
  const made = await create(ledger, newRun('r1'));
  assert.equal(made.number, 1);
  assert.deepEqual(await loadRun(ledger.db, 'r1'), made);
  const remote = { id: '17', url: 'https://drone.example.org/acme/shop/17' };
  const stages = [{ name: 'clone', state: 'running' as const, startedAt: 8 }];
  const started = await ledger.transaction((tx) =>
    advanceRun(tx, 'r1', { kind: 'started', at: 9, stages, remote }, by),
  );
  assert.deepEqual(await loadRun(ledger.db, 'r1'), started);
  assert.equal(started.rev, 2);
});

onEveryLedger('one command has one run per suite, however often it is made', async (ledger) => {
  const first = await create(ledger, newRun('r1', 'c1'));
  const again = await create(ledger, newRun('r2', 'c1'));
  assert.equal(again.id, first.id);
  assert.equal((await listRuns(ledger.db, {})).length, 1);
});

onEveryLedger('runs made at the same time get different numbers', async (ledger) => {
  const ids = Array.from({ length: 12 }, (_, n) => `r${n}`);
  const runs = await Promise.all(ids.map((id) => create(ledger, newRun(id))));
  assert.deepEqual(
    runs.map((run) => run.number).sort((a, b) => a - b),
    ids.map((_, n) => n + 1),
  );
});

onEveryLedger(
  'every change writes its operation and wakes the report of the command',
  async (ledger) => {
    await create(ledger, newRun('r1', 'c1'));
    await ledger.transaction((tx) =>
      advanceRun(tx, 'r1', { kind: 'started', at: 9, stages: [] }, by),
    );
    const [operation] = await operationsOf(ledger.db, 'run:r1');
    assert.equal(operation?.what, 'started');
    assert.equal(operation?.outcome, 'queued → running rev 2');
    assert.equal(operation?.fence, 4);
    assert.equal(await nextDueAt(ledger.db, ['report:acme']), 9);
  },
);

onEveryLedger('what must never happen is refused and changes nothing', async (ledger) => {
  const made = await create(ledger, newRun('r1'));
  const cleanliness = { state: 'not_needed' as const };
  await assert.rejects(
    ledger.transaction((tx) => advanceRun(tx, 'r1', { kind: 'torn-down', at: 9, cleanliness }, by)),
    IllegalTransition,
  );
  assert.deepEqual(await loadRun(ledger.db, 'r1'), made);
});

onEveryLedger(
  'facts that arrive at the same time are all applied, one after the other',
  async (ledger) => {
    await create(ledger, newRun('r1'));
    await ledger.transaction((tx) =>
      advanceRun(tx, 'r1', { kind: 'started', at: 9, stages: [] }, by),
    );
    const stages = Array.from({ length: 6 }, (_, n) => ({
      name: `s${n}`,
      state: 'passed' as const,
    }));
    await Promise.all(
      stages.map((stage) =>
        ledger.transaction((tx) => advanceRun(tx, 'r1', { kind: 'stage-changed', stage }, by)),
      ),
    );
    const run = await loadRun(ledger.db, 'r1');
    assert.equal(run.stages.length, 6);
    assert.equal(run.rev, 8);
  },
);
