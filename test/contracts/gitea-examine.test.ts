import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Finding } from '../../src/domain/finding.ts';
import type { Forge } from '../../src/forges/forge.ts';
import { createGiteaForge } from '../../src/forges/gitea/index.ts';
import type { Playground } from '../../src/forges/playground/server.ts';
import { createHttpClient } from '../../src/lib/http-client.ts';
import { assertWellTold, findingOf, findingsOf, told } from '../support/findings.ts';
import { forgeWith, type Given, JSON_TYPE } from '../support/gitea-answers.ts';
import { BOT_TOKEN, startReceiver, startShop } from '../support/playground.ts';
import { call } from '../support/playground-calls.ts';

const SECRET = 'a-secret-of-the-examined-hooks';
const TARGET = 'http://127.0.0.1:1/webhooks/acme';

async function examine(
  forge: Forge,
  more: Partial<{ repositories: string[]; target: string; now: number }> = {},
): Promise<readonly Finding[]> {
  const question = { repositories: ['demo/*'], target: TARGET, now: Date.now(), ...more };
  const findings = await findingsOf(forge.examine(question));
  assertWellTold(findings);
  return findings;
}

/** The shop, and an adapter that speaks with it. */
async function startExamined(token = BOT_TOKEN) {
  const stack = new AsyncDisposableStack();
  const playground = stack.use(await startShop());
  const http = createHttpClient({ timeoutMs: 5_000 });
  stack.defer(() => http.close());
  const common = { name: 'acme', url: playground.url, webhookSecret: SECRET, http } as const;
  const forgeOf = (kind: 'gitea' | 'forgejo' | 'playground', given = token) =>
    createGiteaForge({ ...common, kind, token: given });
  return {
    playground,
    forgeOf,
    forge: forgeOf('playground'),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const hooksOf = ({ world }: Playground) => [...world.repositories.values()][0]?.hooks;

test('a playground with its hook has nothing to be mended', async () => {
  await using place = await startExamined();
  await place.forge.ensureWebhook('demo/shop', TARGET);
  const findings = await examine(place.forge);
  assert.deepEqual(told(findings), [
    `ok server: ${place.playground.url}, Gitea 1.25.4`,
    'ok clock: within 1 s of the forge',
    'ok token: of signalbox',
    'ok token scopes: write:issue, write:repository, read:organization, read:user',
    'ok repositories: demo/shop: the bot is admin',
    'ok webhooks: demo/shop: active, with the events that are used',
    'ok reactions: allowed',
    findings.at(-1) === undefined ? '' : (told(findings).at(-1) ?? ''),
  ]);
  assert.match(told(findings).at(-1) ?? '', /^skipped webhook door: .*cannot be asked/);
});

test('it changes nothing at the forge', async () => {
  await using place = await startExamined();
  await place.forge.ensureWebhook('demo/shop', TARGET);
  const before = JSON.stringify([...(hooksOf(place.playground) ?? [])]);
  const comments = place.playground.world.comments.size;
  await examine(place.forge);
  assert.equal(JSON.stringify([...(hooksOf(place.playground) ?? [])]), before);
  assert.equal(place.playground.world.comments.size, comments);
});

test('each way in which a hook can be wrong is told apart', async () => {
  await using place = await startExamined();
  const subject = 'webhook of demo/shop';
  const look = async () => findingOf(await examine(place.forge), subject);
  const missing = await look();
  assert.equal(missing.text, 'is missing');
  assert.deepEqual(missing.mend, ['signalbox connect acme demo/shop']);
  await place.forge.ensureWebhook('demo/shop', TARGET);
  const hooks = hooksOf(place.playground);
  const [hook] = hooks?.values() ?? [];
  assert.ok(hooks && hook);
  const good = { ...hook };
  const wrongs: readonly [Partial<typeof hook>, RegExp][] = [
    [{ active: false }, /^is not active$/],
    [{ contentType: 'form' }, /^sends form, not json$/],
    [
      { events: ['pull_request', 'pull_request_sync'] },
      /^does not listen to pull_request_comment$/,
    ],
    [{ events: [...good.events, 'push'] }, /^listens to push as well$/],
  ];
  for (const [wrong, expected] of wrongs) {
    Object.assign(hook, good, wrong);
    assert.match((await look()).text, expected);
  }
  Object.assign(hook, good);
  hooks.set(99, { ...good, id: 99 });
  const twice = await look();
  assert.deepEqual([twice.tier, twice.text], ['warning', 'is there 2 times']);
});

test('rights that are missing in a repository are told with the page that gives them', async () => {
  await using place = await startExamined();
  const { playground } = place;
  const bob = place.forgeOf('playground', 'token-of-bob');
  const notAdmin = findingOf(await examine(bob), 'demo/shop');
  assert.equal(notAdmin.text, 'the bot is no admin collaborator');
  assert.match(notAdmin.mend?.[0] ?? '', /\/demo\/shop\/settings\/collaboration$/);
  const absent = findingOf(
    await examine(place.forge, { repositories: ['demo/nothing'] }),
    'demo/nothing',
  );
  assert.match(absent.text, /does not exist, or the bot may not see it/);
  const none = findingOf(await examine(place.forge, { repositories: ['other/*'] }), 'repositories');
  assert.equal(none.tier, 'warning');
  playground.world.formerNames.set('demo/store', 1);
  const moved = findingOf(
    await examine(place.forge, { repositories: ['demo/store'] }),
    'demo/store',
  );
  assert.match(moved.text, /has another name now/);
});

test('a wrong token, a token without scopes and a forge that is away are told apart', async () => {
  await using place = await startExamined();
  const wrong = await examine(place.forgeOf('playground', 'wrong'));
  assert.equal(findingOf(wrong, 'token').text, 'refused by the forge (401)');
  assert.equal(findingOf(wrong, 'repositories').tier, 'skipped');
  const bot = [...place.playground.world.users.values()].find(({ login }) => login === 'signalbox');
  bot?.tokens.push({ name: 'x', value: 'scoped', scopes: ['read:issue', 'read:repository'] });
  const scoped = await examine(place.forgeOf('playground', 'scoped'));
  const lacking = scoped.filter(({ subject }) => subject === 'token scopes');
  assert.deepEqual(
    lacking.map(({ text }) => text),
    [
      'the token lacks read:user',
      'the token lacks write:issue, write:repository, read:organization',
    ],
  );
  await place.playground.refuse();
  const away = await examine(place.forge);
  assert.match(findingOf(away, 'server').text, / does not answer: /);
  await place.playground.accept();
});

test('the clock is compared with that of the forge: from 30 s a warning, from 5 min a failure', async () => {
  await using place = await startExamined();
  const tier = async (ahead: number) =>
    findingOf(await examine(place.forge, { now: Date.now() + ahead }), 'clock');
  assert.equal((await tier(10_000)).tier, 'ok');
  const late = await tier(-45_000);
  assert.equal(late.tier, 'warning');
  assert.match(late.text, /^this host is 4\d s behind the forge$/);
  assert.match((await tier(600_000)).text, /^this host is 10 min ahead of the forge$/);
  assert.equal((await tier(600_000)).tier, 'failure');
});

test('the kind of the configuration is compared with what answers', async () => {
  await using place = await startExamined();
  const forgejo = findingOf(await examine(place.forgeOf('forgejo')), 'server');
  assert.deepEqual([forgejo.tier, forgejo.mend], ['failure', ['forges.acme.kind: gitea']]);
  assert.equal(findingOf(await examine(place.forgeOf('gitea')), 'server').tier, 'ok');
  const answers: Record<string, Given> = {
    '/api/v1/version': { status: 200, body: { version: '8.0.2' } },
    '/api/forgejo/v1/version': { status: 200, body: { version: '1.0.0' } },
  };
  const look = async () => {
    const { forge } = forgeWith(
      ({ url }) => answers[new URL(url).pathname] ?? { status: 404, headers: JSON_TYPE },
    );
    return findingOf(await examine(forge), 'server');
  };
  const forgejoAsGitea = await look();
  assert.deepEqual(
    [forgejoAsGitea.tier, forgejoAsGitea.mend],
    ['warning', ['forges.acme.kind: forgejo']],
  );
  delete answers['/api/forgejo/v1/version'];
  answers['/api/v1/version'] = { status: 200, body: { version: '1.20.1' } };
  assert.match((await look()).text, /nobody has tried .* as old$/);
  answers['/api/v1/version'] = { status: 200, headers: {}, body: '<html>' };
  assert.match((await look()).text, /that is no Gitea or Forgejo/);
});

test('the words of both servers for a missing scope are understood, as recorded', async () => {
  for (const system of ['gitea/1.25.4', 'forgejo/8.0.2']) {
    const file = `../fixtures/recorded/${system}/api/scope-missing-403.json`;
    const recorded = JSON.parse(await readFile(new URL(file, import.meta.url), 'utf8')) as {
      exchanges: readonly { response: { status: number; body: string } }[];
    };
    const [first] = recorded.exchanges;
    assert.ok(first);
    const { status, body } = first.response;
    const { forge } = forgeWith(({ url }) =>
      url.endsWith('/comments/0')
        ? { status, body }
        : { status: 200, body: { version: '1.25.4', id: 1, login: 'bot' } },
    );
    const { text } = findingOf(await examine(forge), 'token scopes');
    assert.equal(text, 'the token lacks write:issue');
  }
});

test('a server that does not allow our reactions is a warning', async () => {
  const { forge } = forgeWith(({ url }) =>
    url.endsWith('/settings/ui')
      ? { status: 200, body: { allowed_reactions: ['+1', 'eyes'] } }
      : { status: 200, body: { version: '1.25.4', id: 1, login: 'bot' } },
  );
  const { tier, text } = findingOf(await examine(forge), 'reactions');
  assert.deepEqual([tier, text], ['warning', 'the server does not allow rocket, -1, confused']);
});

test('only fifty repositories are looked at, and that is told', async () => {
  await using place = await startExamined();
  for (let number = 0; number < 51; number += 1)
    await place.playground.addRepository({ owner: 'demo', name: `r${number}` });
  const findings = await examine(place.forge);
  assert.ok(told(findings).includes('skipped repositories: only 50 of 52 were looked at'));
});

test('the door is tried with a right and a wrong signature, and what answers is told apart', async () => {
  await using place = await startExamined();
  const door = async (target: string) =>
    findingOf(await examine(place.forge, { target }), 'webhook door');
  await using foreign = await startReceiver(200);
  assert.match((await door(foreign.url)).text, /→ 200, and that is not an answer of ours/);
  assert.equal(foreign.received.length, 2);
  const signed = foreign.received.map(({ headers }) => headers['x-gitea-signature']);
  assert.notEqual(signed[0], signed[1]);
  const answers: readonly [signed: Given, forged: Given, tier: string, text: RegExp][] = [
    [taken(), refused(401, 'bad_signature'), 'ok', /takes what is signed right/],
    [taken(), taken(), 'failure', /wrong signature was answered 200, not 401/],
    [
      refused(401, 'bad_signature'),
      refused(401, 'bad_signature'),
      'failure',
      /refuses what is signed with the secret/,
    ],
    [refused(404, 'unknown_forge'), refused(404, 'unknown_forge'), 'failure', /does not know/],
    [refused(503, 'overloaded'), refused(401, 'bad_signature'), 'failure', /503: overloaded/],
  ];
  for (const [right, wrong, tier, text] of answers) {
    let first = true;
    const { forge } = forgeWith(({ method }) => {
      if (method !== 'POST') return { status: 200, body: { version: '1.25.4' } };
      const given = first ? right : wrong;
      first = false;
      return given;
    });
    const finding = findingOf(await examine(forge), 'webhook door');
    assert.equal(finding.tier, tier);
    assert.match(finding.text, text);
  }
});

const taken = (): Given => ({
  status: 200,
  body: { outcome: 'ignored', reason: 'event_not_used' },
});
const refused = (status: number, code: string): Given => ({
  status,
  body: { error: { code, message: 'no' } },
});

test('the playground makes accounts and tokens as Gitea does', async () => {
  await using place = await startExamined();
  const { playground } = place;
  const body = { username: 'robot', email: 'robot@example.org', password: 'of the robot' };
  assert.equal((await call(playground, 'POST', '/admin/users', { body })).status, 403);
  const [alice] = playground.world.users.values();
  assert.ok(alice);
  playground.world.users.set(alice.id, { ...alice, admin: true });
  const asAdmin = { token: 'token-of-alice', body };
  assert.equal((await call(playground, 'POST', '/admin/users', asAdmin)).status, 201);
  assert.equal((await call(playground, 'POST', '/admin/users', asAdmin)).status, 422);
  const wish = { token: 'token-of-alice', body: { name: 'x', scopes: ['read:user'] } };
  assert.equal((await call(playground, 'POST', '/users/robot/tokens', wish)).status, 401);
});
