import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ForgeError } from '../../src/forges/forge.ts';
import { createGiteaForge } from '../../src/forges/gitea/index.ts';
import type { Playground } from '../../src/forges/playground/server.ts';
import { createHttpClient } from '../../src/lib/http-client.ts';
import { BOT_TOKEN, startReceiver, startShop } from '../support/playground.ts';
import { SECRET, SHOP } from '../support/playground-calls.ts';

function connect(playground: Playground) {
  const http = createHttpClient({ timeoutMs: 5_000 });
  const forge = createGiteaForge({
    name: 'play',
    kind: 'gitea',
    url: playground.url,
    token: BOT_TOKEN,
    webhookSecret: SECRET,
    http,
  });
  return { forge, [Symbol.asyncDispose]: () => http.close() };
}

test('the Gitea adapter reads accounts, pull requests, roles and files from the playground', async () => {
  await using playground = await startShop();
  await using connection = connect(playground);
  const { forge } = connection;
  assert.equal((await forge.whoAmI()).login, 'signalbox');
  const pull = await forge.readPullRequest('demo/shop', 1);
  const tip = playground.world.repositories.get(1)?.branches.get('cents');
  assert.deepEqual([pull.state, pull.head.origin, pull.head.sha], ['open', 'branch', tip]);
  await playground.fork('demo/shop', 'mallory');
  const change = { branch: 'typo', files: { a: 'b' }, message: 'x', by: 'mallory' };
  await playground.commit('mallory/shop', change);
  const wish = { repository: 'demo/shop', author: 'mallory', title: 'Fork' };
  await playground.openPull({ ...wish, fork: 'mallory/shop', head: 'typo' });
  await playground.openPull({ ...wish, agit: { c: 'd' } });
  assert.equal((await forge.readPullRequest('demo/shop', 2)).head.origin, 'fork');
  assert.equal((await forge.readPullRequest('demo/shop', 3)).head.origin, 'agit');
  // The adapter compares ids too: a login may have gone to somebody else.
  const idOf = (login: string) =>
    [...playground.world.users.values()].find((user) => user.login === login)?.id ?? 99;
  const roles = ['alice', 'bob', 'carol', 'mallory', 'nobody'].map((login) =>
    forge.readRole('demo/shop', { id: String(idOf(login)), login }),
  );
  assert.deepEqual(await Promise.all(roles), ['admin', 'write', 'read', 'read', 'none']);
  assert.equal(await forge.readFile('demo/shop', '.signalbox.yml', 'main'), 'suites: {}\n');
  assert.equal(await forge.readFile('demo/shop', 'missing.yml', 'main'), undefined);
  await assert.rejects(forge.readPullRequest('demo/shop', 99), (error: ForgeError) => {
    return error.code === 'not_found';
  });
});

test('the Gitea adapter writes comments, reactions and statuses to the playground and lists them', async () => {
  await using playground = await startShop();
  await using connection = connect(playground);
  const { forge } = connection;
  const asked = await playground.comment(SHOP, 'alice', '!testme');
  const answer = await forge.createComment({ ...SHOP, body: 'Queued' });
  await forge.editComment('demo/shop', answer.id, { body: 'Running' });
  await forge.addReaction('demo/shop', String(asked.id), 'eyes');
  await forge.addReaction('demo/shop', String(asked.id), 'eyes');
  assert.equal(playground.reactionsOn(asked.id).length, 1);
  await forge.removeReaction('demo/shop', String(asked.id), 'eyes');
  assert.equal(playground.reactionsOn(asked.id).length, 0);
  const listed = await Array.fromAsync(forge.listComments('demo/shop', new Date(0)));
  assert.deepEqual(
    listed.map(({ pull, comment }) => [pull, comment.author.login, comment.body]),
    [
      [1, 'alice', '!testme'],
      [1, 'signalbox', 'Running'],
    ],
  );
  const sha = playground.world.repositories.get(1)?.pulls.get(1)?.headSha ?? '';
  const status = { sha, context: 'signalbox/testme', state: 'success', description: 'Passed' };
  await forge.setStatus('demo/shop', { ...status, state: 'success', url: 'http://127.0.0.1/1' });
  assert.equal(playground.statusesOn('demo/shop', sha).at(-1)?.description, 'Passed');
  await forge.deleteComment('demo/shop', answer.id);
  assert.equal(playground.commentsOn(SHOP).length, 1);
});

test('the webhook the Gitea adapter registers delivers events that it verifies and understands', async () => {
  await using playground = await startShop();
  await using connection = connect(playground);
  await using receiver = await startReceiver();
  const { forge } = connection;
  await forge.whoAmI();
  assert.equal((await forge.ensureWebhook('demo/shop', receiver.url)).outcome, 'created');
  assert.equal((await forge.ensureWebhook('demo/shop', receiver.url)).outcome, 'unchanged');
  const comment = await playground.comment(SHOP, 'bob', '!testme');
  await playground.closePull(SHOP, 'bob');
  await playground.idle();
  const events = receiver.received.map(({ headers, body }) => {
    const request = { headers, body: Buffer.from(body) };
    assert.equal(forge.verify(request), true);
    return forge.normalize(request);
  });
  assert.deepEqual(
    events.map((event) => event.kind),
    ['comment-created', 'pull-request-closed'],
  );
  const [first] = events;
  assert.ok(first?.kind === 'comment-created');
  assert.deepEqual([first.comment.id, first.actor.login], [String(comment.id), 'bob']);
});
