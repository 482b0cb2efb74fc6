import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRecorded, startShop } from '../support/playground.ts';
import {
  assertAnswersAsRecorded,
  call,
  EVENTS,
  SECRET,
  SHOP,
  shapeOf,
} from '../support/playground-calls.ts';

test('reading answers carry the keys that Gitea was recorded with', async () => {
  await using playground = await startShop();
  const comment = await playground.comment(SHOP, 'alice', '!testme');
  const get = (target: string) => call(playground, 'GET', target);
  const cases: [string, string][] = [
    ['api/version', '/version'],
    ['api/user-self', '/user'],
    ['api/repo-get', '/repos/demo/shop'],
    ['api/repository-by-id', '/repositories/1'],
    ['api/branch-get', '/repos/demo/shop/branches/main'],
    ['api/pull-not-found', '/repos/demo/shop/pulls/99999'],
    ['api/comment-get', `/repos/demo/shop/issues/comments/${comment.id}`],
    ['api/comments-list-pull', '/repos/demo/shop/issues/1/comments'],
    ['api/permission-write', '/repos/demo/shop/collaborators/bob/permission'],
    ['api/permission-unknown-user', '/repos/demo/shop/collaborators/nobody/permission'],
    ['api/contents-at-branch', '/repos/demo/shop/contents/.signalbox.yml?ref=main'],
    ['api/contents-directory', '/repos/demo/shop/contents/src?ref=main'],
    ['api/contents-not-found', '/repos/demo/shop/contents/no/such/file.yml?ref=main'],
    ['api/contents-at-full-ref', '/repos/demo/shop/contents/src/app.js?ref=refs%2Fheads%2Fmain'],
    ['api/reaction-list-empty', `/repos/demo/shop/issues/comments/${comment.id}/reactions`],
    ['api/comment-not-found', '/repos/demo/shop/issues/comments/99999999'],
    ['api/hook-not-found', '/repos/demo/shop/hooks/99999'],
    ['api/settings-ui', '/settings/ui'],
  ];
  for (const [name, target] of cases) await assertAnswersAsRecorded(name, [await get(target)]);
  await assertAnswersAsRecorded('api/unknown-endpoint', [await get('/no/such')], {
    exactBody: true,
  });
});

test('a pull request has every key the adapter reads, over REST and in lists', async () => {
  await using playground = await startShop();
  const [recorded] = await readRecorded('api/pull-get');
  const answer = await call(playground, 'GET', '/repos/demo/shop/pulls/1');
  const known = new Set(shapeOf(JSON.parse(recorded?.response?.body ?? '')));
  const extra = shapeOf(JSON.parse(answer.text)).filter((key) => !known.has(key));
  // Nobody was asked for a review here, so these lists are empty.
  assert.deepEqual(
    extra.filter((key) => !key.startsWith('.requested_reviewers')),
    [],
  );
  for (const key of ['number', 'title', 'state', 'merged', 'user.id', 'user.login', 'html_url'])
    assert.ok(shapeOf(JSON.parse(answer.text)).includes(`.${key}`), key);
  const list = await call(playground, 'GET', '/repos/demo/shop/pulls?state=open&limit=1&page=1');
  assert.equal(list.headers.get('x-total-count'), '1');
});

test('writing answers as recorded, refusals included', async () => {
  await using playground = await startShop();
  const shop = '/repos/demo/shop';
  const post = (target: string, body?: unknown, token?: string | null) =>
    call(playground, 'POST', shop + target, { body, ...(token === undefined ? {} : { token }) });
  const created = await post('/issues/1/comments', { body: 'Hello <b>&</b>' });
  await assertAnswersAsRecorded('api/comment-create', [created]);
  assert.match(created.text, /Hello \\u003cb\\u003e\\u0026/);
  await assertAnswersAsRecorded('api/comment-create-invalid', [
    await post('/issues/1/comments', { body: '' }),
    await post('/issues/1/comments', {}),
    await post('/issues/1/comments', '{"body": '),
    await post('/issues/1/comments', { body: '   \n' }),
  ]);
  await assertAnswersAsRecorded('api/comment-unknown-pull', [
    await post('/issues/99999/comments', { body: 'x' }),
    await call(playground, 'GET', `${shop}/issues/99999/comments`),
  ]);
  const edit = (token: string) =>
    call(playground, 'PATCH', `${shop}/issues/comments/1`, { token, body: { body: 'Edited' } });
  await assertAnswersAsRecorded('api/comment-edit-of-other', [
    await edit('token-of-carol'),
    await edit('token-of-alice'),
  ]);
  const react = (content: string) => post('/issues/comments/1/reactions', { content });
  await assertAnswersAsRecorded('api/reaction-create', [await react('eyes')]);
  await assertAnswersAsRecorded('api/reaction-create-twice', [await react('eyes')]);
  assert.equal((await react('thumbsup')).status, 403);
  const unreact = (body?: unknown) =>
    call(playground, 'DELETE', `${shop}/issues/comments/1/reactions`, { body });
  await assertAnswersAsRecorded('api/reaction-delete', [
    await unreact({ content: 'eyes' }),
    await unreact({ content: 'eyes' }),
    await unreact(),
  ]);
  const remove = () => call(playground, 'DELETE', `${shop}/issues/comments/1`);
  await assertAnswersAsRecorded('api/comment-delete', [await remove(), await remove()]);
});

test('a wrong token is refused even for what anybody may read, and nobody may not write', async () => {
  await using playground = await startShop();
  const target = '/repos/demo/shop/pulls/1';
  await assertAnswersAsRecorded('api/bad-token-401', [
    await call(playground, 'GET', target, { token: 'wrong' }),
  ]);
  await assertAnswersAsRecorded('api/no-token', [
    await call(playground, 'GET', '/repos/demo/shop/branches/main', { token: null }),
    await call(playground, 'POST', '/repos/demo/shop/issues/1/comments', {
      token: null,
      body: { body: 'x' },
    }),
    await call(playground, 'GET', '/user', { token: null }),
  ]);
  const status = `/repos/demo/shop/statuses/main`;
  await assertAnswersAsRecorded('api/status-as-reader', [
    await call(playground, 'POST', status, { token: 'token-of-carol', body: {} }),
  ]);
  await assertAnswersAsRecorded('api/permission-as-writer', [
    await call(playground, 'GET', '/repos/demo/shop/collaborators/carol/permission', {
      token: 'token-of-bob',
    }),
  ]);
  await assertAnswersAsRecorded('api/hook-as-writer', [
    await call(playground, 'GET', '/repos/demo/shop/hooks', { token: 'token-of-bob' }),
  ]);
});

test('archived, locked, private and renamed repositories refuse each in its own way', async () => {
  await using playground = await startShop();
  const [repository] = playground.world.repositories.values();
  const pull = repository?.pulls.get(1);
  assert.ok(repository && pull);
  const comment = (token: string) =>
    call(playground, 'POST', '/repos/demo/shop/issues/1/comments', { token, body: { body: 'x' } });
  pull.locked = true;
  assert.equal((await comment('token-of-carol')).status, 403);
  assert.equal((await comment('token-of-bob')).status, 201);
  repository.archived = true;
  assert.equal((await comment('token-of-bob')).status, 423);
  repository.isPrivate = true;
  await assertAnswersAsRecorded('api/private-404', [
    await call(playground, 'GET', '/repos/demo/shop', { token: 'token-of-mallory' }),
  ]);
  playground.rename('demo/shop', 'store');
  const moved = await comment('token-of-bob');
  assert.equal(moved.status, 301);
  assert.equal(moved.headers.get('location'), '/api/v1/repos/demo/store/issues/1/comments');
  const byId = await call(playground, 'GET', '/repositories/1');
  assert.equal((JSON.parse(byId.text) as { full_name: string }).full_name, 'demo/store');
});

test('statuses take a short sha and a branch name, and the combined answer covers one page', async () => {
  await using playground = await startShop();
  const sha = playground.world.repositories.get(1)?.branches.get('cents') ?? '';
  const post = (ref: string, body: object) =>
    call(playground, 'POST', `/repos/demo/shop/statuses/${ref}`, { body });
  const wanted = { state: 'failure', context: 'first', target_url: 'http://ci.example.org/1' };
  await assertAnswersAsRecorded('api/status-create', [await post(sha, wanted)]);
  assert.equal((await post(sha.slice(0, 10), { state: 'success', context: 'short' })).status, 201);
  assert.equal((await post('cents', { state: 'success', context: 'branch' })).status, 201);
  assert.equal((await post('0'.repeat(40), wanted)).status, 500);
  assert.equal((await post('nonsense', wanted)).status, 500);
  const combined = async (query: string) => {
    const target = `/repos/demo/shop/commits/${sha}/status${query}`;
    const answer = await call(playground, 'GET', target);
    return JSON.parse(answer.text) as { state: string; total_count: number };
  };
  assert.equal((await combined('')).state, 'failure');
  const second = await combined('?page=2&limit=1');
  assert.deepEqual([second.state, second.total_count], ['success', 1]);
  await assertAnswersAsRecorded('api/status-none', [
    await call(playground, 'GET', '/repos/demo/shop/commits/main/status'),
    await call(playground, 'GET', '/repos/demo/shop/commits/main/statuses'),
  ]);
});

test('comments of a repository are cut into pages only when a page is asked for', async () => {
  let now = Date.parse('2026-11-21T12:00:00.400Z');
  const clock = { now: () => now, steady: () => now, sleep: async () => {} };
  await using playground = await startShop({ clock });
  for (let index = 0; index < 55; index += 1) await playground.comment(SHOP, 'carol', `${index}`);
  now += 1_000;
  const last = await playground.comment(SHOP, 'carol', 'last');
  const list = async (query: string) => {
    const answer = await call(playground, 'GET', `/repos/demo/shop/issues/comments${query}`);
    return { ...answer, ids: (JSON.parse(answer.text) as { id: number }[]).map(({ id }) => id) };
  };
  assert.equal((await list('?limit=5')).ids.length, 56);
  const page = await list('?page=1&limit=100');
  assert.deepEqual([page.ids.length, page.headers.get('x-total-count')], [50, '56']);
  assert.deepEqual((await list('?page=2&limit=50')).ids.at(-1), last.id);
  assert.deepEqual((await list('?since=2026-11-21T12:00:01Z&page=1')).ids, [last.id]);
  assert.deepEqual((await list('?since=2026-11-21T14:00:02%2B02:00&page=1')).ids, []);
  const refused = await call(playground, 'GET', '/repos/demo/shop/issues/comments?since=yesterday');
  assert.equal(refused.status, 422);

  playground.faults.listLagMs = 5_000;
  assert.deepEqual((await list('')).ids, []);
  now += 4_500;
  assert.equal((await list('')).ids.length, 55);
  now += 500;
  assert.equal((await list('')).ids.length, 56);
});

test('a hook is inactive and listens to push unless told, and a short PATCH resets it', async () => {
  await using playground = await startShop();
  const hooks = '/repos/demo/shop/hooks';
  const config = { url: 'http://127.0.0.1:9/hook', content_type: 'json', secret: SECRET };
  const post = async (body: object) => call(playground, 'POST', hooks, { body });
  const minimal = await post({ type: 'gitea', config });
  await assertAnswersAsRecorded('api/hook-create-minimal', [minimal]);
  assert.match(minimal.text, /"events":\["push"\].*"active":false/);
  assert.doesNotMatch(minimal.text, /a secret/);
  await assertAnswersAsRecorded('api/hook-create', [
    await post({ type: 'gitea', active: true, events: [...EVENTS, 'workflow_run'], config }),
  ]);
  const misspelt = await post({ type: 'gitea', events: ['nonsense'], config });
  assert.match(misspelt.text, /"events":\[\]/);
  const patched = await call(playground, 'PATCH', `${hooks}/2`, { body: { active: false } });
  assert.match(patched.text, /"events":\["push"\].*"active":false/);
  await assertAnswersAsRecorded(
    'api/hook-create-invalid',
    [
      await post({ type: 'gitea', config: { content_type: 'json' } }),
      await post({ type: 'nonsense', config }),
      await post({ type: 'gitea', config: { ...config, content_type: 'xml' } }),
      await post({ type: 'gitea', config: { ...config, url: 'not a url' } }),
    ],
    { exactBody: false },
  );
});
