import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { RunEvent } from '../../src/domain/run-machine.ts';
import { Interrupted } from '../../src/runner/lifecycle/index.ts';
import { ownedProcesses, scanProcesses } from '../../src/runner/lifecycle/processes.ts';
import {
  APP_LAYER,
  createLab,
  createLedger,
  createRecipe,
  createRun,
  execute,
  type Lab,
  statesOf,
} from './lifecycle-support.ts';

function prepareRun(t: TestContext) {
  const lab = createLab(t);
  const { url, shas } = lab.repository([
    { layers: [APP_LAYER], files: {}, tag: '1.0.0' },
    { files: { 'head.txt': 'head' } },
  ]);
  const hang = [{ name: 'hang', run: ['sleep', '86396'], timeoutMs: 60_000 }];
  const recipe = createRecipe({
    build: [['true']],
    stages: { expectedNa: {}, custom: hang },
  });
  return { lab, url, run: createRun(shas[1] ?? '', recipe) };
}

function isStart(event: RunEvent, stage: string): boolean {
  return (
    event.kind === 'stage-changed' && event.stage.name === stage && event.stage.state === 'running'
  );
}

function assertNothingLeft(lab: Lab, runId: string): void {
  const { installation } = lab;
  const left = ownedProcesses(scanProcesses(), { installation, runId, workspaces: [] });
  assert.deepEqual(left, []);
  assert.deepEqual(readdirSync(lab.workspaces), []);
}

for (const stage of ['prepare', 'install', 'upgrade', 'backup', 'restore', 'custom']) {
  test(`a run cancelled during ${stage} is cancelled there and leaves nothing`, async (t) => {
    const { lab, url, run } = prepareRun(t);
    const stop = new AbortController();
    const done = await execute(lab, url, run, {
      signal: stop.signal,
      // The stage has begun in earnest by the next turn of the event loop.
      onEvent: (event) => {
        if (isStart(event, stage)) setImmediate(() => stop.abort({ kind: 'cancelled' }));
      },
    });
    assert.equal(done.state, 'cancelled');
    assert.equal(statesOf(done)[stage], 'cancelled');
    assert.equal(done.cleanliness.state, 'clean', JSON.stringify(done.cleanliness));
    assertNothingLeft(lab, run.id);
  });
}

/** Resolves once a process with exactly this command line runs. */
async function appears(command: string): Promise<void> {
  while (!scanProcesses().some((facts) => facts.command === command)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

for (const [where, stage, command] of [
  ['a hook', 'upgrade', 'sleep 86398'],
  ['a test', 'custom', 'sleep 86396'],
] as const) {
  test(`a run cancelled while ${where} runs does not wait for its end`, async (t) => {
    const { lab, url, run } = prepareRun(t);
    assert.ok(run.plan.kind === 'lifecycle');
    const { recipe } = run.plan;
    const marker = { seed: ['sleep', '86398'], drop: ['true'], assert: ['true'] };
    const data = where === 'a hook' ? { ...recipe.data, marker } : recipe.data;
    const stop = new AbortController();
    const start = { ...run, plan: { ...run.plan, recipe: { ...recipe, data } } };
    const done = await execute(lab, url, start, {
      signal: stop.signal,
      onEvent: (event) => {
        if (!isStart(event, stage)) return;
        void appears(command).then(() => stop.abort({ kind: 'cancelled' }));
      },
    });
    assert.equal(done.state, 'cancelled');
    assert.equal(statesOf(done)[stage], 'cancelled');
    assert.equal(
      done.stages.find(({ name }) => name === 'custom')?.reason,
      where === 'a hook' ? 'cancelled' : undefined,
    );
    assertNothingLeft(lab, run.id);
  });
}

test('a shutdown decides nothing: no verdict is recorded and everything is removed', async (t) => {
  const { lab, url, run } = prepareRun(t);
  const stop = new AbortController();
  const kinds: string[] = [];
  const executing = execute(lab, url, run, {
    signal: stop.signal,
    onEvent: (event) => {
      kinds.push(event.kind);
      if (isStart(event, 'upgrade')) setImmediate(() => stop.abort({ kind: 'shutdown' }));
    },
  });
  await assert.rejects(executing, Interrupted);
  assert.ok(!kinds.includes('concluded') && !kinds.includes('torn-down'));
  assertNothingLeft(lab, run.id);
});

test('when the lease is lost the run stops at once, removes its own and passes the error on', async (t) => {
  const { lab, url, run } = prepareRun(t);
  const ledger = createLedger(run);
  const lost = new Error('another worker has it');
  const record = (event: RunEvent) =>
    isStart(event, 'backup') ? Promise.reject(lost) : ledger.record(event);
  const executing = lab.runner.execute({
    run,
    source: { cloneUrl: url, gitEnvironment: {} },
    record,
    signal: new AbortController().signal,
  });
  await assert.rejects(executing, lost);
  assert.equal(ledger.run().state, 'running');
  assertNothingLeft(lab, run.id);
});
