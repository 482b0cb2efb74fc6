import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Recipe } from '../../src/domain/recipe.ts';
import { parseRepoConfig } from '../../src/domain/repo-config.ts';
import type { Run } from '../../src/domain/run.ts';
import { createLab, createRun, execute, type Lab, statesOf } from './lifecycle-support.ts';

const SHOP = join(import.meta.dirname, '../../demo/shop');

function openShop(t: TestContext, pull: string): { lab: Lab; url: string; run: Run } {
  const lab = createLab(t);
  const at = (path: string) => join(SHOP, path);
  const { url, shas } = lab.repository([
    { layers: [at('base'), at('versions/1.0.0')], files: {}, tag: '1.0.0' },
    { layers: [at('versions/1.1.0')], files: {}, tag: '1.1.0' },
    { layers: [at(`pulls/${pull}`)], files: {} },
  ]);
  return { lab, url, run: createRun(shas[2] ?? '', shopRecipe()) };
}

/** As the bot reads it: the demo's own file must say what it means. */
function shopRecipe(): Recipe {
  const text = readFileSync(join(SHOP, 'base/.signalbox.yml'), 'utf8');
  const parsed = parseRepoConfig(text, { today: '2026-01-01' });
  assert.ok('config' in parsed, JSON.stringify(parsed));
  const suite = parsed.config.suites.testme;
  assert.ok(suite?.kind === 'lifecycle');
  return suite.recipe;
}

test('the good pull request of the demo passes every stage and is torn down clean', async (t) => {
  const { lab, url, run } = openShop(t, 'good');
  const done = await execute(lab, url, run);
  assert.equal(done.state, 'passed', JSON.stringify(done.diagnosis));
  assert.equal(new Set(Object.values(statesOf(done))).size, 1, JSON.stringify(done.stages));
  const upgrade = done.stages.find(({ name }) => name === 'upgrade');
  assert.equal(upgrade?.detail, `\`1.1.0\` → \`${run.sha.slice(0, 7)}\``);
  const custom = done.stages.find(({ name }) => name === 'custom');
  assert.deepEqual(custom?.tests, { passed: 4, failed: 0, skipped: 0 });
  assert.equal(done.cleanliness.state, 'clean');
  assert.deepEqual(readdirSync(lab.workspaces), []);
});

test('the data-losing pull request of the demo fails in upgrade for that reason', async (t) => {
  const { lab, url, run } = openShop(t, 'loses-data');
  const done = await execute(lab, url, run);
  assert.equal(done.state, 'failed');
  assert.equal(done.diagnosis?.code, 'upgrade.data_survival');
  assert.equal(done.diagnosis.headline, 'data did not survive the upgrade');
  assert.ok(
    done.diagnosis.evidence?.lines.some(({ text }) => text === 'the marker order is missing'),
  );
  assert.deepEqual(statesOf(done), {
    prepare: 'passed',
    install: 'passed',
    upgrade: 'failed',
    backup: 'skipped',
    restore: 'skipped',
    custom: 'skipped',
    capture: 'passed',
    teardown: 'passed',
    verify: 'passed',
  });
  assert.equal(done.stages.find(({ name }) => name === 'backup')?.reason, 'upgrade failed');
  assert.equal(done.cleanliness.state, 'clean');
});

test('the crashing pull request of the demo fails with the first error of its log', async (t) => {
  const { lab, url, run } = openShop(t, 'crashes');
  const done = await execute(lab, url, run);
  assert.equal(done.state, 'failed');
  assert.equal(done.diagnosis?.code, 'crash.loop');
  assert.match(done.diagnosis.hint, /SHOP_CURRENCY is not set/);
  assert.equal(done.cleanliness.state, 'clean');
});

test('the slow pull request of the demo can be cancelled in the middle of its test', async (t) => {
  const { lab, url, run } = openShop(t, 'slow');
  const stop = new AbortController();
  const done = await execute(lab, url, run, {
    signal: stop.signal,
    onEvent: (event) => {
      if (event.kind !== 'stage-changed' || event.stage.name !== 'custom') return;
      if (event.stage.state === 'running') stop.abort({ kind: 'cancelled' });
    },
  });
  assert.equal(done.state, 'cancelled');
  assert.equal(statesOf(done).custom, 'cancelled');
  assert.equal(done.cleanliness.state, 'clean');
});
