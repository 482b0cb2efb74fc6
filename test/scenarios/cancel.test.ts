import assert from 'node:assert/strict';
import { PULL, REPOSITORY, startHarness } from '../support/harness.ts';
import { scenario } from '../support/scenario.ts';

scenario('a cancel with nothing to cancel says so', async () => {
  await using app = await startHarness();
  const comment = await app.say('alice', '/cancel');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^🚫 `\/cancel`: Nothing is running for this pull request/u);
  assert.deepEqual(app.reactions(comment), ['confused']);
});

scenario('a cancel of a run that is over changes nothing and says so', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme');
  await app.settle();
  await app.drone.finish(1, 'success');
  await app.settle();
  await app.say('alice', '!cancel 1');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^✅/u);
  assert.match(app.lines()[1] ?? '', /Run 1 is not running/u);
});

scenario(
  'a cancel while Drone works kills the build and the living comment says who did it',
  async () => {
    await using app = await startHarness();
    await app.say('bob', '!testme');
    await app.settle();
    await app.drone.advance(1);
    await app.settle();
    const cancel = await app.say('alice', '!stop');
    await app.settle();
    assert.equal(app.drone.builds()[0]?.status, 'killed');
    assert.match(
      app.lines()[0] ?? '',
      /^⚪ \*\*Cancelled\*\* — `!testme` on \S+ · by \[alice\]\(\S+\/alice\) with \[`\/cancel`\]\(\S+\)/u,
    );
    assert.match(app.statuses()['signalbox/testme'] ?? '', /^failure: Cancelled by alice/u);
    assert.deepEqual(app.reactions(cancel), ['+1']);
    assert.equal(app.answers().length, 1, 'nobody is called for what they asked for');
  },
);

scenario(
  'a cancel before the far side’s number is known ends in a killed build, not in a second one',
  async () => {
    await using app = await startHarness();
    app.drone.faults.next({ method: 'POST', path: /builds/ }, { kind: 'after', status: 502 });
    await app.say('alice', '!testme');
    await app.settle();
    assert.equal((await app.runs())[0]?.remote.id, undefined);
    await app.say('alice', '!cancel');
    await app.settle();
    await app.later(61_000);
    await app.later(10_000);
    assert.deepEqual(
      app.drone.builds().map(({ status }) => status),
      ['killed'],
    );
    assert.equal((await app.runs())[0]?.state, 'cancelled');
    assert.match(app.lines()[0] ?? '', /^⚪ \*\*Cancelled\*\*/u);
  },
);

scenario('a cancel while the build is being made kills it as soon as it is there', async () => {
  await using app = await startHarness();
  app.drone.faults.next({ method: 'POST', path: /builds/ }, { kind: 'slow', delayMs: 60_000 });
  await app.say('alice', '!testme');
  await app.until(() => app.reactions(1).length > 0);
  await app.say('alice', '!cancel');
  await app.until(() => app.reactions(2).length > 0);
  app.clock.pass(60_000);
  await app.settle();
  await app.later(5_000);
  assert.deepEqual(
    app.drone.builds().map(({ status }) => status),
    ['killed'],
  );
  assert.equal((await app.runs())[0]?.state, 'cancelled');
});

scenario('a cancel of a build that never came to be ends the run without making one', async () => {
  await using app = await startHarness();
  app.drone.faults.next({ method: 'POST', path: /builds/ }, { kind: 'before', status: 502 });
  await app.say('alice', '!testme');
  await app.settle();
  await app.say('alice', '!cancel');
  await app.settle();
  await app.later(61_000);
  assert.equal(app.drone.builds().length, 0);
  assert.equal((await app.runs())[0]?.state, 'cancelled');
});

scenario(
  'a run that passed before the cancel reached it stays cancelled and has one answer',
  async () => {
    await using app = await startHarness();
    await app.say('alice', '!testme');
    await app.settle();
    app.drone.setWebhook(undefined);
    await app.drone.finish(1, 'success');
    await app.say('alice', '!cancel');
    await app.settle();
    await app.later(60_000);
    assert.match((await app.runs())[0]?.state ?? '', /^(cancelled|passed)$/u);
    assert.equal(app.answers().length, 1);
    assert.doesNotMatch(app.lines()[0] ?? '', /^🔄/u);
  },
);

scenario('two cancels at once stop the run once and both are answered', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme');
  await app.settle();
  const first = await app.say('alice', '!cancel');
  const second = await app.say('bob', '!cancel');
  await app.settle();
  assert.equal(app.drone.builds()[0]?.status, 'killed');
  const reactions = [app.reactions(first), app.reactions(second)].flat();
  assert.equal(reactions.length, 2);
  assert.ok(reactions.every((one) => one === '+1' || one === 'confused'));
});

scenario('closing the pull request stops its run', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme');
  await app.settle();
  await app.forge.closePull(PULL, 'bob');
  await app.settle();
  assert.equal(app.drone.builds()[0]?.status, 'killed');
  assert.match(
    app.lines()[0] ?? '',
    /^⚪ \*\*Cancelled\*\* .* · \[bob\]\(\S+\) closed the pull request$/u,
  );
});

scenario('deleting the head branch closes the pull request and stops its run', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme');
  await app.settle();
  await app.forge.deleteBranch(REPOSITORY, 'topic', 'bob');
  await app.settle();
  assert.equal(app.drone.builds()[0]?.status, 'killed');
  assert.equal((await app.runs())[0]?.cancellation?.cause, 'pull_request_closed');
});

scenario('a push alone starts and stops nothing', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme');
  await app.settle();
  await app.forge.pushToPull(PULL, { files: { 'app.js': '3\n' }, message: 'Three', by: 'bob' });
  await app.settle();
  assert.deepEqual(
    app.drone.builds().map(({ status }) => status),
    ['pending'],
  );
});

scenario(
  'the run that a newer command took the place of points to the one that took it',
  async () => {
    await using app = await startHarness();
    await app.say('alice', '!testme');
    await app.settle();
    await app.forge.pushToPull(PULL, { files: { 'app.js': '3\n' }, message: 'Three', by: 'bob' });
    await app.say('alice', '!testme');
    await app.settle();
    await app.later(5_000);
    assert.match(
      app.lines()[0] ?? '',
      /^⏭️ \*\*Superseded\*\* — the run on `[0-9a-f]{7}` did not start: a newer command runs \[`[0-9a-f]{7}`\]\(\S+\)\. See the \[current status\]\(\S+#issuecomment-\d+\)/u,
    );
    assert.match(app.lines()[1] ?? '', /^🔄/u);
  },
);
