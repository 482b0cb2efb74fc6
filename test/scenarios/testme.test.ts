import assert from 'node:assert/strict';
import { listRuns } from '../../src/ledger/runs.ts';
import { headOf, REPOSITORY, startHarness } from '../support/harness.ts';
import { scenario } from '../support/scenario.ts';

scenario(
  'a maintainer comments !testme and the answer comes back on the pull request',
  async () => {
    await using app = await startHarness();
    const comment = await app.say('alice', '!testme');
    await app.settle();
    assert.deepEqual(app.reactions(comment), ['eyes']);
    const [build, ...more] = app.drone.builds();
    assert.deepEqual(more, []);
    assert.equal(build?.sha, headOf(app.forge, 1));
    assert.equal(build?.params.RECIPE, 'shop');
    assert.match(app.answers()[0] ?? '', /^🔄 \*\*Running\*\* — `!testme` on \[`[0-9a-f]{7}`\]/u);
    assert.match(app.statuses()['signalbox/testme'] ?? '', /^pending: /);
    await app.drone.finish(1, 'success');
    await app.settle();
    assert.match(app.answers()[0] ?? '', /^✅ \*\*Passed\*\* — `!testme` on/u);
    assert.equal(app.answers().length, 1);
    assert.deepEqual(app.reactions(comment), ['rocket']);
    assert.match(app.statuses()['signalbox/testme'] ?? '', /^success: Passed/);
  },
);

scenario('a failing build is told with its step and log, and pings who asked', async () => {
  await using app = await startHarness();
  const comment = await app.say('bob', '!testme');
  await app.settle();
  await app.drone.finish(1, 'failure', {
    step: 'test',
    exitCode: 3,
    log: ['<b>boom</b>', '```', '@alice'],
  });
  await app.settle();
  const [living, ping] = app.answers();
  assert.match(living ?? '', /^❌ \*\*Failed in test\*\*/u);
  assert.match(living ?? '', /^````+text$/m);
  assert.match(ping ?? '', /^@bob ❌ .*\[Details and retry\]\(\S+\/pulls?\/1#issuecomment-\d+\)$/u);
  assert.deepEqual(app.reactions(comment), ['-1']);
  assert.match(app.statuses()['signalbox/testme'] ?? '', /^failure: /);
});

scenario('a second !testme on the same commit joins the running run', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme');
  await app.settle();
  const second = await app.say('bob', '!testme');
  await app.settle();
  assert.equal(app.drone.builds().length, 1);
  assert.match(app.answers()[1] ?? '', /^🔗 \*\*Joined\*\*/u);
  await app.drone.finish(1, 'success');
  await app.settle();
  assert.deepEqual(app.reactions(second), ['rocket']);
});

scenario('a new !testme after the end runs again', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme');
  await app.settle();
  await app.drone.finish(1, 'success');
  await app.settle();
  await app.say('alice', '!testme');
  await app.settle();
  assert.equal(app.drone.builds().length, 2);
});

scenario('a !testme after a push takes the place of the run for the old commit', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme');
  await app.settle();
  const before = headOf(app.forge, 1);
  await app.forge.pushToPull(
    { repository: REPOSITORY, pull: 1 },
    { files: { 'app.js': 'three\n' }, message: 'Three', by: 'bob' },
  );
  await app.say('alice', '!testme');
  await app.settle();
  const builds = app.drone.builds();
  assert.deepEqual(builds.map((build) => build.status).sort(), ['killed', 'pending']);
  assert.notEqual(headOf(app.forge, 1), before);
  assert.match(app.answers()[0] ?? '', /^⏭️ \*\*Superseded\*\*/u);
});

scenario(
  'the same delivery five times, and the same comment seen by catch-up, is one run',
  async () => {
    await using app = await startHarness();
    app.forge.faults.webhooks({ duplicate: 1, random: () => 0 });
    await app.say('alice', '!testme');
    await app.settle();
    for (const delivery of app.sent().slice(0, 3)) app.replay(delivery);
    await app.service.catchUpNow();
    await app.settle();
    assert.equal(app.drone.builds().length, 1);
    assert.equal(app.answers().length, 1);
  },
);

scenario('a command whose webhook was lost is found by catch-up', async () => {
  await using app = await startHarness();
  app.forge.faults.webhooks({ lose: 1, random: () => 0 });
  await app.say('alice', '!testme');
  await app.settle();
  assert.equal(app.drone.builds().length, 0);
  await app.service.catchUpNow();
  await app.settle();
  assert.equal(app.drone.builds().length, 1);
});

scenario(
  'a build that Drone made although its answer was lost is found, not made again',
  async () => {
    await using app = await startHarness();
    app.drone.faults.next({ method: 'POST', path: /builds/ }, { kind: 'after', status: 502 });
    await app.say('alice', '!testme');
    await app.settle();
    await app.settle();
    assert.equal(app.drone.builds().length, 1);
  },
);

scenario(
  'a comment that the forge took although its answer was lost is found, not posted again',
  async () => {
    await using app = await startHarness();
    app.forge.faults.next(
      { method: 'POST', path: /issues\/1\/comments/ },
      { kind: 'after', status: 502 },
    );
    await app.say('alice', '!testme');
    await app.settle();
    await app.drone.finish(1, 'success');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await app.settle();
    assert.equal(app.answers().length, 1);
    assert.match(app.answers()[0] ?? '', /^✅/u);
  },
);

scenario('the log of a Drone build is on the run page while it runs, each line once', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme');
  await app.settle();
  const [run] = await listRuns(app.app.ledger.db, {});
  assert.ok(run);
  const texts = async () =>
    (await app.app.logs.read(run.id)).map((line) => `${line.stage}: ${line.text}`);
  await app.drone.advance(1);
  await app.settle();
  assert.deepEqual(await texts(), ['clone: + run clone']);
  await app.drone.advance(1);
  await app.settle();
  await app.drone.finish(1, 'failure', { step: 'test', exitCode: 3, log: ['one\n', 'two\n'] });
  await app.settle();
  assert.deepEqual(await texts(), [
    'clone: + run clone',
    'greet: + run greet',
    'test: one',
    'test: two',
  ]);
  const page = await fetch(`${app.service.address}/r/1/log`);
  assert.match(await page.text(), /two/);
});
