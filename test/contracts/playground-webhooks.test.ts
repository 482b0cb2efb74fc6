import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { readRecorded, startReceiver, startShop } from '../support/playground.ts';
import {
  assertSameShape,
  call,
  connectHook,
  EVENTS,
  eventsIn,
  SECRET,
  SHOP,
} from '../support/playground-calls.ts';

test('a comment event has the recorded headers and keys, is signed over its bytes, and shows the rights of its sender', async () => {
  await using playground = await startShop();
  await using receiver = await startReceiver();
  await connectHook(playground, receiver.url);
  await playground.comment(SHOP, 'carol', '!testme <now> & äöü 🚂');
  await playground.idle();
  const [delivery] = receiver.received;
  const [recorded] = await readRecorded('webhook/issue-comment-created-on-pull');
  assert.ok(delivery && recorded);
  const theirs = Object.keys(recorded.request.headers).sort();
  const ours = Object.keys(delivery.headers).sort();
  // Node keeps the connection, which Gitea leaves unsaid.
  assert.deepEqual(
    ours.filter((name) => name !== 'connection'),
    theirs,
  );
  for (const name of ['x-gitea-event', 'x-gitea-event-type', 'x-github-event', 'content-type'])
    assert.equal(delivery.headers[name], recorded.request.headers[name], name);
  const mac = createHmac('sha256', SECRET).update(delivery.body).digest('hex');
  assert.equal(delivery.headers['x-gitea-signature'], mac);
  assert.equal(delivery.headers['x-hub-signature-256'], `sha256=${mac}`);
  assertSameShape(delivery.body, recorded.request.body);
  assert.match(delivery.body, /^\{\n {2}"action": "created",\n/);
  assert.match(delivery.body, /\\u003cnow\\u003e \\u0026 äöü 🚂/);
  const { repository } = JSON.parse(delivery.body) as { repository: { permissions: object } };
  assert.deepEqual(repository.permissions, { admin: false, push: false, pull: true });
});

test('every change that Gitea announces is announced, and nothing else', async () => {
  await using playground = await startShop();
  await using receiver = await startReceiver();
  await connectHook(playground, receiver.url, { events: [...EVENTS, 'create', 'delete'] });
  const comment = await playground.comment(SHOP, 'carol', 'Hello');
  await playground.editComment(comment.id, 'carol', '!testme');
  await playground.editComment(comment.id, 'carol', '!testme');
  playground.react(comment.id, 'alice', '+1');
  await playground.deleteComment(comment.id, 'carol');
  await playground.pushToPull(SHOP, { files: { a: 'b' }, message: 'More', by: 'bob' });
  await playground.editPull(SHOP, { title: 'New title', body: 'New text', by: 'bob' });
  await playground.closePull(SHOP, 'bob');
  await playground.reopenPull(SHOP, 'bob');
  await playground.deleteBranch('demo/shop', 'cents', 'bob');
  await playground.idle();
  assert.deepEqual(eventsIn(receiver.received), [
    'pull_request_comment created',
    'pull_request_comment edited',
    'pull_request_comment deleted',
    'push',
    'pull_request_sync synchronized',
    'pull_request edited',
    'pull_request edited',
    'pull_request closed',
    'pull_request reopened',
    'delete',
    'pull_request closed',
  ]);
  const closed = JSON.parse(receiver.received.at(-1)?.body ?? '') as {
    pull_request: { merged: boolean; head: { ref: string } };
  };
  assert.equal(closed.pull_request.merged, false);
  assert.equal(closed.pull_request.head.ref, 'refs/pull/1/head');
});

test('push and pull request events have the recorded keys', async () => {
  await using playground = await startShop();
  await using receiver = await startReceiver();
  await connectHook(playground, receiver.url);
  await playground.pushToPull(SHOP, { files: { 'src/app.js': 'x' }, message: 'x', by: 'bob' });
  await playground.mergePull(SHOP, 'alice');
  await playground.idle();
  const [push, synchronized, merged] = receiver.received;
  const recorded = await readRecorded('webhook/pull-synchronized');
  assert.ok(push && synchronized && merged && recorded[0] && recorded[1]);
  const plain = (body: string) =>
    body.replaceAll(/"(added|removed|modified)": \[[^\]]*\]/g, '"$1": 0');
  assertSameShape(plain(push.body), plain(recorded[0].request.body));
  assertSameShape(synchronized.body, recorded[1].request.body);
  const closed = JSON.parse(merged.body) as { pull_request: { merged: boolean } };
  assert.equal(closed.pull_request.merged, true);
});

test('a fork and an AGit pull request look as recorded, and a deleted fork closes its own', async () => {
  await using playground = await startShop();
  await playground.fork('demo/shop', 'mallory');
  const change = { files: { 'src/app.js': 'evil\n' }, message: 'Fix a typo', by: 'mallory' };
  await playground.commit('mallory/shop', { branch: 'typo', ...change });
  const wish = { repository: 'demo/shop', author: 'mallory' };
  await playground.openPull({ ...wish, title: 'Fork', fork: 'mallory/shop', head: 'typo' });
  await playground.openPull({ ...wish, title: 'AGit', agit: { 'a.txt': 'a' } });
  type Seen = { state: string; head: { label: string; ref: string; repo_id: number } };
  const read = async (number: number) => {
    const answer = await call(playground, 'GET', `/repos/demo/shop/pulls/${number}`);
    return JSON.parse(answer.text) as Seen;
  };
  assert.notEqual((await read(2)).head.repo_id, 1);
  const agit = await read(3);
  assert.deepEqual(
    [agit.head.label, agit.head.ref, agit.head.repo_id],
    ['', 'refs/pull/3/head', 1],
  );
  await playground.deleteRepository('mallory/shop', 'mallory');
  const orphan = await read(2);
  assert.deepEqual([orphan.state, orphan.head.repo_id], ['closed', -1]);
});

test('webhooks get lost, doubled and shuffled when asked to', async () => {
  await using playground = await startShop();
  await using receiver = await startReceiver();
  await connectHook(playground, receiver.url);
  const say = async (count: number) => {
    receiver.received.length = 0;
    for (let index = 0; index < count; index += 1)
      await playground.comment(SHOP, 'carol', `${index}`);
    await playground.idle();
    return receiver.received.map(
      ({ body }) => (JSON.parse(body) as { comment: { body: string } }).comment.body,
    );
  };
  playground.faults.webhooks({ lose: 1, random: () => 0.2 });
  assert.deepEqual(await say(2), []);
  assert.equal(playground.deliveries.at(-1)?.outcome, 'lost');
  playground.faults.webhooks({ duplicate: 1, random: () => 0.2 });
  assert.deepEqual(await say(2), ['0', '0', '1', '1']);
  playground.faults.webhooks({ shuffle: true, random: () => 0.99 });
  const shuffled = await say(6);
  assert.notDeepEqual(shuffled, shuffled.toSorted());
  assert.equal(new Set(shuffled).size, 6);
});

test('a receiver that fails is told once and never again, and the log says so', async () => {
  await using playground = await startShop();
  await using receiver = await startReceiver(500);
  await connectHook(playground, receiver.url);
  await playground.comment(SHOP, 'carol', 'x');
  await playground.idle();
  assert.equal(receiver.received.length, 1);
  assert.deepEqual(
    playground.deliveries.map(({ outcome, status }) => [outcome, status]),
    [['refused', 500]],
  );
});
