import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Recipe } from '../../src/domain/recipe.ts';
import type { Run } from '../../src/domain/run.ts';
import {
  APP_LAYER,
  createLab,
  createRecipe,
  createRun,
  execute,
  logOf,
  SECRET,
  statesOf,
} from './lifecycle-support.ts';

type Case = {
  /** Files of the head, over those of the published version. */
  head?: Record<string, string>;
  recipe?: Partial<Recipe>;
  run?: Partial<Run>;
  tags?: boolean;
};

/** Runs one change of the small app to its end; whatever happened, it must have been torn down clean. */
async function check(t: TestContext, { head = {}, recipe, run, tags = true }: Case) {
  const lab = createLab(t);
  const { url, shas } = lab.repository([
    { layers: [APP_LAYER], files: {}, ...(tags ? { tag: 'v1.0.0' } : {}) },
    { files: { 'head.txt': 'head', ...head } },
  ]);
  const start = createRun(shas[1] ?? '', createRecipe(recipe), run);
  const done = await execute(lab, url, start);
  assert.equal(done.cleanliness.state, 'clean', JSON.stringify(done.cleanliness));
  return { lab, done, log: await logOf(lab, done) };
}

function custom(...tests: { name: string; run: string[]; junit?: string; timeoutMs?: number }[]) {
  return { stages: { expectedNa: {}, custom: tests.map((one) => ({ timeoutMs: 9_000, ...one })) } };
}

test('without a published version the head is installed and there is nothing to upgrade', async (t) => {
  const { done } = await check(t, { tags: false });
  const upgrade = done.stages.find(({ name }) => name === 'upgrade');
  assert.equal(upgrade?.state, 'not_applicable');
  assert.equal(upgrade.reason, 'no previous version');
  assert.equal(done.state, 'passed', JSON.stringify(done.diagnosis));
  assert.equal(statesOf(done).restore, 'passed');
});

test('stages that nobody asked for are skipped, and what they need is done', async (t) => {
  const { done, log } = await check(t, {
    run: {
      plan: {
        kind: 'lifecycle',
        stages: ['restore'],
        recipe: createRecipe(),
        timeoutMs: 60_000,
      },
    },
  });
  assert.equal(done.state, 'passed', JSON.stringify(done.diagnosis));
  const { install, upgrade, backup, restore, custom: tests } = statesOf(done);
  assert.deepEqual(
    { install, upgrade, backup, restore, tests },
    {
      install: 'passed',
      upgrade: 'skipped',
      backup: 'passed',
      restore: 'passed',
      tests: 'skipped',
    },
  );
  assert.match(log, new RegExp(`start ${done.sha.slice(0, 7)}`));
  assert.doesNotMatch(log, /start v1\.0\.0/);
});

test('a backup that misses the data is told apart from a dump that nobody replays', async (t) => {
  const elsewhere = {
    backup: { pre: [], paths: ['other'], post: [] },
    restore: { pre: [['rm', '-rf', 'nothing']], post: [] },
  };
  const { marker } = createRecipe().data;
  const seedOther = {
    'fault.js': [
      "import { mkdirSync, writeFileSync } from 'node:fs';",
      "const path = process.env.APP_STATE + '/other';",
      'mkdirSync(path, { recursive: true });',
      "writeFileSync(path + '/file', 'x');",
    ].join('\n'),
  };
  const marked = marker === undefined ? {} : { marker };
  const missing = await check(t, {
    head: seedOther,
    recipe: { data: { ...marked, ...elsewhere } },
  });
  assert.equal(missing.done.diagnosis?.code, 'restore.incomplete');
  const dump = { pre: [['true']], paths: ['other'], post: [] };
  const dumped = await check(t, {
    head: seedOther,
    recipe: { data: { ...marked, ...elsewhere, backup: dump } },
  });
  assert.equal(dumped.done.diagnosis?.code, 'restore.no_post_hook');
});

test('an app that answers 503 fails for that, after its time and not before', async (t) => {
  const { done } = await check(t, {
    head: { 'fault.js': 'globalThis.healthStatus = 503;' },
    recipe: { timeouts: { ...createRecipe().timeouts, convergenceMs: 1_000 } },
  });
  assert.equal(done.state, 'failed');
  assert.equal(done.diagnosis?.code, 'health.5xx');
  assert.match(done.diagnosis.headline, /503/);
});

test('a failing build, a missing program and a hook without end are named as such', async (t) => {
  const built = await check(t, { recipe: { build: [['sh', '-c', 'echo broken >&2; exit 3']] } });
  assert.equal(built.done.diagnosis?.code, 'build.failed');
  assert.match(built.done.diagnosis.hint, /ended with exit 3/);
  const missing = await check(t, { recipe: { build: [['no-such-program']] } });
  assert.equal(missing.done.diagnosis?.code, 'command.missing');
  const marker = { seed: ['sleep', '60'], drop: ['true'], assert: ['true'] };
  const { data, timeouts } = createRecipe();
  const hung = await check(t, {
    recipe: { data: { ...data, marker }, timeouts: { ...timeouts, hookMs: 300 } },
  });
  assert.equal(hung.done.state, 'failed');
  assert.equal(hung.done.diagnosis?.code, 'hook.failed');
  assert.match(hung.done.diagnosis.headline, /data\.marker\.seed/);
});

test('a commit that the forge does not have is an error of ours, not of the change', async (t) => {
  const { done } = await check(t, { run: { sha: 'f'.repeat(40) } });
  assert.equal(done.state, 'errored');
  assert.equal(done.diagnosis?.code, 'source.unavailable');
  assert.equal(statesOf(done).prepare, 'errored');
});

test('a run past its time is timed out', async (t) => {
  const { timeouts } = createRecipe();
  const { done } = await check(t, {
    recipe: {
      ...custom({ name: 'long', run: ['sleep', '60'], timeoutMs: 60_000 }),
      timeouts: { ...timeouts, stageMs: 4_000 },
    },
    run: {},
  });
  assert.equal(done.state, 'timed_out');
  assert.equal(statesOf(done).custom, 'failed');
});

test('failed tests are named from their JUnit file, and a test that ends badly has failed', async (t) => {
  const junit =
    '<testsuite><testcase name="a"/><testcase classname="s" name="b"><failure message="1 &lt; 2"/></testcase></testsuite>';
  const { done } = await check(t, {
    head: { 'report.xml': junit },
    recipe: custom(
      { name: 'first', run: ['false'], junit: 'report.xml' },
      { name: 'second', run: ['sh', '-c', 'exit 7'] },
      { name: 'third', run: ['true'] },
    ),
  });
  assert.equal(done.diagnosis?.code, 'test.failed');
  assert.deepEqual(done.diagnosis.failedTests, [
    { name: 's::b', message: '1 < 2' },
    { name: 'second', message: 'second ended with exit 7' },
  ]);
  const stage = done.stages.find(({ name }) => name === 'custom');
  assert.deepEqual(stage?.tests, { passed: 2, failed: 2, skipped: 0 });
});

test('children see nothing of ours, have no input, are nobody, and cannot write a core or grow', async (t) => {
  const { done, log } = await check(t, {
    recipe: custom({
      name: 'look',
      run: [
        'sh',
        '-c',
        'env; cat; echo uid=$(id -u) groups=$(id -G) core=$(ulimit -c); grep NoNewPrivs /proc/self/status',
      ],
    }),
  });
  assert.equal(done.state, 'passed', JSON.stringify(done.diagnosis));
  const names = new Set([...log.matchAll(/^custom: ([A-Z_]+)=/gm)].map(([, name]) => name));
  const expected =
    'APP_BACKUP APP_PORT APP_SOURCE APP_STATE APP_URL APP_VERSION HOME LANG PATH PWD TMPDIR ' +
    'SIGNALBOX_ATTEMPT SIGNALBOX_INSTALLATION SIGNALBOX_RUN';
  assert.deepEqual(names, new Set(expected.split(' ')));
  assert.match(log, /uid=[1-9]\d* groups=[1-9]\d* core=0/);
  assert.match(log, /NoNewPrivs:\t1/);
});

test('what a child prints is masked, and a flood of it neither fills the log nor the memory', async (t) => {
  const flood = `echo ${SECRET}; head -c 200000000 /dev/zero | tr '\\0' '\\n'; head -c 100000000 /dev/zero; echo; echo the end`;
  const before = process.memoryUsage().rss;
  const { done, log } = await check(t, {
    recipe: custom({ name: 'flood', run: ['sh', '-c', flood] }),
  });
  assert.equal(done.state, 'passed', JSON.stringify(done.diagnosis));
  assert.doesNotMatch(log, new RegExp(SECRET));
  assert.match(log, /custom: \*{8}/);
  assert.match(log, /were dropped here/);
  assert.match(log, /custom: the end/);
  assert.ok(log.length < 4_000_000, `${log.length}`);
  assert.ok(process.memoryUsage().rss - before < 150 * 1024 ** 2);
});

test('a report that leads out of the checkout is not read', async (t) => {
  const lab = createLab(t);
  const outside = join(lab.directory, 'outside.xml');
  writeFileSync(outside, '<testcase name="x"><failure message="private"/></testcase>');
  const { done } = await check(t, {
    recipe: custom({ name: 'link', run: ['ln', '-sf', outside, 'out.xml'], junit: 'out.xml' }),
  });
  assert.equal(done.state, 'passed', JSON.stringify(done.diagnosis));
});
