import assert from 'node:assert/strict';
import { advanceRun } from '../../src/ledger/runs.ts';
import { type Harness, PULL, REPOSITORY, startHarness } from '../support/harness.ts';
import { scenario } from '../support/scenario.ts';

const RECIPE = `suites:
  testme:
    runner: local
    stages: [install, upgrade, custom]
    recipe:
      version: 1
      app: notes
      deploy: process
      services:
        web: { run: [node, app.js], stop_grace: 1s }
      health:
        http: { service: web, path: /health }
        stable_for: 50ms
      versions: { previous: none }
      stages:
        custom:
          - { name: works, run: [node, test.js], timeout: 20s }
`;

const APP = `import { createServer } from 'node:http';
createServer((request, response) => response.end('ok')).listen(Number(process.env.APP_PORT), '127.0.0.1');
`;
const PASSES = `const answer = await fetch(process.env.APP_URL + '/health');
if (answer.status !== 200) process.exit(1);
`;
/** Runs until somebody stops it. */
const HANGS = 'setInterval(() => {}, 1000);\n';

const start = (headFiles: Record<string, string> = {}, slots = 2) =>
  startHarness({
    signalboxYml: RECIPE,
    files: { 'app.js': APP, 'test.js': PASSES, 'package.json': '{"type":"module"}\n' },
    headFiles: { 'app.js': APP, 'test.js': PASSES, 'note.txt': 'two\n', ...headFiles },
    slots,
  });

/** An open pull request of its own for each: one run per suite and pull request at a time. */
async function anotherPull(app: Harness, number: number): Promise<void> {
  const branch = `topic-${number}`;
  const change = {
    files: { 'test.js': HANGS, 'note.txt': `${number}\n` },
    message: 'Hang',
    by: 'bob',
  };
  await app.forge.commit(REPOSITORY, { branch, ...change });
  await app.forge.openPull({ repository: REPOSITORY, title: branch, author: 'bob', head: branch });
}

const isInCustom = (app: Harness, pull = 1) => /\*\*custom/u.test(app.answers(pull).at(-1) ?? '');

scenario('an app that works passes, and it is told that nothing of it is left', async () => {
  await using app = await start();
  const comment = await app.say('alice', '!testme stages=install,custom');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^✅ \*\*Passed\*\* .* · torn down clean$/u, app.answers()[0]);
  assert.deepEqual(app.reactions(comment), ['rocket']);
  assert.equal((await app.runs())[0]?.cleanliness.state, 'clean');
});

scenario(
  'a test that fails is the change’s failure, and everything is torn down all the same',
  async () => {
    await using app = await start({ 'test.js': 'console.log("boom"); process.exit(3);\n' });
    await app.say('bob', '!testme');
    await app.settle();
    assert.match(app.lines()[0] ?? '', /^❌ \*\*Failed in custom\*\* .* · torn down clean$/u);
    assert.match(app.answers()[0] ?? '', /boom/u);
  },
);

scenario('an app that crashes at start fails in the stage that starts it', async () => {
  await using app = await start({ 'app.js': 'throw new Error("no database");\n' });
  await app.say('bob', '!testme');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^❌ \*\*Failed in install\*\* .* · torn down clean$/u);
  assert.match(app.answers()[0] ?? '', /no database/u);
});

scenario('only the stages that were asked for run, what is not applicable is told', async () => {
  await using app = await start();
  await app.say('alice', '!testme stages=install,upgrade');
  await app.settle();
  const stages = Object.fromEntries(
    ((await app.runs())[0]?.stages ?? []).map(({ name, state }) => [name, state]),
  );
  assert.equal(stages.install, 'passed');
  assert.notEqual(stages.upgrade, 'failed');
  assert.equal(stages.custom, 'skipped');
});

scenario('a cancel in the middle of a test stops it and proves that nothing is left', async () => {
  await using app = await start({ 'test.js': HANGS });
  await app.say('alice', '!testme');
  await app.until(() => isInCustom(app));
  await app.say('alice', '/cancel');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^⚪ \*\*Cancelled\*\* .* during \*\*custom\*\*$/u);
  assert.match(app.answers()[0] ?? '', /No verdict\. (What it had started is gone|Nothing of it)/u);
  assert.equal((await app.runs())[0]?.cleanliness.state, 'clean');
});

scenario('a run that finds no free slot waits, and its comment names who is ahead', async () => {
  await using app = await start({ 'test.js': HANGS }, 1);
  await app.say('alice', '!testme');
  await app.until(() => isInCustom(app));
  await anotherPull(app, 2);
  await app.say('alice', '!testme', 2);
  await app.until(() => app.answers(2).length > 0);
  assert.match(
    app.answers(2)[0] ?? '',
    /^🕒 \*\*Queued\*\*[\s\S]*\*\*Waiting for:\*\* 1 run ahead on runner `local` \(\[demo\/shop, run 1\]/u,
  );
  await app.say('alice', '!cancel');
  await app.until(() => isInCustom(app, 2));
  await app.say('alice', '!cancel', 2);
  await app.settle();
  assert.deepEqual(
    (await app.runs()).map(({ state }) => state),
    ['cancelled', 'cancelled'],
  );
});

scenario('a run that waits for a slot goes when its comment is deleted', async () => {
  await using app = await start({ 'test.js': HANGS }, 1);
  await app.say('alice', '!testme');
  await app.until(() => isInCustom(app));
  await anotherPull(app, 2);
  const waiting = await app.say('alice', '!testme', 2);
  await app.until(() => app.answers(2).length > 0);
  await app.forge.deleteComment(waiting, 'alice');
  await app.until(() => app.lines(2)[0]?.startsWith('⚪') ?? false);
  await app.say('alice', '!cancel');
  await app.settle();
  const [, second] = await app.runs();
  assert.equal(second?.cancellation?.cause, 'comment_deleted');
  assert.equal(second?.startedAt, undefined);
});

scenario(
  'a bot that stops in the middle of a test begins the run again, once, and says so',
  async () => {
    await using app = await start({ 'test.js': HANGS });
    await app.say('alice', '!testme');
    await app.until(() => isInCustom(app));
    await app.restart();
    await app.until(() => isInCustom(app) && /host went down/u.test(app.answers()[0] ?? ''));
    const [run] = await app.runs();
    assert.equal(run?.attempt, 2);
    assert.equal(run?.interruption?.outcome, 'requeued');
    await app.restart();
    await app.settle();
    assert.match(app.lines()[0] ?? '', /^💥 \*\*Interrupted twice\*\*/u);
    assert.equal((await app.runs())[0]?.cleanliness.state, 'clean');
  },
);

scenario(
  'what a run left on the host holds up the next run of its suite until the janitor has removed it',
  async () => {
    await using app = await start();
    await app.say('alice', '!testme');
    await app.settle();
    const { ledger } = app.app;
    const [first] = await app.runs();
    assert.ok(first);
    const at = app.clock.now();
    const residuals = [{ kind: 'process', name: 'made up', reason: 'by this test' }];
    const cleanliness = { state: 'dirty' as const, at, residuals };
    await ledger.transaction((tx) =>
      advanceRun(tx, first.id, { kind: 'cleaned', at, cleanliness }, { at, source: 'reconcile' }),
    );
    await app.say('alice', '!testme');
    await app.settle();
    assert.match(
      app.answers()[1] ?? '',
      /^🕒 \*\*Queued\*\*[\s\S]*\*\*Waiting for:\*\* the leftovers of run 1 to be removed/u,
    );
    await app.stop();
    await app.start(); // a start begins with a pass of the janitor
    await app.settle();
    assert.match(app.lines()[1] ?? '', /^✅/u);
    assert.equal((await app.runs())[0]?.cleanliness.state, 'clean');
  },
);

scenario(
  'a repository that the forge shows no more ends the waiting run with that answer',
  async () => {
    await using app = await start();
    app.forge.faults.next(
      { method: 'GET', path: /repos\/demo\/shop$/ },
      { kind: 'before', status: 403 },
    );
    await app.say('alice', '!testme');
    await app.settle();
    assert.match(app.lines()[0] ?? '', /^💥 \*\*Error\*\*/u);
    assert.equal(app.forge.commentsOn(PULL).length, 3);
  },
);
