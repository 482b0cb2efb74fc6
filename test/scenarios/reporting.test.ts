import assert from 'node:assert/strict';
import { DRONE_SUITE, type Harness, isEdit, PULL, startHarness } from '../support/harness.ts';
import { scenario } from '../support/scenario.ts';

const TWO = 'suites:\n  testme: { runner: drone }\n  smoke: { runner: drone }\n';

async function testme(app: Harness, command = '!testme'): Promise<number> {
  const comment = await app.say('bob', command);
  await app.settle();
  return comment;
}

scenario('several suites in one command share a comment and have a status each', async () => {
  await using app = await startHarness({ signalboxYml: TWO });
  const comment = await testme(app, '!testme testme smoke');
  assert.equal(app.answers().length, 1);
  assert.match(app.answers()[0] ?? '', /`!testme testme smoke`[\s\S]*testme[\s\S]*smoke/u);
  await app.drone.finish(1, 'success');
  await app.settle();
  assert.deepEqual(app.reactions(comment), ['eyes'], 'one of them is still on its way');
  await app.drone.finish(2, 'failure', { step: 'test', log: ['boom'] });
  await app.settle();
  const states = Object.entries(app.statuses()).map(([name, said]) => [name, said.split(':')[0]]);
  const bySuite = (await app.runs()).map(({ suite, state }) => [
    `signalbox/${suite}`,
    state === 'passed' ? 'success' : 'failure',
  ]);
  assert.deepEqual(Object.fromEntries(states), Object.fromEntries(bySuite));
  assert.deepEqual(app.reactions(comment), ['-1']);
  assert.equal(app.answers().length, 2, 'the comment and one ping');
});

scenario('a suite that is named twice is a mistake, and is told', async () => {
  await using app = await startHarness();
  await testme(app, '!testme testme testme');
  assert.equal(app.drone.builds().length, 0);
  assert.match(app.lines()[0] ?? '', /^❓ .*`testme` is given twice/u);
});

scenario(
  'comments: outcomes says nothing before the end, with the reaction and the status there at once',
  async () => {
    await using app = await startHarness({ signalboxYml: `${DRONE_SUITE}comments: outcomes\n` });
    const comment = await testme(app);
    assert.deepEqual(app.answers(), []);
    assert.deepEqual(app.reactions(comment), ['eyes']);
    assert.match(app.statuses()['signalbox/testme'] ?? '', /^pending/u);
    await app.drone.finish(1, 'success');
    await app.settle();
    assert.match(app.lines()[0] ?? '', /^✅/u);
  },
);

scenario('comments: failures says nothing of what passes', async () => {
  await using app = await startHarness({ signalboxYml: `${DRONE_SUITE}comments: failures\n` });
  const first = await testme(app);
  await app.drone.finish(1, 'success');
  await app.settle();
  assert.deepEqual(app.answers(), []);
  assert.deepEqual(app.reactions(first), ['rocket']);
  await testme(app);
  await app.drone.finish(2, 'failure');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^❌/u);
});

scenario('comments: off leaves reaction and status alone to tell', async () => {
  await using app = await startHarness({ signalboxYml: `${DRONE_SUITE}comments: "off"\n` });
  const comment = await testme(app);
  await app.drone.finish(1, 'failure');
  await app.settle();
  assert.deepEqual(app.answers(), []);
  assert.deepEqual(app.reactions(comment), ['-1']);
  assert.match(app.statuses()['signalbox/testme'] ?? '', /^failure/u);
});

scenario('pings: off calls nobody', async () => {
  await using app = await startHarness({ signalboxYml: `${DRONE_SUITE}pings: "off"\n` });
  await testme(app);
  await app.drone.finish(1, 'failure');
  await app.settle();
  assert.equal(app.answers().length, 1);
});

for (const [level, pings] of [
  ['all', 1],
  ['failures', 0],
] as const) {
  scenario(
    `with pings: ${level} a run that took eleven minutes and passed calls ${pings === 0 ? 'nobody' : 'who asked'}`,
    async () => {
      await using app = await startHarness({ signalboxYml: `${DRONE_SUITE}pings: ${level}\n` });
      await testme(app);
      await app.later(11 * 60_000);
      await app.drone.finish(1, 'success');
      await app.settle();
      assert.equal(app.answers().length, 1 + pings);
      if (pings > 0) assert.match(app.lines()[1] ?? '', /^@bob ✅/u);
    },
  );
}

scenario('a run that ends at once is told once: no queued comment before it', async () => {
  await using app = await startHarness({ pace: { quietMs: 3_000 } });
  const comment = await testme(app);
  assert.deepEqual(app.answers(), []);
  assert.deepEqual(app.reactions(comment), ['eyes']);
  await app.drone.finish(1, 'success');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^✅/u);
  assert.equal(app.forge.history.filter(isEdit).length, 0);
});

scenario(
  'a long build edits its comment at most fifteen times and the last word is among them',
  async () => {
    await using app = await startHarness();
    await testme(app);
    for (let stage = 0; stage < 40; stage += 1) {
      if (stage < 7) await app.drone.advance(1);
      await app.later(30_000);
    }
    await app.drone.finish(1, 'success');
    await app.settle();
    const edits = app.forge.history.filter(isEdit).length;
    assert.ok(edits <= 15, `${edits} edits`);
    assert.match(app.lines()[0] ?? '', /^✅/u);
  },
);

scenario(
  'a living comment that somebody deleted is made again at the next change, once',
  async () => {
    await using app = await startHarness();
    await testme(app);
    const living = app.forge.commentsOn(PULL).at(-1);
    assert.ok(living);
    await app.forge.deleteComment(living.id, 'alice');
    await app.settle();
    assert.deepEqual(app.answers(), []);
    await app.drone.finish(1, 'success');
    await app.settle();
    await app.later(60_000);
    assert.equal(app.answers().length, 1);
    assert.match(app.lines()[0] ?? '', /^✅/u);
  },
);

scenario('somebody who quotes our comment with its marker does not get theirs edited', async () => {
  await using app = await startHarness();
  await testme(app);
  const living = app.forge.commentsOn(PULL).at(-1);
  assert.ok(living);
  const quote = await app.say('mallory', living.body);
  await app.settle();
  await app.forge.deleteComment(living.id, 'alice');
  await app.drone.finish(1, 'success');
  await app.settle();
  await app.later(60_000);
  const quoted = app.forge.commentsOn(PULL).find(({ id }) => id === quote);
  assert.equal(quoted?.body, living.body);
  assert.match(app.lines()[0] ?? '', /^✅/u);
});

scenario('a comment with two commands is seen until both are over', async () => {
  await using app = await startHarness({ signalboxYml: TWO });
  const comment = await testme(app, '!testme\n!testme smoke');
  assert.deepEqual(app.reactions(comment), ['eyes']);
  await app.drone.finish(1, 'success');
  await app.settle();
  assert.deepEqual(app.reactions(comment).toSorted(), ['eyes', 'rocket']);
  await app.drone.finish(2, 'failure');
  await app.settle();
  assert.deepEqual(app.reactions(comment).toSorted(), ['-1', 'rocket']);
});

scenario(
  'the next run takes the ping of the one before away, and its comment shrinks to a line',
  async () => {
    await using app = await startHarness();
    await testme(app);
    await app.drone.finish(1, 'failure', { step: 'test', log: ['boom'] });
    await app.settle();
    assert.equal(app.answers().length, 2, 'the comment and the ping');
    assert.match(app.lines()[1] ?? '', /^@bob ❌/u);
    await testme(app);
    assert.equal(app.answers().length, 2, 'the comments of two runs');
    assert.match(
      app.lines()[0] ?? '',
      /^❌ \*\*Failed in test.*`!testme`.*there is a \[newer run\]/u,
    );
    assert.ok(!(app.answers()[0] ?? '').includes('boom'));
    assert.match(app.lines()[1] ?? '', /^🔄 \*\*Running/u);
    await app.drone.finish(2, 'success');
    await app.settle();
    assert.match(app.lines()[1] ?? '', /^✅ \*\*Passed/u);
    assert.equal(app.answers().length, 2);
  },
);

scenario('a ping whose answer got lost is found and taken away all the same', async () => {
  await using app = await startHarness();
  await testme(app);
  app.forge.faults.next({ method: 'POST', path: /issues\/1\/comments$/ }, { kind: 'reset-after' });
  await app.drone.finish(1, 'failure', { step: 'test', log: ['boom'] });
  await app.settle();
  await testme(app);
  for (let tries = 0; tries < 3; tries += 1) await app.later(20_000);
  assert.equal(app.answers().length, 2, app.answers().join('\n---\n'));
  assert.ok(!app.lines().some((line) => line.startsWith('@bob')));
});
