import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { ForgeEvent } from '../../src/domain/forge-event.ts';
import { type Forge, ForgeError } from '../../src/forges/forge.ts';
import { createGiteaForge } from '../../src/forges/gitea/index.ts';
import { createGithubForge } from '../../src/forges/github/index.ts';
import type { Playground } from '../../src/forges/playground/server.ts';
import { createHttpClient } from '../../src/lib/http-client.ts';
import { eventually } from '../support/eventually.ts';
import { startReceiver } from '../support/playground.ts';
import { FORGE_KINDS, type ForgeKind } from '../support/scenario.ts';
import { startScenarioForge } from '../support/scenario-forge.ts';

/** One suite for the port: what every forge must do alike. What only one has stands in suites of their own. */

const SHOP = { repository: 'demo/shop', pull: 1 };

type Subject = AsyncDisposable & {
  readonly hub: Playground;
  readonly forge: Forge;
  /** What the forge sent of comments and pull requests, as our event and verified. */
  readonly heard: (count: number) => Promise<readonly ForgeEvent[]>;
};

async function connect(kind: ForgeKind): Promise<Subject> {
  await using stack = new AsyncDisposableStack();
  const users = [
    { login: 'alice', token: 'token-of-alice', roles: { 'demo/shop': 'admin' } },
    { login: 'bob', token: 'token-of-bob', roles: { 'demo/shop': 'write' } },
    { login: 'carol', token: 'token-of-carol', roles: { 'demo/shop': 'read' } },
  ] as const;
  const started = await startScenarioForge(kind, { users, repositories: ['demo/shop'] });
  const hub = stack.use(started.forge);
  const files = { '.signalbox.yml': 'suites: {}\n', 'src/app.js': 'one\n' };
  await hub.addRepository({ owner: 'demo', name: 'shop', files });
  const change = { files: { 'src/app.js': 'two\n' }, message: 'Two', by: 'bob' };
  await hub.commit('demo/shop', { branch: 'topic', ...change });
  await hub.openPull({ repository: 'demo/shop', title: 'Two', author: 'bob', head: 'topic' });
  const receiver = stack.use(await startReceiver());
  await started.connect(receiver.url);
  const http = createHttpClient({ timeoutMs: 5_000 });
  stack.defer(() => http.close());
  const forge = createForge(kind, started.config, http);
  await forge.whoAmI();
  const heard = (count: number) =>
    eventually(`${count} webhooks`, () => {
      const facts = receiver.received.map(({ headers, body }) => {
        const request = { headers, body: Buffer.from(body) };
        assert.ok(forge.verify(request), 'signed');
        assert.ok(!forge.verify({ ...request, body: Buffer.from(`${body} `) }), 'changed');
        return forge.normalize(request);
      });
      const told = facts.filter(
        ({ kind: what }) => what !== 'ignored' && what !== 'access-changed',
      );
      return told.length >= count ? told : undefined;
    });
  const kept = stack.move();
  return { hub, forge, heard, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function createForge(
  kind: ForgeKind,
  config: Readonly<Record<string, unknown>>,
  http: ReturnType<typeof createHttpClient>,
): Forge {
  const { url, token, webhookSecret, appId, privateKey } = config as Record<string, string>;
  const common = { name: 'acme', url: url ?? '', http, now: Date.now };
  if (kind !== 'github')
    return createGiteaForge({
      ...common,
      kind,
      token: token ?? '',
      webhookSecret: webhookSecret ?? '',
    });
  const credentials = {
    appId: Number(appId),
    privateKey: privateKey ?? '',
    webhookSecret: webhookSecret ?? '',
  };
  return createGithubForge({
    ...common,
    credentials: () => credentials,
    limits: 'none',
    roles: {},
  });
}

const fails = (code: string) => (error: unknown) =>
  error instanceof ForgeError && error.code === code;

function onEach(title: string, body: (subject: Subject) => Promise<void>): void {
  for (const kind of FORGE_KINDS)
    test(`${title} (${kind})`, async () => {
      await using subject = await connect(kind);
      await body(subject);
    });
}

onEach('a comment is made, listed, changed and deleted, and is by the bot', async ({ forge }) => {
  const bot = await forge.whoAmI();
  const made = await forge.createComment({ ...SHOP, body: 'Queued' });
  assert.equal(made.author.id, bot.id);
  const list = () => forge.listPullComments('demo/shop', 1);
  assert.deepEqual(
    (await list()).map(({ id, body }) => [id, body]),
    [[made.id, 'Queued']],
  );
  await forge.editComment('demo/shop', made.id, { body: 'Passed', isOutdated: true });
  assert.equal((await list())[0]?.body, 'Passed');
  await forge.deleteComment('demo/shop', made.id);
  assert.deepEqual(await list(), []);
  await assert.rejects(forge.editComment('demo/shop', made.id, { body: 'x' }), fails('not_found'));
  await assert.rejects(forge.deleteComment('demo/shop', made.id), fails('not_found'));
});

onEach('a pull request and its repository are told alike', async ({ hub, forge }) => {
  const pull = await forge.readPullRequest('demo/shop', 1);
  assert.partialDeepStrictEqual(pull, {
    number: 1,
    title: 'Two',
    state: 'open',
    author: { login: 'bob' },
    head: { ref: 'topic', origin: 'branch' },
    base: { ref: 'main' },
    repository: { fullName: 'demo/shop', defaultBranch: 'main', archived: false },
  });
  assert.match(pull.head.sha, /^[0-9a-f]{40}$/);
  assert.ok(pull.repository.cloneUrl.startsWith(hub.url));
  await hub.closePull(SHOP, 'bob');
  assert.equal((await forge.readPullRequest('demo/shop', 1)).state, 'closed');
  await assert.rejects(forge.readPullRequest('demo/shop', 99), fails('not_found'));
});

onEach('roles are asked for by name and held against the id', async ({ hub, forge }) => {
  const accountOf = (login: string) => {
    const user = [...hub.world.users.values()].find((one) => one.login === login);
    return { id: String(user?.id), login };
  };
  const roleOf = (login: string) => forge.readRole('demo/shop', accountOf(login));
  assert.deepEqual(
    [await roleOf('alice'), await roleOf('bob'), await roleOf('carol')],
    ['admin', 'write', 'read'],
  );
  assert.equal(await forge.readRole('demo/shop', { id: '4242', login: 'alice' }), 'none');
  assert.equal(await forge.readRole('demo/shop', { id: '4242', login: 'nobody-here' }), 'none');
});

onEach('a file is read at a branch or a sha, and what is none is told apart', async ({ forge }) => {
  const read = (path: string, ref = 'main') => forge.readFile('demo/shop', path, ref);
  const { head } = await forge.readPullRequest('demo/shop', 1);
  assert.equal(await read('src/app.js'), 'one\n');
  assert.equal(await read('src/app.js', head.sha), 'two\n');
  assert.equal(await read('src/none.js'), undefined);
  await assert.rejects(read('src'), fails('invalid'));
  await assert.rejects(read('src/app.js', 'refs/heads/main'), fails('invalid'));
});

onEach('reactions are there once and taken away once, however often', async ({ hub, forge }) => {
  const { id } = await hub.comment(SHOP, 'bob', '!testme');
  hub.react(id, 'alice', 'eyes');
  const shown = () => hub.reactionsOn(id).length;
  for (let n = 0; n < 2; n += 1) await forge.addReaction('demo/shop', String(id), 'eyes');
  assert.equal(shown(), 2);
  for (let n = 0; n < 2; n += 1) await forge.removeReaction('demo/shop', String(id), 'eyes');
  assert.equal(shown(), 1, 'alice’s stays');
});

onEach(
  'a status is set on a full sha only, with a description that fits',
  async ({ hub, forge }) => {
    const { head } = await forge.readPullRequest('demo/shop', 1);
    const status = {
      sha: head.sha,
      context: 'signalbox/testme',
      state: 'pending' as const,
      description: 'é'.repeat(200),
      url: 'https://ci.example.org/r/1',
    };
    await forge.setStatus('demo/shop', status);
    const [row] = hub.statusesOn('demo/shop', head.sha);
    assert.equal(row?.state, 'pending');
    assert.equal(Array.from(row?.description ?? '').length, 140);
    const short = forge.setStatus('demo/shop', { ...status, sha: head.sha.slice(0, 7) });
    await assert.rejects(short, fails('invalid'));
  },
);

onEach(
  'comments since a moment are listed with their pull request, edited ones too',
  async (subject) => {
    const { hub, forge } = subject;
    const since = new Date(Date.now() - 60_000);
    const first = await hub.comment(SHOP, 'bob', '!tesme');
    await hub.comment(SHOP, 'carol', 'Hello');
    await hub.editComment(first.id, 'bob', '!testme');
    const listed = await Array.fromAsync(forge.listComments('demo/shop', since));
    const shown = listed.map(
      ({ pull, comment }) => `${pull} ${comment.author.login} ${comment.body}`,
    );
    assert.deepEqual(new Set(shown), new Set(['1 bob !testme', '1 carol Hello']));
    const later = new Date(Date.now() + 60_000);
    assert.deepEqual(await Array.fromAsync(forge.listComments('demo/shop', later)), []);
  },
);

onEach('repositories are those that fit a pattern', async ({ forge }) => {
  assert.deepEqual(await forge.listRepositories(['demo/*']), ['demo/shop']);
  assert.deepEqual(await forge.listRepositories(['nobody/*']), []);
});

onEach('the webhook is set right, and then left alone', async ({ forge }) => {
  const target = 'https://ci.example.org/webhooks/acme';
  assert.notEqual((await forge.ensureWebhook('demo/shop', target)).outcome, 'unchanged');
  assert.equal((await forge.ensureWebhook('demo/shop', target)).outcome, 'unchanged');
});

onEach('the life of a comment and of a pull request is the same events', async ({ hub, heard }) => {
  const { id } = await hub.comment(SHOP, 'bob', '!tesme');
  await hub.editComment(id, 'bob', '!testme');
  await hub.deleteComment(id, 'bob');
  await hub.pushToPull(SHOP, { files: { a: 'b' }, message: 'More', by: 'bob' });
  await hub.closePull(SHOP, 'alice');
  await hub.reopenPull(SHOP, 'alice');
  const events = await heard(6);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    [
      'comment-created',
      'comment-edited',
      'comment-deleted',
      'pull-request-updated',
      'pull-request-closed',
      'pull-request-opened',
    ],
  );
  for (const event of events)
    assert.partialDeepStrictEqual(event, { repository: 'demo/shop', pull: 1 });
  assert.partialDeepStrictEqual(events[1], {
    actor: { login: 'bob' },
    comment: { id: String(id), body: '!testme', author: { login: 'bob' } },
  });
});

onEach('git may fetch exactly the commit', async ({ forge }) => {
  const directory = await mkdtemp(join(tmpdir(), 'forge-port-git-'));
  try {
    const { head, repository } = await forge.readPullRequest('demo/shop', 1);
    const env = { ...(await forge.gitEnvironment('demo/shop')), PATH: process.env.PATH ?? '' };
    const git = (...args: string[]) => promisify(execFile)('git', args, { cwd: directory, env });
    await git('init', '--quiet');
    await git('fetch', '--quiet', '--depth=1', repository.cloneUrl, head.sha);
    const { stdout } = await git('rev-parse', 'FETCH_HEAD');
    assert.equal(stdout.trim(), head.sha);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

onEach('trouble is told by its kind, and nothing is sent twice for it', async ({ hub, forge }) => {
  const say = () => forge.createComment({ ...SHOP, body: 'x' });
  const path = /issues\/1\/comments$/;
  for (const [status, code] of [
    [502, 'unavailable'],
    [429, 'rate_limited'],
    [409, 'conflict'],
    [403, 'forbidden'],
  ] as const) {
    hub.faults.next({ method: 'POST', path }, { kind: 'before', status });
    await assert.rejects(say(), fails(code), String(status));
  }
  hub.faults.next({ method: 'POST', path }, { kind: 'reset-after' });
  await assert.rejects(say(), fails('unavailable'));
  assert.equal(hub.commentsOn(SHOP).length, 1);
  const guard = () => {
    throw new Error('the lease is gone');
  };
  await assert.rejects(forge.createComment({ ...SHOP, body: 'x' }, { guard }), fails('conflict'));
  assert.equal(hub.commentsOn(SHOP).length, 1);
});

onEach(
  'a repository that was renamed says so, to reading and to writing',
  async ({ hub, forge }) => {
    await forge.readRepository('demo/shop');
    hub.rename('demo/shop', 'store');
    await assert.rejects(forge.readRepository('demo/shop'), fails('moved'));
    await assert.rejects(forge.createComment({ ...SHOP, body: 'x' }), fails('moved'));
    assert.equal((await forge.readRepository('demo/store')).fullName, 'demo/store');
  },
);
