import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommitStatus } from '../../src/forges/forge.ts';
import { HttpError } from '../../src/lib/http-client.ts';
import { commentAnswer, errorOf, forgeWith, TOKEN } from '../support/gitea-answers.ts';
import { failsWith } from './recorded-replay.ts';

const status: CommitStatus = {
  sha: 'a'.repeat(40),
  context: 'signalbox/testme',
  state: 'success',
  description: 'ok',
  url: 'https://ci.example.org/r/1',
};

test('the token is in the Authorization header and nowhere else', async () => {
  const { forge, calls } = forgeWith(() => ({ status: 200, body: { id: 10, login: 'bot' } }));
  await forge.whoAmI();
  const [call] = calls;
  assert.equal(call?.url, 'https://git.example.org/api/v1/user');
  assert.equal(call?.headers?.authorization, `token ${TOKEN}`);
  assert.equal(call?.timeoutMs, 10_000);
});

test('once the token was asked who it is, own comments are told apart', async () => {
  const { forge } = forgeWith(() => ({ status: 200, body: { id: 3, login: 'alice' } }));
  const headers = { 'x-gitea-event-type': 'pull_request_comment' };
  const payload = {
    action: 'created',
    is_pull: true,
    issue: { number: 1 },
    comment: commentAnswer(1),
    repository: { full_name: 'acme/shop' },
    sender: { id: 3, login: 'alice' },
  };
  const request = { headers, body: Buffer.from(JSON.stringify(payload)) };
  assert.equal(forge.normalize(request).kind, 'comment-created');
  await forge.whoAmI();
  assert.deepEqual(forge.normalize(request), { kind: 'ignored', reason: 'own_comment' });
});

test('an error never holds the token, even when the server repeats it', async () => {
  const { forge } = forgeWith(() => ({ status: 403, body: { message: `no scope for ${TOKEN}` } }));
  const error = await errorOf(forge.whoAmI());
  assert.match(error.message, /^GET \/user: 403 no scope for \*+$/);
});

test('each refusal of the server has its own code, and only some are worth another try', async () => {
  const table: [number, string, boolean][] = [
    [400, 'invalid', false],
    [401, 'unauthorized', true],
    [403, 'forbidden', false],
    [404, 'not_found', false],
    [405, 'unsupported', false],
    [409, 'conflict', true],
    [413, 'invalid', false],
    [418, 'unexpected', false],
    [422, 'invalid', false],
    [423, 'forbidden', false],
    [429, 'rate_limited', true],
    [500, 'unavailable', true],
    [502, 'unavailable', true],
    [503, 'unavailable', true],
    [304, 'unexpected', false],
  ];
  for (const [code, wanted, retryable] of table) {
    const { forge } = forgeWith(() => ({ status: code, headers: {} }));
    const error = await errorOf(forge.readRepository('acme/shop'));
    assert.deepEqual([error.code, error.status, error.retryable], [wanted, code, retryable]);
  }
});

test('Retry-After is understood as seconds and as a date', async () => {
  const after = async (value: string, code: number) => {
    const { forge } = forgeWith(() => ({ status: code, headers: { 'retry-after': value } }));
    return (await errorOf(forge.whoAmI())).retryAfterMs;
  };
  assert.equal(await after('7', 429), 7_000);
  assert.equal(await after('Sat, 21 Nov 2026 12:01:30 GMT', 503), 90_000);
  assert.equal(await after('Sat, 21 Nov 2026 11:00:00 GMT', 503), 0);
  assert.equal(await after('soon', 503), undefined);
});

test('a renamed repository is moved, says where to, and is not followed', async () => {
  for (const code of [301, 307, 308]) {
    const location = '/api/v1/repos/acme/market/issues/1/comments';
    const { forge, calls } = forgeWith(() => ({ status: code, headers: { location } }));
    const comment = { repository: 'acme/shop', pull: 1, body: 'x' };
    await failsWith(
      forge.createComment(comment),
      'moved',
      /moved to \/api\/v1\/repos\/acme\/market/,
    );
    assert.equal(calls.length, 1);
  }
});

test('a page instead of an answer of the API is unexpected, but 502 and 401 stay what they are', async () => {
  const page = (code: number) =>
    forgeWith(() => ({
      status: code,
      headers: { 'content-type': 'text/html' },
      body: '<html>Sign in</html>',
    })).forge.whoAmI();
  await failsWith(page(200), 'unexpected', /is not JSON/);
  await failsWith(page(404), 'unexpected');
  await failsWith(page(401), 'unauthorized');
  await failsWith(page(502), 'unavailable');
});

test('a path that the API does not have is unexpected, a bare 404 is not_found', async () => {
  const plain = { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' } };
  const missing = forgeWith(() => ({ ...plain, body: '404 page not found\n' })).forge;
  await failsWith(missing.whoAmI(), 'unexpected');
  await failsWith(forgeWith(() => ({ status: 404, headers: {} })).forge.whoAmI(), 'not_found');
});

test('JSON that is broken or of another shape is unexpected and names the field', async () => {
  const whoAmI = (body: unknown) => forgeWith(() => ({ status: 200, body })).forge.whoAmI();
  await failsWith(whoAmI('{"id":'), 'unexpected', /broken JSON/);
  await failsWith(whoAmI({ id: 'ten', login: 'bot' }), 'unexpected', /at id/);
  await failsWith(whoAmI(null), 'unexpected');
});

test('what the network does is told apart, and the reason of a guard is kept', async () => {
  const lost = new Error('the lease ran out');
  const table = [
    [new HttpError('timeout', 'GET https://x: no answer'), 'unavailable', true],
    [new HttpError('network', 'GET https://x: refused'), 'unavailable', true],
    [new HttpError('aborted', 'GET https://x: aborted'), 'unavailable', true],
    [new HttpError('too_large', 'GET https://x: large'), 'unexpected', false],
    [new HttpError('guarded', 'GET https://x: not sent', lost), 'conflict', true],
  ] as const;
  for (const [given, code, retryable] of table) {
    const error = await errorOf(forgeWith(() => given).forge.whoAmI());
    assert.deepEqual([error.code, error.retryable], [code, retryable]);
    assert.equal(error.cause, given.code === 'guarded' ? lost : given);
  }
});

test('signal and guard of the caller go with the call', async () => {
  const { forge, calls } = forgeWith(() => ({ status: 201, body: commentAnswer(1) }));
  const { signal } = new AbortController();
  const guard = () => {};
  await forge.createComment({ repository: 'acme/shop', pull: 1, body: 'x' }, { signal, guard });
  assert.equal(calls[0]?.guard, guard);
  assert.equal(calls[0]?.signal, signal);
});

test('a 5xx of a comment whose pull request is there is unavailable after one look, without the guard', async () => {
  const { forge, calls } = forgeWith(() => ({ status: 502 }));
  const comment = { repository: 'acme/shop', pull: 7, body: 'x' };
  await failsWith(forge.createComment(comment, { guard: () => {} }), 'unavailable');
  assert.deepEqual(
    calls.map(({ method, url, guard }) => [method, new URL(url).pathname, guard !== undefined]),
    [
      ['POST', '/api/v1/repos/acme/shop/issues/7/comments', true],
      ['GET', '/api/v1/repos/acme/shop/pulls/7', false],
    ],
  );
});

test('a locked conversation and an archived repository are forbidden', async () => {
  for (const code of [403, 423]) {
    const { forge } = forgeWith(() => ({ status: code, body: { message: 'no' } }));
    const comment = { repository: 'acme/shop', pull: 7, body: 'x' };
    await failsWith(forge.createComment(comment), 'forbidden');
  }
});

test('a name that would climb out of its path is never sent', async () => {
  const { forge, calls } = forgeWith(() => ({ status: 200, body: {} }));
  await failsWith(forge.readRepository('acme/..'), 'invalid');
  await failsWith(forge.readRole('acme/shop', { id: '1', login: '..' }), 'invalid');
  await failsWith(forge.readFile('acme/shop', '../../secret', 'main'), 'invalid');
  assert.equal(calls.length, 0);
});

test('paths, logins and refs are escaped', async () => {
  const { forge, calls } = forgeWith(() => ({ status: 404, body: { errors: null } }));
  await errorOf(forge.readFile('acme/shop', 'dir/a b?#.yml', 'feature/x&y'));
  const url = new URL(calls[0]?.url ?? '');
  assert.equal(url.pathname, '/api/v1/repos/acme/shop/contents/dir/a%20b%3F%23.yml');
  assert.deepEqual([...url.searchParams], [['ref', 'feature/x&y']]);
});

test('a 404 that does not say what is missing is settled by looking at the repository', async () => {
  const repository = {
    id: 1,
    full_name: 'acme/shop',
    default_branch: 'main',
    archived: false,
    html_url: 'https://git.example.org/acme/shop',
    clone_url: 'https://git.example.org/acme/shop.git',
  };
  const { forge } = forgeWith(({ url }) =>
    url.endsWith('/repos/acme/shop')
      ? { status: 200, body: repository }
      : { status: 404, body: { message: 'not found', errors: null } },
  );
  assert.equal(await forge.readFile('acme/shop', '.signalbox.yml', 'main'), undefined);
  assert.equal(await forge.readRole('acme/shop', { id: '9', login: 'zoe' }), 'none');
  await failsWith(forge.readFile('acme/vault', '.signalbox.yml', 'main'), 'not_found');
  await failsWith(forge.readRole('acme/vault', { id: '9', login: 'zoe' }), 'not_found');
});

test('a file that is no UTF-8 text is invalid, an empty one is empty', async () => {
  const read = (content: string, size: number) =>
    forgeWith(() => ({
      status: 200,
      body: { type: 'file', size, encoding: 'base64', content },
    })).forge.readFile('acme/shop', 'x', 'main');
  await failsWith(read(Buffer.from([0xff, 0xfe]).toString('base64'), 2), 'invalid', /UTF-8/);
  assert.equal(await read('', 0), '');
  assert.equal(await read(Buffer.from('Größe 🚀').toString('base64'), 12), 'Größe 🚀');
});

test('a permission word that nobody knows is unexpected, not a role', async () => {
  const body = { permission: 'superuser', user: { id: 9, login: 'zoe' } };
  const { forge } = forgeWith(() => ({ status: 200, body }));
  await failsWith(forge.readRole('acme/shop', { id: '9', login: 'zoe' }), 'unexpected');
});

test('a status needs a full sha; its description is cut at 140 code points', async () => {
  const { forge, calls } = forgeWith(() => ({ status: 201, body: {} }));
  for (const sha of ['main', 'abc1234', 'A'.repeat(40), `${'a'.repeat(40)}\n`, 'a'.repeat(41)])
    await failsWith(forge.setStatus('acme/shop', { ...status, sha }), 'invalid');
  assert.equal(calls.length, 0);
  await forge.setStatus('acme/shop', { ...status, description: '🧹'.repeat(140) });
  await forge.setStatus('acme/shop', { ...status, description: '🧹'.repeat(141) });
  const sent = calls.map(({ body }) => (JSON.parse(body ?? '') as CommitStatus).description);
  assert.deepEqual(sent, ['🧹'.repeat(140), `${'🧹'.repeat(139)}…`]);
});

test('a 5xx of a status on a commit that is there stays unavailable', async () => {
  const { forge } = forgeWith(({ method }) => ({
    status: method === 'POST' ? 500 : 200,
    body: {},
  }));
  await failsWith(forge.setStatus('acme/shop', status), 'unavailable');
});

test('a second hook with the same address does not hide a good one', async () => {
  const config = { url: 'https://bot.example.org/webhooks/acme', content_type: 'json' };
  const good = ['pull_request', 'pull_request_comment', 'pull_request_sync'];
  const hook = (id: number, more = {}) => ({ id, active: true, events: good, config, ...more });
  const { forge, calls } = forgeWith(() => ({
    status: 200,
    body: [
      hook(1, { events: null }),
      hook(2, { config: { ...config, url: 'https://else' } }),
      hook(3),
    ],
  }));
  const outcome = await forge.ensureWebhook('acme/shop', config.url);
  assert.deepEqual(outcome, { outcome: 'unchanged', id: '3' });
  assert.equal(calls.length, 1);
});

test('an inactive hook and one that sends forms are repaired', async () => {
  const config = { url: 'https://bot.example.org/webhooks/acme', content_type: 'json' };
  const good = ['pull_request', 'pull_request_comment', 'pull_request_sync'];
  const wanted = { id: 4, active: true, events: good, config };
  for (const wrong of [{ active: false }, { config: { ...config, content_type: 'form' } }]) {
    const { forge, calls } = forgeWith(({ method }) => ({
      status: 200,
      body: method === 'GET' ? [{ ...wanted, ...wrong }] : wanted,
    }));
    const outcome = await forge.ensureWebhook('acme/shop', config.url);
    assert.deepEqual(outcome, { outcome: 'repaired', id: '4' });
    assert.equal(calls[1]?.method, 'PATCH');
  }
});

test('links lead to the pages of the public address, with odd names escaped', () => {
  const { links, url } = forgeWith(() => ({ status: 200 }), {
    publicUrl: 'https://public.example.org/git/',
  }).forge;
  const base = 'https://public.example.org/git';
  assert.equal(url, base);
  assert.equal(links.commit('acme/shop', 'abc'), `${base}/acme/shop/commit/abc`);
  assert.equal(links.user('zo ë'), `${base}/zo%20%C3%AB`);
  assert.equal(links.pull('acme/shop', 3), `${base}/acme/shop/pulls/3`);
  assert.equal(links.changes('acme/shop', 3), `${base}/acme/shop/pulls/3/files`);
  assert.equal(links.comment('acme/shop', 3, '65'), `${base}/acme/shop/pulls/3#issuecomment-65`);
  const file = links.file('acme/shop', { branch: 'feature/#1' }, 'a b.yml', 12);
  assert.equal(file, `${base}/acme/shop/src/branch/feature/%231/a%20b.yml#L12`);
  const atSha = links.file('acme/shop', { sha: 'abc' }, 'x');
  assert.equal(atSha, `${base}/acme/shop/src/commit/abc/x`);
});
