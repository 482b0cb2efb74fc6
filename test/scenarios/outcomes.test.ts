import assert from 'node:assert/strict';
import { DRONE_SUITE, type Harness, headOf, REPOSITORY, startHarness } from '../support/harness.ts';
import { scenario } from '../support/scenario.ts';

/** A `!testme` that is on its way; returns the comment. */
async function testme(app: Harness): Promise<number> {
  const comment = await app.say('bob', '!testme');
  await app.settle();
  return comment;
}

scenario(
  'a build that somebody kills in Drone is our error, never the change’s failure',
  async () => {
    await using app = await startHarness();
    const comment = await testme(app);
    await app.drone.kill(1);
    await app.settle();
    assert.match(
      app.answers()[0] ?? '',
      /^💥 \*\*Error\*\*[\s\S]*killed in Drone by somebody else/u,
    );
    assert.match(app.statuses()['signalbox/testme'] ?? '', /^error: Error/u);
    assert.deepEqual(app.reactions(comment), ['-1']);
  },
);

scenario(
  'a build that is declined in Drone, which sends no word of it, is found by looking',
  async () => {
    await using app = await startHarness();
    await testme(app);
    app.drone.block(1);
    app.drone.decline(1);
    await app.later(60_000);
    assert.match(app.answers()[0] ?? '', /^💥 \*\*Error\*\*[\s\S]*declined in Drone/u);
  },
);

scenario(
  'a build that waits for approval in Drone is told as running without a stage and does not end',
  async () => {
    await using app = await startHarness();
    await testme(app);
    app.drone.block(1);
    await app.later(600_000);
    assert.equal((await app.runs())[0]?.state, 'running');
  },
);

scenario('a runner that breaks down is our error and shows what Drone says', async () => {
  await using app = await startHarness();
  await testme(app);
  await app.drone.breakRunner(1, 'cannot create workspace: no space left on device');
  await app.settle();
  assert.match(app.answers()[0] ?? '', /^💥 [\s\S]*no space left on device/u);
});

for (const [what, pipeline, sentence] of [
  [
    'no pipeline matches a custom build',
    { kind: 'no-match' },
    /no pipeline of .* matches a custom build/u,
  ],
  ['there is no .drone.yml', { kind: 'missing' }, /there is no \\?\.drone\.yml at this commit/u],
  [
    'Drone finds the .drone.yml wrong',
    { kind: 'yaml-error', error: 'yaml: line 3' },
    /does not accept the \\?\.drone\.yml/u,
  ],
] as const) {
  scenario(
    `when ${what} the answer is an error with that sentence, at once and for good`,
    async () => {
      await using app = await startHarness();
      app.drone.addRepository(REPOSITORY, { anyCommit: pipeline });
      await testme(app);
      assert.match(app.answers()[0] ?? '', /^💥 \*\*Error\*\*/u);
      assert.match(app.answers()[0] ?? '', sentence);
      const { length } = app.drone.calls;
      await app.later(3_600_000);
      assert.equal(app.drone.calls.length, length, 'Drone is left alone');
      assert.equal((await app.runs())[0]?.state, 'errored');
    },
  );
}

scenario('a repository that is not active in Drone is told with what to do', async () => {
  await using app = await startHarness();
  app.drone.addRepository(REPOSITORY, { isActive: false });
  await testme(app);
  assert.match(app.answers()[0] ?? '', /^💥 [\s\S]*(not active in Drone|does not know)/u);
});

scenario('a Drone that refuses our token ends the run with that answer', async () => {
  await using app = await startHarness();
  app.drone.faults.next(
    { method: 'POST', path: /builds/ },
    { kind: 'before', status: 401, text: '{"message":"Unauthorized"}' },
  );
  await testme(app);
  assert.match(
    app.answers()[0] ?? '',
    /^💥 \*\*Error\*\*[\s\S]*does not take builds from this Signalbox/u,
  );
  assert.equal(app.drone.builds().length, 0);
});

scenario('a run that takes longer than its limit is cancelled in Drone and timed out', async () => {
  await using app = await startHarness({ signalboxYml: `${DRONE_SUITE}    timeout: 5m\n` });
  const comment = await testme(app);
  await app.drone.advance(1);
  await app.settle();
  await app.later(4 * 60_000);
  assert.equal((await app.runs())[0]?.state, 'running');
  await app.later(2 * 60_000);
  assert.equal(app.drone.builds()[0]?.status, 'killed');
  assert.match(app.lines()[0] ?? '', /^⏱️ \*\*Timed out/u);
  assert.match(app.statuses()['signalbox/testme'] ?? '', /^failure: Timed out/u);
  assert.deepEqual(app.reactions(comment), ['-1']);
});

scenario(
  'a build that passed in time has passed, also when the bot comes to look much later',
  async () => {
    await using app = await startHarness({ signalboxYml: `${DRONE_SUITE}    timeout: 5m\n` });
    await testme(app);
    await app.stop();
    await app.drone.finish(1, 'success');
    app.clock.pass(3_600_000);
    await app.start();
    await app.settle();
    assert.match(app.lines()[0] ?? '', /^✅/u);
  },
);

scenario('a lost webhook of Drone costs time, not the answer', async () => {
  await using app = await startHarness();
  await testme(app);
  app.drone.setWebhook(undefined);
  await app.drone.finish(1, 'success');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^🔄/u);
  await app.later(60_000);
  assert.match(app.lines()[0] ?? '', /^✅/u);
});

scenario(
  'the status of the commit that was asked for says how it ended, whatever is pushed meanwhile',
  async () => {
    await using app = await startHarness();
    const asked = headOf(app.forge, 1);
    await testme(app);
    const push = { files: { 'app.js': 'three\n' }, message: 'Three', by: 'bob' };
    await app.forge.pushToPull({ repository: REPOSITORY, pull: 1 }, push);
    await app.drone.finish(1, 'success');
    await app.settle();
    assert.equal(app.drone.builds()[0]?.sha, asked);
    assert.deepEqual(app.statuses(), {}, 'the new head was not tested');
    assert.equal(app.forge.statusesOn(REPOSITORY, asked).at(-1)?.state, 'success');
  },
);
