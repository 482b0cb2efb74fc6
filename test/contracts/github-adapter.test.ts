import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Role } from '../../src/domain/role.ts';
import { type Forge, ForgeError } from '../../src/forges/forge.ts';
import { createGithubForge } from '../../src/forges/github/index.ts';
import { createHttpClient } from '../../src/lib/http-client.ts';
import { type FakeGithub, startGithub } from '../support/fake-github.ts';

const SHOP = { repository: 'demo/shop', pull: 1 };
const PEOPLE = [
  { login: 'alice', token: 'token-of-alice', roles: { 'demo/shop': 'admin' } },
  { login: 'bob', token: 'token-of-bob', roles: { 'demo/shop': 'write' } },
] as const;

type Connected = AsyncDisposable & { readonly hub: FakeGithub; readonly forge: Forge };

/** A GitHub with `demo/shop` and its pull request 1, the App installed, and our adapter. */
async function connect(
  options: { limits?: 'github' | 'none'; roles?: Record<string, Role> } = {},
): Promise<Connected> {
  await using stack = new AsyncDisposableStack();
  const hub = stack.use(await startGithub({ users: PEOPLE }));
  const files = { '.signalbox.yml': 'suites: {}\n', 'app.js': 'one\n' };
  await hub.addRepository({ owner: 'demo', name: 'shop', files });
  const change = { files: { 'app.js': 'two\n' }, message: 'Two', by: 'bob' };
  await hub.commit('demo/shop', { branch: 'topic', ...change });
  await hub.openPull({ repository: 'demo/shop', title: 'Two', author: 'bob', head: 'topic' });
  hub.github.install('demo', 'all');
  const http = createHttpClient({ timeoutMs: 5_000 });
  stack.defer(() => http.close());
  const { appId, privateKey, webhookSecret } = hub.github.app;
  const forge = createGithubForge({
    name: 'hub',
    url: hub.url,
    credentials: () => ({ appId, privateKey, webhookSecret }),
    http,
    limits: options.limits ?? 'none',
    roles: options.roles ?? {},
    now: Date.now,
  });
  const kept = stack.move();
  return { hub, forge, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const fails =
  (code: string, message = /./) =>
  (error: unknown) =>
    error instanceof ForgeError && error.code === code && message.test(error.message);
const headOf = async (forge: Forge) => (await forge.readPullRequest('demo/shop', 1)).head.sha;
const written = (hub: FakeGithub, path: RegExp) =>
  hub.history.filter((entry) => entry.method === 'POST' && path.test(entry.path));

test('a comment that was made although the answer was a 502 is not posted again', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  hub.faults.next({ method: 'POST', path: /comments$/ }, { kind: 'after' });
  await assert.rejects(forge.createComment({ ...SHOP, body: 'Once' }), fails('unavailable', /502/));
  assert.equal(hub.commentsOn(SHOP).length, 1);
  assert.equal(written(hub, /comments$/).length, 1, 'one request, whatever it was answered');
});

test('nothing is asked twice: no status of an answer is tried again by itself', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  await forge.readRepository('demo/shop');
  for (const status of [409, 429, 500, 502, 503]) {
    const { length } = hub.history;
    hub.faults.next({ path: /pulls\/1$/ }, { kind: 'before', status });
    await assert.rejects(forge.readPullRequest('demo/shop', 1), ForgeError);
    assert.equal(hub.history.length - length, 1, String(status));
  }
});

test('a limit is an error with the time to come back, not an hour of sleep inside the call', async () => {
  await using connected = await connect({ limits: 'github' });
  const { hub, forge } = connected;
  await forge.readRepository('demo/shop');
  for (const kind of ['primary', 'secondary'] as const) {
    hub.github.limit(kind, { path: /repos\/demo\/shop$/, retryAfter: 1_800 });
    const error: unknown = await forge.readRepository('demo/shop').catch((said: unknown) => said);
    assert.ok(error instanceof ForgeError && error.code === 'rate_limited', String(error));
    const wait = error.retryAfterMs ?? 0;
    assert.ok(wait > 1_700_000 && wait <= 1_801_000, `${kind}: ${wait}`);
    assert.ok(error.retryable);
  }
});

test('comments of one installation do not wait for those of another', async () => {
  await using connected = await connect({ limits: 'github' });
  const { hub, forge } = connected;
  hub.addUser({ login: 'other', organization: true } as Parameters<typeof hub.addUser>[0]);
  const files = { 'app.js': 'one\n' };
  await hub.addRepository({ owner: 'other', name: 'blog', files });
  await hub.commit('other/blog', { branch: 'topic', files: { a: 'b' }, message: 'B', by: 'alice' });
  await hub.openPull({ repository: 'other/blog', title: 'B', author: 'alice', head: 'topic' });
  hub.github.install('other', 'all');
  const order: string[] = [];
  const say = async (what: string, repository: string) => {
    await forge.createComment({ repository, pull: 1, body: what });
    order.push(what);
  };
  await Promise.all([
    say('first', 'demo/shop'),
    say('second', 'demo/shop'),
    say('elsewhere', 'other/blog'),
  ]);
  assert.equal(order.at(-1), 'second', 'paced behind the first, three seconds later');
});

test('the guard is asked right before the bytes leave', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  const guard = () => {
    throw new Error('the lease is gone');
  };
  const said = forge.createComment({ ...SHOP, body: 'Late' }, { guard });
  await assert.rejects(said, (error: ForgeError) => {
    assert.equal(error.code, 'conflict');
    assert.match(String((error.cause as Error).message), /lease is gone/);
    return true;
  });
  assert.deepEqual(hub.commentsOn(SHOP), []);
});

test('roles are those of the collaborator endpoint, and custom ones count as configured', async () => {
  await using connected = await connect({ roles: { 'release-captain': 'maintain' } });
  const { hub, forge } = connected;
  const account = (login: string) => {
    const user = [...hub.world.users.values()].find((one) => one.login === login);
    return { id: String(user?.id), login };
  };
  const roleOf = (login: string) => forge.readRole('demo/shop', account(login));
  assert.equal(await roleOf('alice'), 'admin');
  assert.equal(await roleOf('bob'), 'write');
  for (const role of ['maintain', 'triage'] as const) {
    hub.github.setRoleName('demo/shop', 'bob', role);
    assert.equal(await roleOf('bob'), role);
  }
  hub.github.setRoleName('demo/shop', 'bob', 'write');
  hub.github.setRoleName('demo/shop', 'bob', 'release-captain');
  assert.equal(await roleOf('bob'), 'maintain');
  assert.equal(await forge.readRole('demo/shop', { id: '999', login: 'alice' }), 'none');
  assert.equal(await forge.readRole('demo/shop', { id: '999', login: 'nobody-here' }), 'none');
  await assert.rejects(forge.readRole('demo/none', account('bob')), ForgeError);
});

test('files are read at a branch or a sha; what is no file is refused with words', async () => {
  await using connected = await connect();
  const { forge } = connected;
  const read = (path: string, ref = 'main') => forge.readFile('demo/shop', path, ref);
  assert.equal(await read('.signalbox.yml'), 'suites: {}\n');
  assert.equal(await read('app.js', await headOf(forge)), 'two\n');
  assert.equal(await read('none.yml'), undefined);
  await assert.rejects(read('app.js', 'refs/heads/main'), fails('invalid', /not a branch name/));
});

test('a fork is a fork, also when it is gone', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  hub.addUser({ login: 'mallory', token: 'token-of-mallory' });
  await hub.fork('demo/shop', 'mallory');
  const change = { files: { 'app.js': 'evil\n' }, message: 'Evil', by: 'mallory' };
  await hub.commit('mallory/shop', { branch: 'evil', ...change });
  const wish = { repository: 'demo/shop', title: 'Evil', author: 'mallory', head: 'evil' };
  const { number } = await hub.openPull({ ...wish, fork: 'mallory/shop' });
  assert.equal((await forge.readPullRequest('demo/shop', number)).head.origin, 'fork');
  await hub.deleteRepository('mallory/shop', 'mallory');
  assert.equal((await forge.readPullRequest('demo/shop', number)).head.origin, 'fork');
});

test('an App that is not installed, was removed or sleeps is refused for now, not for good', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  hub.github.suspend('demo');
  const asked = () => forge.readRepository('demo/shop');
  await assert.rejects(asked(), fails('unauthorized', /suspended/));
  hub.github.unsuspend('demo');
  assert.equal((await asked()).fullName, 'demo/shop');
  hub.github.uninstall('demo');
  await assert.rejects(asked(), fails('unauthorized'));
  await assert.rejects(asked(), fails('unauthorized', /not installed on demo\/shop/));
  hub.github.install('demo', 'all');
  assert.equal((await asked()).fullName, 'demo/shop');
});

test('a token that was taken back is replaced in the same call, without a pause', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  await forge.createComment({ ...SHOP, body: 'One' });
  hub.github.expireTokens();
  await forge.createComment({ ...SHOP, body: 'Two' });
  assert.equal(hub.commentsOn(SHOP).length, 2);
});

test('lists are read to their last page, and only repositories that fit a pattern are ours', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  for (let n = 0; n < 230; n += 1) await hub.comment(SHOP, 'bob', `Remark ${n}`);
  assert.equal((await forge.listPullComments('demo/shop', 1)).length, 230);
  const listed = await Array.fromAsync(forge.listComments('demo/shop', new Date(0)));
  assert.equal(listed.length, 230);
  await hub.addRepository({ owner: 'demo', name: 'blog', files: { a: 'b' } });
  const names = (...patterns: string[]) => forge.listRepositories(patterns);
  assert.deepEqual((await names('demo/*')).toSorted(), ['demo/blog', 'demo/shop']);
  assert.deepEqual(await names('*/shop', 'acme/*'), ['demo/shop']);
});

test('a comment of the greatest length is taken, and one above it is refused for good', async () => {
  await using connected = await connect();
  const { forge } = connected;
  const wall = (length: number) => forge.createComment({ ...SHOP, body: 'x'.repeat(length) });
  assert.equal((await wall(65_536)).body.length, 65_536);
  await assert.rejects(wall(65_537), fails('invalid', /too long/));
});

test('a description is cut to what GitHub takes, and the thousandth status is the last', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  const status = {
    sha: await headOf(forge),
    context: 'signalbox/testme',
    state: 'warning' as const,
    description: '😀'.repeat(200),
    url: 'https://ci.example.org/r/1',
  };
  await forge.setStatus('demo/shop', status);
  const [row] = hub.statusesOn('demo/shop', status.sha);
  assert.equal(Array.from(row?.description ?? '').length, 140);
  assert.equal(row?.state, 'failure', 'GitHub knows no warning');
  const nowhere = forge.setStatus('demo/shop', { ...status, sha: 'f'.repeat(40) });
  await assert.rejects(nowhere, fails('invalid', /No commit found/));
});

test('connecting sets the webhook of the App right, and says what only its owner can change', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  const target = 'https://ci.example.org/webhooks/hub';
  hub.github.setWebhook('https://before.example.org/');
  assert.equal((await forge.ensureWebhook('demo/shop', target)).outcome, 'repaired');
  assert.equal((await forge.ensureWebhook('demo/shop', target)).outcome, 'unchanged');
  hub.github.setWebhook('https://elsewhere.example.org/');
  assert.equal((await forge.ensureWebhook('demo/shop', target)).outcome, 'repaired');
  await assert.rejects(forge.ensureWebhook('demo/none', target), fails('unauthorized'));
});

test('git may fetch the head of a pull request with the token, and nothing elsewhere', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  const directory = await mkdtemp(join(tmpdir(), 'github-git-'));
  try {
    const sha = await headOf(forge);
    const env = { ...(await forge.gitEnvironment('demo/shop')), PATH: process.env.PATH ?? '' };
    const git = (...args: string[]) => promisify(execFile)('git', args, { cwd: directory, env });
    await git('init', '--quiet');
    await git('fetch', '--quiet', '--depth=1', `${hub.url}/demo/shop.git`, sha);
    const { stdout } = await git('ls-remote', `${hub.url}/demo/shop.git`, 'refs/pull/1/head');
    assert.match(stdout, new RegExp(`^${sha}`));
    hub.addUser({ login: 'stranger', token: 'token-of-a-stranger' });
    await hub.addRepository({
      owner: 'stranger',
      name: 'secret',
      files: { a: 'b' },
      isPrivate: true,
    });
    await assert.rejects(git('ls-remote', `${hub.url}/stranger/secret.git`));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test('what adds reactions to a review goes by GraphQL, and taking one away takes only ours', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  const review = hub.github.review(SHOP, 'bob', '!testme');
  const id = `review-1-${review.id}`;
  await forge.addReaction('demo/shop', id, 'eyes');
  assert.deepEqual(hub.github.reviewReactions(review.id), ['eyes']);
  await forge.removeReaction('demo/shop', id, 'eyes');
  assert.deepEqual(hub.github.reviewReactions(review.id), []);
  const line = hub.github.reviewComment(SHOP, 'bob', '!testme');
  await forge.addReaction('demo/shop', `line-${line.id}`, 'rocket');
  assert.deepEqual(hub.github.reviewCommentReactions(line.id), ['rocket']);
  const comment = await hub.comment(SHOP, 'bob', '!testme');
  hub.react(comment.id, 'alice', 'eyes');
  await forge.addReaction('demo/shop', String(comment.id), 'eyes');
  await forge.removeReaction('demo/shop', String(comment.id), 'eyes');
  assert.equal(hub.reactionsOn(comment.id).length, 1, 'alice’s stays');
});

test('every request that we make is one that GitHub’s own description allows', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  await forge.whoAmI();
  const { id } = await forge.createComment({ ...SHOP, body: 'One' });
  await forge.editComment('demo/shop', id, { body: 'Two', isOutdated: true });
  assert.equal(hub.github.isMinimized(Number(id)), 'OUTDATED');
  await forge.deleteComment('demo/shop', id);
  await forge.redeliverFailed(new Date(0));
  assert.deepEqual(hub.github.violations, []);
});

test('a list that has not changed costs nothing of the limit, and is the same list', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  const since = new Date(Date.now() - 60_000);
  const list = () => Array.fromAsync(forge.listComments('demo/shop', since));
  await hub.comment(SHOP, 'bob', '!testme');
  hub.github.review(SHOP, 'bob', '!status');
  const first = await list();
  assert.equal(first.length, 2);
  const { length } = hub.history;
  assert.deepEqual(await list(), first);
  const again = hub.history.slice(length);
  assert.ok(again.length >= 4);
  assert.deepEqual([...new Set(again.map(({ status }) => status))], [304]);
  await hub.comment(SHOP, 'bob', '!help');
  assert.equal((await list()).length, 3);
});

test('a check of an older run that came late does not hide that of the newest', async () => {
  await using connected = await connect();
  const { hub, forge } = connected;
  const sha = await headOf(forge);
  const say = (key: string) =>
    forge.setStatus('demo/shop', {
      sha,
      context: 'signalbox/testme',
      state: 'success',
      description: 'Passed',
      url: 'https://ci.example.org/r/1',
      details: {
        key,
        version: '1',
        read: () => ({
          phase: 'success',
          title: 'Passed',
          summary: 'Passed',
          annotations: [],
          buttons: [],
        }),
      },
    });
  for (const key of ['newest', 'newest', 'older, late', 'newest', 'newest']) await say(key);
  const keys = hub.github.checksOn('demo/shop', sha).map(({ externalId }) => externalId);
  assert.deepEqual(keys, ['newest', 'older, late', 'newest']);
});
