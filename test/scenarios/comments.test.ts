import assert from 'node:assert/strict';
import { startHarness } from '../support/harness.ts';
import { scenario } from '../support/scenario.ts';

const TWO_SUITES = 'suites:\n  testme: { runner: drone }\n  smoke: { runner: drone }\n';

scenario('of several commands in one comment cancel goes first', async () => {
  await using app = await startHarness({ signalboxYml: TWO_SUITES });
  await app.say('alice', '!testme');
  await app.settle();
  await app.say('alice', 'Wrong one:\n\n!testme smoke\n!cancel');
  await app.settle();
  await app.later(100);
  const states = (await app.runs()).map((run) => `${run.suite} ${run.state}`);
  assert.deepEqual(states, ['testme cancelled', 'smoke running']);
});

scenario('commands in quotes, code, lists, links and HTML comments do nothing', async () => {
  await using app = await startHarness();
  const hidden = ['> !testme', '```\n!testme\n```', '    !testme', '- !testme', '`!testme`'];
  for (const body of [...hidden, '<!-- \n!testme\n-->', '[!testme](http://x.test)'])
    await app.say('alice', body);
  await app.settle();
  assert.deepEqual(await app.runs(), []);
  assert.deepEqual(app.answers(), []);
  const kept = (await app.deliveries()).map(({ reason }) => reason);
  assert.ok(kept.every((reason) => reason === 'no_command'));
  assert.equal(kept.length + (await app.ignored('no_command')), 7);
});

scenario(
  'a misspelt command is answered with the right one, and the edit of that comment runs it',
  async () => {
    await using app = await startHarness();
    const comment = await app.say('alice', '!tesme');
    await app.settle();
    assert.match(app.lines()[0] ?? '', /^❓ I don't know `!tesme`\. Did you mean `!testme`\?$/u);
    assert.deepEqual(app.reactions(comment), ['confused']);
    await app.forge.editComment(comment, 'alice', '!testme');
    await app.settle();
    assert.equal(app.drone.builds().length, 1);
    assert.equal(app.answers().length, 1, 'the same comment lives on');
    assert.match(app.lines()[0] ?? '', /^🔄 \*\*Running\*\* — `!testme`/u);
    assert.deepEqual(app.reactions(comment), ['eyes']);
  },
);

scenario('an edit into another mistake changes the answer', async () => {
  await using app = await startHarness();
  const comment = await app.say('alice', '!tesme');
  await app.settle();
  await app.forge.editComment(comment, 'alice', '!testme stages=upgrde');
  await app.settle();
  assert.equal(app.answers().length, 1);
  assert.match(app.lines()[0] ?? '', /upgrde/u);
});

scenario('an edit adds nothing to a comment that was understood', async () => {
  await using app = await startHarness({ signalboxYml: TWO_SUITES });
  const comment = await app.say('alice', '!testme');
  await app.settle();
  await app.forge.editComment(comment, 'alice', '!testme smoke');
  await app.settle();
  await app.service.catchUpNow();
  await app.settle();
  assert.equal(app.drone.builds().length, 1);
  assert.equal((await app.deliveries())[0]?.reason, 'already_known');
});

scenario('an edit into a command of a comment that held none is not obeyed', async () => {
  await using app = await startHarness();
  const comment = await app.say('alice', 'Looks good.');
  await app.settle();
  await app.forge.editComment(comment, 'alice', '!testme');
  await app.settle();
  await app.service.catchUpNow();
  await app.settle();
  assert.equal(app.drone.builds().length, 0);
});

scenario(
  'what somebody else writes into a comment is not obeyed, also when catch-up reads it',
  async () => {
    await using app = await startHarness();
    const comment = await app.say('alice', '!tesme');
    await app.settle();
    await app.forge.editComment(comment, 'bob', '!testme');
    await app.settle();
    await app.service.catchUpNow();
    await app.settle();
    assert.equal(app.drone.builds().length, 0);
    assert.match(app.lines()[0] ?? '', /^❓ /u);
    assert.deepEqual(
      (await app.deliveries()).map(({ reason }) => reason),
      ['edited_by_other', null],
    );
  },
);

scenario('a comment that is deleted before its command was looked at starts nothing', async () => {
  await using app = await startHarness();
  app.forge.faults.next({ method: 'GET', path: /pulls\/1$/ }, { kind: 'before', times: 3 });
  const comment = await app.say('alice', '!testme');
  await app.settle();
  await app.forge.deleteComment(comment, 'alice');
  await app.settle();
  await app.later(120_000);
  assert.deepEqual(await app.runs(), []);
  assert.deepEqual(app.answers(), []);
});

scenario('news of a deletion that overtakes the comment keeps it from being obeyed', async () => {
  await using app = await startHarness();
  app.forge.faults.webhooks({ lose: 1, random: () => 0 });
  const comment = await app.say('alice', '!testme');
  const [posted] = app.sent();
  assert.ok(posted);
  app.forge.faults.clear();
  await app.forge.deleteComment(comment, 'alice');
  await app.settle();
  app.replay(posted);
  await app.settle();
  assert.deepEqual(await app.runs(), []);
  assert.equal((await app.deliveries())[0]?.reason, 'comment_deleted');
});

scenario('a run that goes on is not stopped by deleting the comment', async () => {
  await using app = await startHarness();
  const comment = await app.say('alice', '!testme');
  await app.settle();
  await app.forge.deleteComment(comment, 'alice');
  await app.settle();
  await app.drone.finish(1, 'success');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^✅ \*\*Passed\*\*/u);
});

scenario('of more than ten commands ten are obeyed and the rest is told', async () => {
  await using app = await startHarness();
  await app.say('alice', Array.from({ length: 12 }, () => '!status').join('\n'));
  await app.settle();
  const lines = app.lines();
  assert.equal(lines.length, 11);
  assert.equal(lines.filter((line) => line.startsWith('❓')).length, 1);
});

scenario('several wrong lines are answered in one comment', async () => {
  await using app = await startHarness();
  await app.say('alice', '!tesme\n\n!cancle');
  await app.settle();
  assert.equal(app.answers().length, 1);
  assert.match(app.answers()[0] ?? '', /!tesme[\s\S]*!testme[\s\S]*!cancle[\s\S]*!cancel/u);
});

scenario('status is answered in place from what is known', async () => {
  await using app = await startHarness();
  await app.say('alice', '!status');
  await app.settle();
  await app.say('alice', '!testme');
  await app.settle();
  const asked = await app.say('carol', '!status');
  await app.settle();
  assert.match(app.answers()[2] ?? '', /\*\*1 run\*\* on this pull request: 1 running/u);
  assert.deepEqual(app.reactions(asked), ['+1']);
});

scenario('a command of a later version is answered as such', async () => {
  await using app = await startHarness();
  await app.say('alice', '!retest');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^🚫 `!retest`/u);
});

scenario('comments on issues and of the pull request text do nothing', async () => {
  await using app = await startHarness();
  await app.forge.editPull({ repository: 'demo/shop', pull: 1 }, { body: '!testme', by: 'alice' });
  await app.settle();
  assert.deepEqual(await app.runs(), []);
});
