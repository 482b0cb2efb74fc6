import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { DRONE_SECRET, type Harness, PULL, REPOSITORY, startHarness } from '../support/harness.ts';
import { WEBHOOK_SECRET } from '../support/scenario-forge.ts';

type Headers = Readonly<Record<string, string>>;
type Answer = {
  readonly status: number;
  readonly headers: globalThis.Headers;
  readonly body: unknown;
};

function sign(body: string, secret = WEBHOOK_SECRET): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

const TYPED = { 'content-type': 'application/json', 'x-gitea-event': 'issue_comment' };

async function post(
  app: Harness,
  path: string,
  request: { body: string; headers: Headers },
): Promise<Answer> {
  const answer = await fetch(`${app.url}${path}`, { method: 'POST', ...request });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

function hook(app: Harness, body: string, more: Headers = {}): Promise<Answer> {
  const headers = {
    ...TYPED,
    'x-gitea-event-type': 'pull_request_comment',
    'x-gitea-signature': sign(body),
    ...more,
  };
  return post(app, '/webhooks/acme', { body, headers });
}

function codeOf({ body }: Answer): string | undefined {
  return (body as { error?: { code?: string } }).error?.code;
}

/** The body of a comment's delivery as the forge would send it, without it being sent. */
async function deliveryOf(app: Harness, login: string, text: string): Promise<string> {
  app.forge.faults.webhooks({ lose: 1, random: () => 0 });
  await app.forge.comment(PULL, login, text);
  app.forge.faults.clear();
  const { body } = app.forge.deliveries.at(-1) ?? {};
  assert.ok(body);
  return body;
}

test('a comment with a command is accepted after it is kept, byte for byte', async () => {
  await using app = await startHarness();
  const body = `  ${await deliveryOf(app, 'alice', '!status – ünï ☃')}\n\n`;
  const answer = await hook(app, body, {
    'x-gitea-delivery': 'one',
    authorization: 'Basic secret',
  });
  assert.equal(answer.status, 202);
  assert.equal((answer.body as { outcome: string }).outcome, 'accepted');
  const row = await app.app.ledger.db
    .selectFrom('deliveries')
    .selectAll()
    .executeTakeFirstOrThrow();
  assert.equal(Buffer.from(row.body).toString('utf8'), body);
  assert.doesNotMatch(row.headers_json, /Basic secret/u);
  assert.match(row.headers_json, /x-gitea-delivery/u);
});

test('the same comment again is a duplicate, whatever the id of its delivery', async () => {
  await using app = await startHarness();
  const body = await deliveryOf(app, 'alice', '!status');
  await hook(app, body, { 'x-gitea-delivery': 'one' });
  const again = await hook(app, body, { 'x-gitea-delivery': 'two' });
  assert.deepEqual([again.status, again.body], [200, { outcome: 'duplicate' }]);
  await app.settle();
  assert.equal(app.answers().length, 1);
});

test('a hundred deliveries of the same comment at once are one', async () => {
  await using app = await startHarness();
  const body = await deliveryOf(app, 'alice', '!status');
  const answers = await Promise.all(Array.from({ length: 100 }, () => hook(app, body)));
  assert.equal(answers.filter(({ status }) => status === 202).length, 1);
  assert.equal(answers.filter(({ status }) => status === 200).length, 99);
});

for (const [what, signature] of [
  ['of another secret', (body: string) => sign(body, 'another secret')],
  ['of another body', (body: string) => sign(`${body} `)],
  ['that is empty', () => ''],
  ['in capital letters cut short', (body: string) => sign(body).toUpperCase().slice(0, 10)],
] as const) {
  test(`a delivery with a signature ${what} is refused and leaves no trace`, async () => {
    await using app = await startHarness();
    const body = await deliveryOf(app, 'alice', '!testme');
    const answer = await hook(app, body, { 'x-gitea-signature': signature(body) });
    assert.deepEqual([answer.status, codeOf(answer)], [401, 'bad_signature']);
    assert.deepEqual(await app.deliveries(), []);
  });
}

test('a delivery without any signature is refused', async () => {
  await using app = await startHarness();
  const body = await deliveryOf(app, 'alice', '!testme');
  const headers = { ...TYPED, 'x-gitea-event-type': 'pull_request_comment' };
  const answer = await post(app, '/webhooks/acme', { body, headers });
  assert.equal(answer.status, 401);
});

test('the names that GitHub uses, which Gitea sends as well, decide nothing', async () => {
  await using app = await startHarness();
  const body = await deliveryOf(app, 'alice', '!status');
  const misleading = {
    'x-github-event': 'push',
    'x-github-delivery': 'one',
    'x-hub-signature': 'sha1=00',
    'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
  };
  assert.equal((await hook(app, body, misleading)).status, 202);
});

test('a body above the limit is refused before anything is looked at', async () => {
  await using app = await startHarness();
  const { maxBodyBytes } = app.app.config.limits;
  const body = 'x'.repeat(maxBodyBytes + 1);
  const answer = await post(app, '/webhooks/acme', { body, headers: TYPED });
  assert.deepEqual([answer.status, codeOf(answer)], [413, 'too_large']);
});

test('a forge that is not configured is unknown', async () => {
  await using app = await startHarness();
  const answer = await post(app, '/webhooks/constructor', { body: '{}', headers: TYPED });
  assert.deepEqual([answer.status, codeOf(answer)], [404, 'unknown_forge']);
});

for (const [what, body] of [
  ['broken JSON', '{"action":'],
  ['JSON that is no object', '[]'],
  ['an object without what the event promises', '{"action":"created","is_pull":true}'],
  ['no bytes at all', ''],
] as const) {
  test(`${what} with a right signature is a bad request`, async () => {
    await using app = await startHarness();
    const answer = await hook(app, body);
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'bad_payload']);
    assert.deepEqual(await app.deliveries(), []);
  });
}

test('what concerns nobody is counted with its reason and not kept', async () => {
  await using app = await startHarness();
  const noise = [
    [await deliveryOf(app, 'alice', 'Looks good.'), {}, 'no_command'],
    ['{}', { 'x-gitea-event-type': 'fork', 'x-gitea-event': 'fork' }, 'event_not_used'],
    ['{}', { 'x-gitea-event-type': 'issue_comment' }, 'not_a_pull_request'],
  ] as const;
  for (const [body, headers, reason] of noise) {
    const answer = await hook(app, body, headers);
    assert.deepEqual([answer.status, answer.body], [200, { outcome: 'ignored', reason }]);
    assert.equal(await app.ignored(reason), 1);
  }
  assert.deepEqual(await app.deliveries(), []);
});

test('a repository that is not listed is ignored, and why is kept for who asks', async () => {
  await using app = await startHarness();
  const body = (await deliveryOf(app, 'alice', '!testme')).replaceAll(REPOSITORY, 'other/shop');
  const answer = await hook(app, body);
  assert.deepEqual(answer.body, { outcome: 'ignored', reason: 'repository_not_allowed' });
  await app.settle();
  assert.equal((await app.deliveries())[0]?.reason, 'repository_not_allowed');
  assert.equal(app.drone.builds().length, 0);
});

test('a form-encoded delivery is understood; its signature is over the payload’s value', async () => {
  await using app = await startHarness();
  const payload = await deliveryOf(app, 'alice', '!status');
  const answer = await hook(app, new URLSearchParams({ payload }).toString(), {
    'content-type': 'application/x-www-form-urlencoded',
    'x-gitea-signature': sign(payload),
  });
  assert.equal(answer.status, 202);
  await app.settle();
  assert.equal(app.answers().length, 1);
});

test('while the ledger cannot write, a delivery is refused with a time to come again, and kept nowhere', async () => {
  await using app = await startHarness();
  const body = await deliveryOf(app, 'alice', '!testme');
  const { sqlite } = app.app.ledger;
  assert.ok(sqlite);
  await app.settle();
  sqlite.exec('pragma query_only = on');
  const refused = await hook(app, body);
  sqlite.exec('pragma query_only = off');
  assert.deepEqual([refused.status, codeOf(refused)], [503, 'ledger_unavailable']);
  assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/u);
  assert.deepEqual(await app.deliveries(), []);
  assert.equal((await hook(app, body)).status, 202, 'the same delivery is new afterwards');
});

test('while too much is unfinished, commands are refused and noise is still answered', async () => {
  await using app = await startHarness();
  const body = await deliveryOf(app, 'alice', '!testme');
  const noise = await deliveryOf(app, 'alice', 'Looks good.');
  app.app.setOverloaded(true);
  const refused = await hook(app, body);
  assert.deepEqual([refused.status, codeOf(refused)], [503, 'overloaded']);
  assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/u);
  assert.deepEqual(await app.deliveries(), []);
  assert.equal((await hook(app, noise)).status, 200);
});

test('an unknown address is a page for a browser and an envelope for a program', async () => {
  await using app = await startHarness();
  const page = await fetch(`${app.url}/nothing-here`, { headers: { accept: 'text/html' } });
  assert.equal(page.status, 404);
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/u);
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src/u);
  assert.match(await page.text(), /There is nothing here/u);
  const answer = await post(app, '/nothing-here', { body: '{}', headers: TYPED });
  assert.deepEqual([answer.status, codeOf(answer)], [404, 'not_found']);
});

function droneHook(
  app: Harness,
  body: string,
  forged: { date?: string; digest?: string; secret?: string } = {},
): Promise<Answer> {
  const date = forged.date ?? new Date(app.clock.now()).toUTCString();
  const digest = forged.digest ?? `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
  const signature = createHmac('sha256', forged.secret ?? DRONE_SECRET)
    .update(`date: ${date}\ndigest: ${digest}`)
    .digest('base64');
  const headers = {
    'content-type': 'application/json',
    date,
    digest,
    signature: `keyId="hmac-key",algorithm="hmac-sha256",signature="${signature}",headers="date digest"`,
  };
  return post(app, '/hooks/drone/drone', { body, headers });
}

const aBuild = (run?: string) =>
  JSON.stringify({
    event: 'build',
    build: { number: 1, params: run ? { SIGNALBOX_RUN: run } : {} },
  });

test('word of a build of ours makes us look at it at once', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme');
  await app.settle();
  const [run] = await app.runs();
  assert.ok(run);
  const { length } = app.drone.calls;
  assert.equal((await droneHook(app, aBuild(run.id))).status, 202);
  await app.settle();
  assert.ok(app.drone.calls.length > length);
});

test('word of a build of somebody else is counted and forgotten', async () => {
  await using app = await startHarness();
  const answer = await droneHook(app, aBuild());
  assert.deepEqual(
    [answer.status, answer.body],
    [200, { outcome: 'ignored', reason: 'not_our_build' }],
  );
  assert.equal(await app.ignored('not_our_build'), 1);
  await droneHook(app, aBuild('01UNKNOWN'));
  await app.settle();
  assert.equal((await app.deliveries())[0]?.reason, 'not_our_build');
});

for (const [what, forged] of [
  ['the digest of another body', { digest: `SHA-256=${Buffer.alloc(32).toString('base64')}` }],
  ['an old date', { date: 'Sat, 01 Nov 2025 10:00:00 GMT' }],
  ['another secret', { secret: 'another secret' }],
] as const) {
  test(`a webhook of Drone with ${what} is refused`, async () => {
    await using app = await startHarness();
    const answer = await droneHook(app, aBuild('01UNKNOWN'), forged);
    assert.deepEqual([answer.status, codeOf(answer)], [401, 'bad_signature']);
    assert.deepEqual(await app.deliveries(), []);
  });
}

test('a webhook of Drone that is no JSON is a bad request, and one for no runner of ours unknown', async () => {
  await using app = await startHarness();
  assert.equal((await droneHook(app, 'nonsense')).status, 400);
  const answer = await post(app, '/hooks/drone/local', { body: '{}', headers: TYPED });
  assert.deepEqual([answer.status, codeOf(answer)], [404, 'unknown_runner']);
});
