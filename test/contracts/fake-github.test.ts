import assert from 'node:assert/strict';
import test from 'node:test';
import { addPrivate, makeJwt, PULL, SHOP, startShop } from '../support/fake-github/ask.ts';
import { createShiftedClock } from '../support/shifted-clock.ts';

test('an App shows who it is by a token signed with its key, and by no other', async () => {
  await using shop = await startShop();
  const { github, as } = shop;
  const app = await shop.app('GET', '/app');
  assert.equal(app.status, 200);
  assert.equal(app.body.slug, 'signalbox');
  assert.equal(app.body.installations_count, 1);
  const refusals: [string, number, RegExp][] = [
    [makeJwt(github, { exp: 700 }), 401, /'exp'\) is too far in the future/],
    [makeJwt(github, { exp: -60 }), 401, /'exp'\) must be a numeric value/],
    [makeJwt(github, { iat: 120 }), 401, /'iat'\) must be an Integer/],
    [makeJwt(github, { alg: 'HS256' }), 401, /could not be decoded/],
    [`${makeJwt(github).slice(0, -8)}AAAAAAAA`, 401, /could not be decoded/],
    [makeJwt(github, { iss: 99 }), 404, /Integration not found/],
    [shop.token, 401, /could not be decoded/],
    ['ghs_somebody-elses', 401, /Bad credentials/],
  ];
  for (const [token, status, message] of refusals) {
    const answer = await as(`Bearer ${token}`, 'GET', '/app');
    assert.equal(answer.status, status, String(message));
    assert.match(answer.body.message, message);
    assert.equal(answer.body.status, String(status));
  }
  assert.equal((await as(undefined, 'GET', '/app')).status, 401);
});

test('installations are listed, found by repository, and are gone where the App is not installed', async () => {
  await using shop = await startShop();
  await addPrivate(shop, 'demo/secret');
  await addPrivate(shop, 'other/vault');
  const list = await shop.app('GET', '/app/installations');
  assert.deepEqual(
    list.body.map((one: { id: number }) => one.id),
    [shop.installation],
  );
  const found = await shop.app('GET', `/repos/${SHOP}/installation`);
  assert.equal(found.body.account.login, 'demo');
  assert.deepEqual(
    found.body,
    (await shop.app('GET', `/app/installations/${shop.installation}`)).body,
  );
  assert.equal((await shop.app('GET', '/repos/other/vault/installation')).status, 404);
  assert.equal((await shop.app('GET', '/app/installations/5')).status, 404);
  const own = await shop.ask('GET', '/installation/repositories');
  assert.equal(own.body.total_count, 2);
  shop.github.github.removeRepositories('demo', ['demo/secret']);
  const left = await shop.ask('GET', '/installation/repositories');
  assert.deepEqual(
    left.body.repositories.map((one: { full_name: string }) => one.full_name),
    [SHOP],
  );
});

test('a token lives for an hour, is gone when it is told so, and sleeps with its installation', async () => {
  const clock = createShiftedClock();
  await using shop = await startShop({ clock });
  const read = () => shop.ask('GET', `/repos/${SHOP}`);
  assert.equal((await read()).status, 200);
  clock.pass(59 * 60_000);
  assert.equal((await read()).status, 200);
  clock.pass(61_000);
  const late = await read();
  assert.deepEqual([late.status, late.body.message], [401, 'Bad credentials']);

  const path = `/app/installations/${shop.installation}/access_tokens`;
  const { token } = (await shop.app('POST', path)).body;
  const again = () => shop.as(`Bearer ${token}`, 'GET', `/repos/${SHOP}`);
  assert.equal((await again()).status, 200);
  shop.github.github.suspend('demo');
  const asleep = await again();
  assert.deepEqual(
    [asleep.status, asleep.body.message],
    [403, 'This installation has been suspended'],
  );
  assert.equal((await shop.app('POST', path)).status, 403);
  shop.github.github.unsuspend('demo');
  assert.equal((await again()).status, 200);
  shop.github.github.expireTokens();
  assert.equal((await again()).status, 401);
  shop.github.github.uninstall('demo');
  assert.equal((await shop.app('POST', path)).status, 404);
});

test('a token may be for fewer repositories and rights than its installation, never for more', async () => {
  await using shop = await startShop();
  await addPrivate(shop, 'demo/secret');
  await addPrivate(shop, 'other/vault');
  const path = `/app/installations/${shop.installation}/access_tokens`;
  const narrow = await shop.app('POST', path, {
    repositories: ['shop'],
    permissions: { contents: 'read' },
  });
  assert.deepEqual(narrow.body.permissions, { contents: 'read' });
  const ask = (target: string) => shop.as(`Bearer ${narrow.body.token}`, 'GET', target);
  assert.equal((await ask(`/repos/${SHOP}/contents/src`)).status, 200);
  assert.equal((await ask('/repos/demo/secret/contents/src')).status, 404);
  assert.equal((await shop.app('POST', path, { repositories: ['vault'] })).status, 422);
  const more = await shop.app('POST', path, { permissions: { contents: 'write' } });
  assert.match(more.body.message, /not granted/);
});

test('each endpoint wants its permission and names it', async () => {
  await using shop = await startShop();
  const { sha, github } = shop;
  await github.comment(PULL, 'bob', 'hello');
  const wanted: [string, string, unknown, string][] = [
    ['POST', '/issues/1/comments', { body: 'x' }, 'issues=write; pull_requests=write'],
    [
      'POST',
      '/issues/comments/1/reactions',
      { content: 'eyes' },
      'issues=write; pull_requests=write',
    ],
    ['POST', `/statuses/${sha}`, { state: 'pending' }, 'statuses=write'],
    ['POST', '/check-runs', { name: 'x', head_sha: sha }, 'checks=write'],
    ['GET', `/commits/${sha}/check-runs`, undefined, 'checks=read'],
  ];
  for (const [method, tail, body, accepted] of wanted) {
    const answer = await shop.ask(method, `/repos/${SHOP}${tail}`, body);
    assert.ok(answer.status < 300, `${tail}: ${answer.status} ${JSON.stringify(answer.body)}`);
    assert.equal(answer.headers.get('x-accepted-github-permissions'), accepted);
  }
  const nothing = { issues: undefined, pull_requests: undefined, statuses: undefined };
  github.github.setPermissions({ ...nothing, checks: undefined });
  for (const [method, tail, body, accepted] of wanted) {
    const answer = await shop.ask(method, `/repos/${SHOP}${tail}`, body);
    assert.equal(answer.status, 403, tail);
    assert.equal(answer.body.message, 'Resource not accessible by integration');
    assert.equal(answer.headers.get('x-accepted-github-permissions'), accepted);
  }
});

test('a private repository without the App does not exist, a public one may be read but not changed', async () => {
  await using shop = await startShop();
  await addPrivate(shop, 'other/vault');
  assert.equal((await shop.ask('GET', '/repos/other/vault')).status, 404);
  assert.equal(
    (await shop.ask('POST', '/repos/other/vault/issues/1/comments', { body: 'x' })).status,
    404,
  );
  assert.equal((await shop.as(undefined, 'GET', `/repos/${SHOP}/pulls/1`)).status, 200);
  shop.github.github.removeRepositories('demo', [SHOP]);
  assert.equal((await shop.ask('GET', `/repos/${SHOP}/pulls/1`)).status, 200);
  const refused = await shop.ask('POST', `/repos/${SHOP}/issues/1/comments`, { body: 'x' });
  assert.equal(refused.body.message, 'Resource not accessible by integration');
  const role = await shop.ask('GET', `/repos/${SHOP}/collaborators/bob/permission`);
  assert.equal(role.status, 403);
});

test('a role is told in four words and by its own name', async () => {
  await using shop = await startShop();
  await addPrivate(shop, 'demo/secret');
  const { github } = shop.github;
  github.setRoleName(SHOP, 'mallory', 'maintain');
  github.setRoleName(SHOP, 'bob', 'release-captain');
  const tell = async (login: string, repository = SHOP) => {
    const { body } = await shop.ask(
      'GET',
      `/repos/${repository}/collaborators/${login}/permission`,
    );
    return `${body.permission} ${body.role_name} ${body.user.login}`;
  };
  assert.equal(await tell('alice'), 'admin admin alice');
  assert.equal(await tell('mallory'), 'write maintain mallory');
  assert.equal(await tell('bob'), 'write release-captain bob');
  github.setRoleName(SHOP, 'mallory', 'triage');
  assert.equal(await tell('mallory'), 'read triage mallory');
  assert.equal(await tell('carol'), 'read read carol');
  assert.equal(await tell('carol', 'demo/secret'), 'none  carol');
  const nobody = await shop.ask('GET', `/repos/${SHOP}/collaborators/nobody/permission`);
  assert.equal(nobody.status, 404);
  assert.equal((await shop.ask('GET', '/users/signalbox%5Bbot%5D')).body.type, 'Bot');
});

test('lists come in pages of thirty, a hundred at most, with absolute addresses of the others', async () => {
  await using shop = await startShop();
  for (let made = 0; made < 35; made += 1) await shop.github.comment(PULL, 'bob', `number ${made}`);
  const list = `/repos/${SHOP}/issues/1/comments`;
  const first = await shop.ask('GET', list);
  assert.equal(first.body.length, 30);
  const url = `${shop.github.url}/api/v3${list}`;
  assert.equal(
    first.headers.get('link'),
    `<${url}?page=2>; rel="next", <${url}?page=2>; rel="last"`,
  );
  const second = await shop.ask('GET', `${url}?page=2`);
  assert.equal(second.body.length, 5);
  assert.match(second.headers.get('link') ?? '', /page=1>; rel="prev".*page=1>; rel="first"/);
  const all = await shop.ask('GET', `${list}?per_page=1000`);
  assert.deepEqual([all.body.length, all.headers.get('link')], [35, null]);
});

test('without sort the direction means nothing, and since counts the last change', async () => {
  const clock = createShiftedClock();
  await using shop = await startShop({ clock });
  const { github } = shop;
  const first = await github.comment(PULL, 'bob', 'one');
  clock.pass(10_000);
  await github.comment(PULL, 'bob', 'two');
  clock.pass(10_000);
  await github.editComment(first.id, 'bob', 'one, mended');
  const list = async (query: string) => {
    const { body } = await shop.ask('GET', `/repos/${SHOP}/issues/comments?${query}`);
    return body.map((one: { id: number }) => one.id);
  };
  assert.deepEqual(await list('direction=desc'), [1, 2]);
  assert.deepEqual(await list('sort=created&direction=desc'), [2, 1]);
  assert.deepEqual(await list('sort=updated&direction=asc'), [2, 1]);
  const since = new Date(clock.now() - 5_000).toISOString();
  assert.deepEqual(await list(`since=${since}`), [1]);
  github.faults.listLagMs = 15_000;
  assert.deepEqual(await list(''), [1]);
});

test('what GitHub has not, and what is no JSON, is refused in its one shape', async () => {
  await using shop = await startShop();
  const gone = await shop.ask('GET', '/repos/demo/shop/wiki');
  assert.deepEqual(gone.body, {
    message: 'Not Found',
    documentation_url: 'https://docs.github.com/rest',
    status: '404',
  });
  const answer = await fetch(`${shop.github.url}/api/v3/repos/${SHOP}/issues/1/comments`, {
    method: 'POST',
    headers: { authorization: `token ${shop.token}` },
    body: '{"body":',
  });
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /Problems parsing JSON/);
});
