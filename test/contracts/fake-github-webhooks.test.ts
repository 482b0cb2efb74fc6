import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test from 'node:test';
import { PULL, SHOP, startShop } from '../support/fake-github/ask.ts';
import { HOOK_SECRET, startHeard } from '../support/fake-github/heard.ts';
import { startReceiver } from '../support/playground.ts';

test('a webhook has the headers of an App, and is signed over its bytes', async () => {
  await using world = await startHeard();
  const { shop, receiver } = world;
  await shop.github.comment(PULL, 'bob', '!testme <&> ü');
  const [payload] = await world.heard('issue_comment');
  const { headers, body } = receiver.received.at(-1) ?? { headers: {}, body: '' };
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['x-github-event'], 'issue_comment');
  assert.match(headers['x-github-delivery'] ?? '', /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  assert.equal(headers['x-github-hook-installation-target-type'], 'integration');
  assert.equal(headers['x-github-hook-installation-target-id'], '4711');
  assert.match(headers['user-agent'] ?? '', /^GitHub-Hookshot\//);
  const signature = createHmac('sha256', HOOK_SECRET).update(body).digest('hex');
  assert.equal(headers['x-hub-signature-256'], `sha256=${signature}`);
  assert.equal(body, JSON.stringify(payload), 'compact, as JSON.stringify writes it');
  assert.equal(Object.keys(payload ?? {})[0], 'action');
  const told = payload as {
    installation: { id: number };
    sender: { type: string };
    comment: { author_association: string };
  };
  assert.equal(told.installation.id, shop.installation);
  assert.equal(told.sender.type, 'User');
  assert.equal(told.comment.author_association, 'MEMBER');
});

test('events come for installed repositories and for what the App listens to, with its permission', async () => {
  await using world = await startHeard(['issue_comment']);
  const { github } = world.shop;
  const say = () => github.comment(PULL, 'bob', 'hello');
  await say();
  await github.pushToPull(PULL, { files: { a: 'a' }, message: 'A', by: 'bob' });
  assert.equal((await world.heard('issue_comment')).length, 1);
  assert.equal((await world.heard('pull_request')).length, 0);
  github.github.setPermissions({ issues: undefined, pull_requests: undefined });
  await say();
  github.github.setPermissions({ issues: 'read' });
  github.github.removeRepositories('demo', [SHOP]);
  await say();
  github.github.addRepositories('demo', [SHOP]);
  github.github.suspend('demo');
  await say();
  github.github.unsuspend('demo');
  assert.equal((await world.heard('issue_comment')).length, 1);
  await say();
  assert.equal((await world.heard('issue_comment')).length, 2);
  const told = async (event: string) => (await world.heard(event)).map(({ action }) => action);
  assert.deepEqual(await told('installation'), ['created', 'suspend', 'unsuspend']);
  assert.deepEqual(await told('installation_repositories'), ['removed', 'added']);
});

test('a change of the base tells the old one, a push the old head', async () => {
  await using world = await startHeard();
  const { github } = world.shop;
  await github.commit(SHOP, { branch: 'next', files: { a: 'a' }, message: 'A', by: 'bob' });
  await github.editPull(PULL, { base: 'next', by: 'bob' });
  const [edited] = await world.heard('pull_request', 'edited');
  const main = github.world.repositories.get(1)?.branches.get('main');
  assert.deepEqual(edited?.changes, { base: { ref: { from: 'main' }, sha: { from: main } } });
  const after = await github.pushToPull(PULL, { files: { b: 'b' }, message: 'B', by: 'bob' });
  const [pushed] = await world.heard('pull_request', 'synchronize');
  assert.deepEqual([pushed?.before, pushed?.after], [world.shop.sha, after]);
});

test('a duplicate has the same GUID, what is lost is in the log, and comes when it is asked for again', async () => {
  await using world = await startHeard();
  const { shop, receiver } = world;
  const { faults } = shop.github;
  await shop.github.idle();
  faults.webhooks({ duplicate: 1, random: () => 0 });
  await shop.github.comment(PULL, 'bob', 'twice');
  await shop.github.idle();
  const [first, second] = receiver.received
    .slice(-2)
    .map((one) => one.headers['x-github-delivery']);
  assert.equal(first, second);

  faults.webhooks({ lose: 1, random: () => 0 });
  await shop.github.comment(PULL, 'bob', 'lost');
  faults.webhooks(undefined);
  await shop.github.idle();
  const [missed] = (await shop.app('GET', '/app/hook/deliveries?per_page=1')).body;
  assert.deepEqual([missed.event, missed.redelivery], ['issue_comment', false]);
  assert.notEqual(missed.status, 'OK');
  assert.equal(missed.installation_id, shop.installation);
  const before = receiver.received.length;
  const path = `/app/hook/deliveries/${missed.id}`;
  assert.equal((await shop.app('POST', `${path}/attempts`)).status, 202);
  await shop.github.idle();
  assert.equal(receiver.received.length, before + 1);
  assert.equal(receiver.received.at(-1)?.headers['x-github-delivery'], missed.guid);
  const [again] = (await shop.app('GET', '/app/hook/deliveries?per_page=1')).body;
  assert.deepEqual([again.guid, again.status, again.redelivery], [missed.guid, 'OK', true]);
  const whole = (await shop.app('GET', path)).body;
  assert.equal(whole.request.payload.comment.body, 'lost');
  assert.equal((await shop.app('GET', '/app/hook/deliveries/9999')).status, 404);
});

test('the log is paged by a cursor, and tells a refusal and a redirect by their status', async () => {
  await using refusing = await startReceiver(307);
  await using shop = await startShop({ app: { webhookUrl: refusing.url } });
  for (let made = 0; made < 5; made += 1) await shop.github.comment(PULL, 'bob', `no ${made}`);
  await shop.github.idle();
  const first = await shop.app('GET', '/app/hook/deliveries?per_page=4');
  assert.deepEqual(
    [first.body[0].status_code, first.body[0].status],
    [307, 'Invalid HTTP Response: 307'],
  );
  const [, next = ''] = /^<([^>]+)>; rel="next"$/.exec(first.headers.get('link') ?? '') ?? [];
  const second = await shop.app('GET', next);
  const ids = [...first.body, ...second.body].map((one: { id: number }) => one.id);
  assert.deepEqual(
    ids,
    ids.toSorted((a: number, b: number) => b - a),
  );
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(refusing.received.length, ids.length, 'nothing is tried twice');
});

test('a new address of the hook is pinged', async () => {
  await using world = await startHeard();
  await using other = await startReceiver();
  const { shop } = world;
  const changed = await shop.app('PATCH', '/app/hook/config', { url: other.url });
  assert.deepEqual([changed.body.url, changed.body.secret], [other.url, '********']);
  await shop.github.idle();
  assert.equal(other.received[0]?.headers['x-github-event'], 'ping');
  assert.equal((await shop.app('GET', '/app/hook/config')).body.url, other.url);
});
