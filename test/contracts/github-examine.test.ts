import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Finding } from '../../src/domain/finding.ts';
import { ForgeError } from '../../src/forges/forge.ts';
import { EVENTS, PERMISSIONS } from '../../src/forges/github/access.ts';
import { createGithubClient } from '../../src/forges/github/client.ts';
import type { AppCredentials } from '../../src/forges/github/credentials.ts';
import { createCredentialFile } from '../../src/forges/github/credentials.ts';
import { type AppCalls, appCallsOf, createExamination } from '../../src/forges/github/examine.ts';
import { createHttpClient } from '../../src/lib/http-client.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeGithub, startGithub } from '../support/fake-github.ts';
import { assertWellTold, findingOf, findingsOf, told } from '../support/findings.ts';
import { startReceiver } from '../support/playground.ts';

const TARGET = 'http://127.0.0.1:1/webhooks/hub';

type Place = AsyncDisposable & {
  readonly github: FakeGithub;
  examine(more?: Partial<Question>): Promise<readonly Finding[]>;
};
type Question = {
  repositories: readonly string[];
  target: string;
  now: number;
  credentials: () => AppCredentials | undefined;
};

/** A GitHub with a shop on which the App is installed. */
async function startPlace(app: Parameters<typeof startGithub>[0] = {}): Promise<Place> {
  const stack = new AsyncDisposableStack();
  const github = stack.use(await startGithub({ app: { webhookUrl: TARGET }, ...app }));
  await github.addRepository({ owner: 'acme', name: 'shop', files: { a: 'b' } });
  github.github.install('acme', 'all');
  const http = createHttpClient({ timeoutMs: 5_000 });
  stack.defer(() => http.close());
  const { appId, privateKey, webhookSecret } = github.github.app;
  return {
    github,
    async examine(more = {}) {
      const credentials = more.credentials ?? (() => ({ appId, privateKey, webhookSecret }));
      const common = { url: github.url, http, credentials };
      const client = createGithubClient({
        ...common,
        limits: 'none',
        now: Date.now,
        setup: 'signalbox setup github hub',
      });
      const question = { repositories: ['acme/shop'], target: TARGET, now: Date.now(), ...more };
      const parts = { ...common, name: 'hub' };
      const findings = await findingsOf(createExamination(appCallsOf(client), parts)(question));
      assertWellTold(findings);
      return findings;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test('an App as app.yml says, installed, has nothing to be mended but what it could not deliver', async () => {
  await using place = await startPlace();
  const findings = await place.examine();
  const tiers = new Map(findings.map(({ subject, tier }) => [subject, tier]));
  for (const subject of [
    'credentials',
    'app',
    'clock',
    'permissions',
    'installations',
    'repositories',
    'rate limit',
    'webhook',
  ])
    assert.equal(tiers.get(subject), 'ok', told(findings).join('\n'));
  assert.equal(tiers.get('webhook door'), 'skipped');
  assert.match(findingOf(findings, 'rate limit').text, /^\d+ of 5000 calls left, for \d+ min$/);
  assert.deepEqual(place.github.github.violations, []);
});

test('without credentials, or with a broken file, it says what makes them', async () => {
  await using place = await startPlace();
  const none = await place.examine({ credentials: () => undefined });
  assert.deepEqual(findingOf(none, 'credentials').mend, ['signalbox setup github hub']);
  assert.equal(findingOf(none, 'app').tier, 'skipped');
  const open = await place.examine({
    credentials: () => {
      throw new ForgeError('unauthorized', 'x may be read by others; mend it with: chmod 600 x');
    },
  });
  assert.deepEqual(findingOf(open, 'credentials').mend, ['chmod 600 x']);
});

test('a key that is not of this App, and a GitHub that is away, are told apart', async () => {
  await using place = await startPlace();
  await using other = await startGithub();
  const { appId, webhookSecret } = place.github.github.app;
  const { privateKey } = other.github.app;
  const wrong = await place.examine({
    credentials: () => ({ appId: appId + 1, privateKey, webhookSecret }),
  });
  assert.match(findingOf(wrong, 'app').text, /does not know the App by its key \(40[14]\)/);
  await place.github.refuse();
  assert.match(findingOf(await place.examine(), 'app').text, /does not answer/);
  await place.github.accept();
});

test('permissions and events that are missing, and those that are too many, are told', async () => {
  const { checks: _checks, ...fewer } = PERMISSIONS;
  const events = EVENTS.filter((event) => event !== 'issue_comment');
  const app = { webhookUrl: TARGET, permissions: { ...fewer, actions: 'read' as const }, events };
  await using place = await startPlace({ app });
  const findings = await place.examine();
  const lines = told(findings);
  assert.ok(lines.includes('failure permissions: the App lacks checks: write'), lines.join('\n'));
  assert.ok(lines.includes('warning permissions: the App has more than it uses: actions: read'));
  assert.ok(lines.includes('failure events: the App does not hear issue_comment'));
  const page = `${place.github.url}/organizations/signalbox-makers/settings/apps/signalbox/permissions`;
  assert.deepEqual(findingOf(findings, 'events').mend, [page]);
});

test('installations: none, suspended, behind in what they approved, and a repository without', async () => {
  await using place = await startPlace();
  const { github } = place;
  github.github.setPermissions({ checks: undefined });
  const behind = findingOf(await place.examine(), 'installation of acme');
  assert.equal(behind.text, 'has not approved checks: write');
  github.github.setPermissions({ checks: 'write' });
  github.github.suspend('acme');
  const suspended = findingOf(await place.examine(), 'installation of acme');
  assert.deepEqual([suspended.tier, suspended.text], ['warning', 'is suspended']);
  github.github.unsuspend('acme');
  const absent = await place.examine({ repositories: ['acme/shop', 'other/shop'] });
  assert.deepEqual(findingOf(absent, 'other/shop').mend, [
    `${github.url}/apps/signalbox/installations/new`,
  ]);
  github.github.uninstall('acme');
  const nowhere = findingOf(await place.examine(), 'installations');
  assert.equal(nowhere.text, 'the App is installed nowhere');
});

test('the hook of the App, and what of its deliveries failed', async () => {
  await using place = await startPlace();
  const { github } = place;
  github.github.setWebhook('http://127.0.0.1:1/elsewhere', { ping: true });
  await eventually('the ping', () => github.github.listDeliveries().length > 0);
  const findings = await place.examine();
  assert.match(findingOf(findings, 'webhook').text, /^goes to .*elsewhere, not to /);
  assert.deepEqual(findingOf(findings, 'webhook').mend, ['signalbox connect hub acme/shop']);
  const sent = findingOf(findings, 'sent');
  assert.equal(sent.tier, 'failure');
  assert.match(sent.text, /deliveries of a day \d failed: \d × 502 \(failed to connect to host\)/);
  await using receiver = await startReceiver(200);
  github.github.setWebhook(receiver.url, { ping: true });
  await eventually('the second ping', () => receiver.received.length > 0);
  await github.idle();
  assert.equal(findingOf(await place.examine(), 'sent').tier, 'warning');
});

test('what only GitHub’s pages can set wrong is told, too', async () => {
  const answers: Record<string, unknown> = {
    'GET /app': {
      id: 1,
      slug: 's',
      html_url: 'https://github.com/apps/s',
      permissions: PERMISSIONS,
      events: EVENTS,
    },
    'GET /app/installations': [{ id: 2, account: { login: 'acme' }, permissions: PERMISSIONS }],
    'GET /app/hook/config': { url: TARGET, content_type: 'form', insecure_ssl: '0' },
    'GET /app/hook/deliveries': [],
    'GET /rate_limit': { resources: { core: { limit: 5_000, remaining: 12, reset: 0 } } },
  };
  const ask = async (route: string) => {
    await Promise.resolve();
    const date = new Date().toUTCString();
    return { status: 200, headers: { date }, data: answers[route] ?? {} };
  };
  const calls: AppCalls = { asApp: ask, asInstallation: (_repository, route) => ask(route) };
  const http = createHttpClient({ timeoutMs: 1_000 });
  const credentials = () => ({ appId: 1, privateKey: 'x', webhookSecret: 'x'.repeat(16) });
  const parts = { name: 'hub', url: 'https://github.com', credentials, http };
  const question = { repositories: ['acme/shop'], target: TARGET, now: Date.now() };
  const look = () => findingsOf(createExamination(calls, parts)(question));
  const first = await look();
  assert.match(findingOf(first, 'webhook').text, /^sends form, not json$/);
  assert.deepEqual(
    [findingOf(first, 'rate limit').tier, findingOf(first, 'rate limit').text],
    ['warning', '12 of 5000 calls left, for 0 min'],
  );
  answers['GET /app/hook/config'] = { url: TARGET, content_type: 'json', insecure_ssl: '1' };
  assert.match(findingOf(await look(), 'webhook').text, /does not look at the certificate/);
  answers['GET /app/hook/config'] = {};
  assert.equal(findingOf(await look(), 'webhook').text, 'goes nowhere');
  answers['GET /app'] = { message: 'something else' };
  assert.match(findingOf(await look(), 'app').text, /answers, but not as GitHub does/);
  await http.close();
});

test('the file of the credentials is private, whole, and read again when it changes', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'credentials-'));
  const { chmodSync, statSync, writeFileSync, readdirSync } = await import('node:fs');
  try {
    const path = join(directory, 'below', 'hub.json');
    let now = 0;
    const file = createCredentialFile(path, { now: () => now });
    assert.equal(file.read(), undefined);
    const credentials = { appId: 7, privateKey: 'key', webhookSecret: 'x'.repeat(20) };
    createCredentialFile(path).write(credentials);
    assert.equal(file.read(), undefined, 'not looked at twice within a second');
    now += 1_000;
    assert.deepEqual(file.read(), credentials);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(directory, 'below')).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(join(directory, 'below')), ['hub.json']);
    const broken = (mend: RegExp) => {
      now += 1_000;
      assert.throws(
        () => file.read(),
        (error) => error instanceof ForgeError && mend.test(error.message),
      );
    };
    chmodSync(path, 0o640);
    broken(/may be read by others \(640\); mend it with: chmod 600 /);
    chmodSync(path, 0o600);
    writeFileSync(path, '{"appId": 7}');
    broken(/is broken \(privateKey, webhookSecret\); mend it with: signalbox setup github --force/);
    file.write({ ...credentials, appId: 8 });
    assert.equal(file.read()?.appId, 8);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
