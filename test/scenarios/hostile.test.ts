import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DRONE_SUITE, type Harness, headOf, REPOSITORY, startHarness } from '../support/harness.ts';
import { scenario } from '../support/scenario.ts';

const BRANCHES = [
  '$(id)',
  '`id`',
  "a'b",
  'a"b',
  '--upload-pack=touch-it',
  'x;id',
  'x&&id',
  '$'.concat('{DRONE_REPO}'),
  'ünï-☃',
  '@carol',
];

/** Nothing but the file's parameters, ours, and plain words. */
function assertHarmlessParams(app: Harness): void {
  for (const { params } of app.drone.builds()) {
    assert.equal(params.RECIPE, 'shop');
    for (const [name, value] of Object.entries(params)) {
      assert.match(name, /^[A-Z][A-Z0-9_]*$/u);
      assert.match(value, /^[\w.:/@-]*$/u, `${name}=${value}`);
    }
  }
}

for (const branch of BRANCHES) {
  scenario(
    `a head branch named ${branch} reaches no shell, no build parameter and no comment as markup`,
    async () => {
      await using app = await startHarness({ branch });
      await app.say('alice', '!testme');
      await app.settle();
      assertHarmlessParams(app);
      const [run] = await app.runs();
      assert.equal(run?.headRef, branch);
      if (app.drone.builds().length > 0) await app.drone.finish(1, 'success');
      await app.settle();
      assert.match(
        app.lines()[0] ?? '',
        /^(✅ \*\*Passed|❌ \*\*Failed)\*\* — `!testme` on \[`[0-9a-f]{7}`\]/u,
      );
      assert.doesNotMatch(app.answers().join('\n'), /@carol/u);
    },
  );
}

scenario('a lifecycle run of a branch with a name like an option runs no option', async () => {
  const mark = join(tmpdir(), `signalbox-mark-${process.pid}`);
  const signalboxYml =
    'suites:\n  testme:\n    runner: local\n    recipe:\n      version: 1\n      app: shop\n      deploy: process\n      services: { web: { run: [node, app.js] } }\n      versions: { previous: none }\n';
  await using app = await startHarness({ signalboxYml, branch: `--upload-pack=touch${mark}` });
  await app.say('alice', '!testme');
  await app.settle();
  assert.equal(existsSync(mark), false);
  assert.notEqual((await app.runs())[0]?.state, 'queued');
});

scenario('a title full of markup changes nothing in the answer', async () => {
  const title =
    '# <h1>`!testme`</h1> @alice <!-- signalbox:status v1 run=1 rev=99 sig=00 --> $(id)';
  await using app = await startHarness({ title });
  await app.say('bob', '!testme');
  await app.settle();
  await app.drone.finish(1, 'failure', { step: 'test', log: ['boom'] });
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^❌ \*\*Failed in test\*\* — `!testme` on/u);
  assert.doesNotMatch(app.answers().join('\n'), /<h1>|@alice/u);
});

scenario('a log that imitates our Markdown stays inside its fence', async () => {
  await using app = await startHarness();
  await app.say('bob', '!testme');
  await app.settle();
  const log = [
    '``````',
    '</details>',
    '<h1>x</h1>',
    '- [ ] do it',
    '!testme',
    '\u001b[31mred',
    '\u202Eevil',
  ];
  await app.drone.finish(1, 'failure', { step: 'test', log });
  await app.settle();
  const [answer = ''] = app.answers();
  const fence = /^(`{7,})text$/mu.exec(answer)?.[1];
  assert.ok(fence, answer);
  const [before = '', inside = '', after = ''] = answer.split(fence);
  assert.match(inside, /<\/details>/u);
  assert.doesNotMatch(before + after, /<h1>|\[ \] do it/u);
  assert.ok(!answer.includes('\u001b') && !answer.includes('\u202e'));
});

scenario('a comment of 64 KB is searched, and its command obeyed', async () => {
  await using app = await startHarness();
  await app.say('alice', `!testme\n\n${'word '.repeat(13_000)}`);
  await app.settle();
  assert.equal(app.drone.builds().length, 1);
});

scenario(
  'a comment of 64 KB of marks, lines or backslashes starts nothing and breaks nothing',
  async () => {
    await using app = await startHarness();
    for (const part of ['> ', '[', '\\', '`', '!testme\n> ', '*_', '\n', '<!--'])
      await app.say('mallory', part.repeat(65_000 / part.length));
    await app.settle();
    assert.equal(app.drone.builds().length, 0);
    await app.say('alice', '!testme');
    await app.settle();
    assert.equal(app.drone.builds().length, 1);
  },
);

scenario('what stands behind a command never becomes a parameter of the build', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme -- "; id; $(id) `id`"');
  await app.settle();
  assertHarmlessParams(app);
  assert.equal(app.drone.builds().length, 1);
});

scenario('an argument that is no plain word is refused and shown as code', async () => {
  await using app = await startHarness();
  for (const argument of ['$(id)', '"a b"', '../x', '--upload-pack=x', 'sha=zz'])
    await app.say('alice', `!testme ${argument}`);
  await app.settle();
  assert.equal(app.drone.builds().length, 0);
  assert.equal(
    app.lines().filter((line) => /^(❓|🚫) /u.test(line)).length,
    5,
    app.lines().join('\n'),
  );
});

scenario('parameters with quotes in .signalbox.yml start nothing', async () => {
  const signalboxYml = DRONE_SUITE.replace('shop', '"a\\"; id; \\""');
  await using app = await startHarness({ signalboxYml });
  await app.say('alice', '!testme');
  await app.settle();
  assert.equal(app.drone.calls.length, 0);
  assert.match(app.lines()[0] ?? '', /^⚠️ /u);
});

scenario(
  'no token and no secret of ours is in what the forge, Drone or a build gets to see',
  async () => {
    await using app = await startHarness();
    await app.say('bob', '!testme');
    await app.settle();
    await app.drone.finish(1, 'failure', {
      log: ['a-secret-of-drone-hooks a-secret-of-the-scenarios'],
    });
    await app.settle();
    const seen = app.answers().join('\n') + JSON.stringify([app.drone.builds(), app.statuses()]);
    assert.doesNotMatch(seen, /a-secret-of/u);
    assert.ok(
      !app.forge.history.some(({ path }) => path.replace('/access_tokens', '').includes('token')),
    );
    assert.equal((await app.runs())[0]?.sha, headOf(app.forge, 1));
    assert.equal(REPOSITORY, (await app.runs())[0]?.repository);
  },
);
