import assert from 'node:assert/strict';
import type { Ledger } from '../../src/ledger/database.ts';
import { createRun } from '../../src/ledger/runs.ts';
import { arm, claimOne } from '../../src/ledger/work.ts';
import { sweep } from '../../src/maintenance/janitor.ts';
import type { LifecycleRunner } from '../../src/runner/lifecycle/index.ts';
import { onEveryLedger } from '../support/ledgers.ts';

const RUN = 'r1';
const KIND = 'execution:large';

/** A runner of this host that finds traces of the run, of whichever runner it is. */
function createFinder(name: string): LifecycleRunner & { readonly removed: string[] } {
  const removed: string[] = [];
  return {
    kind: 'local',
    name,
    slots: 1,
    removed,
    execute: () => Promise.resolve(),
    remove: () => Promise.resolve({ state: 'unknown' }),
    sweep: async (isAlive) => {
      if (await isAlive(RUN)) return [];
      removed.push(RUN);
      return [{ runId: RUN, removed: {}, residuals: [] }];
    },
  };
}

/** A run of the runner `large` that has begun, with a lease of `owner` until 1_000. */
async function beginRun(ledger: Ledger, owner: string): Promise<void> {
  await ledger.transaction((tx) =>
    createRun(tx, {
      id: RUN,
      forge: 'acme',
      repository: 'acme/shop',
      pull: 1,
      commandId: 'c1',
      suite: 'testme',
      runner: 'large',
      sha: 'a'.repeat(40),
      headRef: 'topic',
      plan: { kind: 'remote', params: {}, timeoutMs: 1_000 },
      queuedAt: 1,
    }),
  );
  await arm(ledger.db, KIND, RUN, 1);
  assert.ok(await claimOne(ledger.db, KIND, RUN, { owner, now: 1, leaseMs: 999 }));
}

const kindOf = ({ runner }: { runner: string }) => `execution:${runner}`;

function pass(ledger: Ledger, runner: LifecycleRunner, now: number) {
  return sweep({ ledger, runner, kindOf, owner: 'janitor', leaseMs: 500, now: () => now });
}

onEveryLedger(
  'a run that is executed is left alone, by the janitor of its runner and of another',
  async (ledger) => {
    await beginRun(ledger, 'worker');
    for (const name of ['large', 'small']) {
      const finder = createFinder(name);
      await pass(ledger, finder, 900);
      assert.deepEqual(finder.removed, []);
    }
  },
);

onEveryLedger(
  'what a dead worker left is removed by either janitor, and its run is due again at once',
  async (ledger) => {
    await beginRun(ledger, 'dead');
    for (const name of ['small', 'large']) {
      const finder = createFinder(name);
      await pass(ledger, finder, 1_001);
      assert.deepEqual(finder.removed, [RUN]);
    }
    assert.ok(await claimOne(ledger.db, KIND, RUN, { owner: 'next', now: 1_001, leaseMs: 999 }));
  },
);

onEveryLedger('while the janitor removes, nobody can begin the run again', async (ledger) => {
  await beginRun(ledger, 'dead');
  const finder = createFinder('small');
  const claims: unknown[] = [];
  const watching: LifecycleRunner = {
    ...finder,
    sweep: async (isAlive) => {
      assert.equal(await isAlive(RUN), false);
      const claim = { owner: 'next', now: 60_000, leaseMs: 999 };
      claims.push(await claimOne(ledger.db, KIND, RUN, claim));
      return [];
    },
  };
  await pass(ledger, watching, 1_001);
  assert.deepEqual(claims, [undefined]);
});
