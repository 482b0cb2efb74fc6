import assert from 'node:assert/strict';
import { type Harness, PULL, startHarness } from '../support/harness.ts';
import { scenario } from '../support/scenario.ts';

function loseWebhooks(app: Harness): void {
  app.forge.faults.webhooks({ lose: 1, random: () => 0 });
}

async function catchUp(app: Harness): Promise<number> {
  const taken = await app.service.catchUpNow();
  await app.settle();
  return taken;
}

scenario('what was written while the bot was down is answered when it is back', async () => {
  await using app = await startHarness();
  await app.stop();
  await app.say('alice', '!testme');
  await app.forge.idle();
  await app.start();
  await app.settle();
  assert.equal(app.drone.builds().length, 1);
  const comments = (await app.deliveries()).filter(({ event }) => event === 'comment-created');
  assert.equal(comments.length, 1);
  // Where the forge sends again what failed, that may come first.
  assert.match(comments[0]?.source ?? '', /^(catch-up|webhook)$/u);
});

scenario('what was written before the bot first saw the repository is not for it', async () => {
  await using app = await startHarness();
  await app.app.ledger.db.deleteFrom('watermarks').execute();
  loseWebhooks(app);
  await app.say('alice', '!testme');
  app.clock.pass(5_000);
  assert.equal(await catchUp(app), 0);
  await app.later(200_000);
  assert.equal(await catchUp(app), 0);
  assert.equal(app.drone.builds().length, 0);
});

scenario('more comments than fit on a page are all seen, each once', async () => {
  await using app = await startHarness();
  loseWebhooks(app);
  for (let n = 0; n < 70; n += 1) await app.forge.comment(PULL, 'bob', `Remark ${n}`);
  const comments = [];
  for (let n = 0; n < 65; n += 1) comments.push(await app.say('carol', '!testme'));
  await catchUp(app);
  await catchUp(app);
  assert.equal((await app.deliveries()).length, 65);
  assert.ok(comments.every((comment) => app.reactions(comment)[0] === 'confused'));
  assert.equal(app.answers().length, 1);
});

scenario('comments of the same moment are all seen, also one that is listed later', async () => {
  await using app = await startHarness();
  loseWebhooks(app);
  const first = await app.say('alice', '!status');
  await catchUp(app);
  const late = await app.say('alice', '!status');
  const [one, two] = [first, late].map((id) => app.forge.world.comments.get(id));
  assert.ok(one && two);
  two.updatedAt = one.updatedAt;
  await catchUp(app);
  assert.equal(app.answers().length, 2);
});

scenario('a comment that was listed only after newer ones is found in the overlap', async () => {
  await using app = await startHarness();
  loseWebhooks(app);
  const hidden = await app.say('alice', '!status');
  const comment = app.forge.world.comments.get(hidden);
  assert.ok(comment);
  app.forge.world.comments.delete(hidden);
  app.clock.pass(30_000);
  await app.say('alice', '!help');
  await catchUp(app);
  app.forge.world.comments.set(hidden, comment);
  await catchUp(app);
  assert.equal(app.answers().length, 2);
});

scenario('the edit of an old comment that was not understood is found', async () => {
  await using app = await startHarness();
  const comment = await app.say('alice', '!tesme');
  await app.settle();
  await app.later(24 * 3_600_000);
  await catchUp(app);
  loseWebhooks(app);
  await app.forge.editComment(comment, 'alice', '!testme');
  await catchUp(app);
  assert.equal(app.drone.builds().length, 1);
  assert.equal(app.answers().length, 1);
});

scenario('the edit of an old comment that held no command is not obeyed', async () => {
  await using app = await startHarness();
  const comment = await app.say('alice', 'Looks good.');
  await app.settle();
  await app.later(24 * 3_600_000);
  await app.say('bob', 'Thank you.');
  await catchUp(app);
  loseWebhooks(app);
  await app.forge.editComment(comment, 'alice', '!testme');
  await catchUp(app);
  assert.equal(app.drone.builds().length, 0);
});

scenario(
  'an edit seen shortly after the comment is an edit, although a list cannot tell',
  async () => {
    await using app = await startHarness();
    const comment = await app.say('alice', '!status');
    await app.settle();
    loseWebhooks(app);
    await app.forge.editComment(comment, 'alice', '!testme');
    await catchUp(app);
    assert.equal(app.drone.builds().length, 0, 'what was understood cannot be edited into another');
  },
);

scenario('ten minutes without any webhook: each command is answered once', async () => {
  await using app = await startHarness();
  loseWebhooks(app);
  const asked = [];
  for (let minute = 0; minute < 10; minute += 1) {
    asked.push(await app.say(minute % 2 === 0 ? 'alice' : 'bob', '!status'));
    app.clock.pass(60_000);
    await catchUp(app);
  }
  await catchUp(app);
  assert.equal(app.answers().length, 10);
  for (const comment of asked) assert.deepEqual(app.reactions(comment), ['+1']);
});

scenario('talk among people and our own answers leave no rows', async () => {
  await using app = await startHarness();
  await app.say('alice', '!status');
  await app.say('bob', 'Nice, thank you.');
  await app.settle();
  const before = (await app.deliveries()).length;
  await catchUp(app);
  assert.equal((await app.deliveries()).length, before);
});

scenario('a repository whose list fails is seen in the next pass', async () => {
  await using app = await startHarness();
  loseWebhooks(app);
  await app.say('alice', '!testme');
  app.forge.faults.next({ path: /issues\/comments/ }, { kind: 'before', status: 500 });
  await app.service.catchUpNow().catch(() => {});
  await catchUp(app);
  assert.equal(app.drone.builds().length, 1);
});
