import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EVENTS, PERMISSIONS } from '../../src/forges/github/access.ts';
import type { Playground } from '../../src/forges/playground/server.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeGithub, startGithub } from '../support/fake-github.ts';
import { startPlayground } from '../support/playground.ts';
import { createInstallation, type Installation } from './installation.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

type Event = Readonly<Record<string, unknown>> & { readonly event: string };

type Flow = {
  /** Waits for the event of this name. */
  event(name: string): Promise<Event>;
  readonly ended: Promise<number | null>;
  readonly said: () => string;
};

/** `signalbox setup github --json …`, beside the test. */
function startFlow(place: Installation, stack: AsyncDisposableStack, ...argv: string[]): Flow {
  const words = ['--disable-warning=ExperimentalWarning', MAIN, 'setup', 'github', '--json'];
  const child: ChildProcess = spawn(process.execPath, [...words, ...argv], {
    cwd: place.directory,
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  stack.defer(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const events = () =>
    stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Event);
  return {
    event: (name) =>
      eventually(`event ${name} in ${stdout}${stderr}`, () =>
        events().find(({ event }) => event === name),
      ),
    ended: new Promise((resolve) => child.once('close', (code) => resolve(code))),
    said: () => stdout + stderr,
  };
}

const configureGithub = (place: Installation, hub: FakeGithub) =>
  place.configure({
    forges: {
      hub: { kind: 'github', url: hub.url, limits: 'none', repositories: ['demo/shop'] },
    },
  });

async function startHub(): Promise<FakeGithub> {
  const hub = await startGithub({ users: [{ login: 'alice', token: 'token-of-alice' }] });
  const suites = 'suites:\n  testme: { runner: drone }\n';
  await hub.addRepository({ owner: 'demo', name: 'shop', files: { '.signalbox.yml': suites } });
  hub.addUser({ login: 'acme', organization: true } as Parameters<typeof hub.addUser>[0]);
  return hub;
}

const unescapeHtml = (text: string) => text.replaceAll('&quot;', '"').replaceAll('&amp;', '&');

function formOf(html: string): { action: string; manifest: string } {
  const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(html) ?? [];
  const [, manifest = ''] = /name="manifest" value="([^"]+)"/.exec(html) ?? [];
  return { action: unescapeHtml(action), manifest: unescapeHtml(manifest) };
}

/** What a browser does with the button: posts the manifest and is sent back. */
async function pressButton(html: string): Promise<string> {
  const { action, manifest } = formOf(html);
  const body = new URLSearchParams({ manifest });
  const answer = await fetch(action, { method: 'POST', redirect: 'manual', body });
  assert.equal(answer.status, 302, await answer.text());
  return answer.headers.get('location') ?? '';
}

test('setup github makes the App, keeps it, and sees the first ping and installation without a restart', async () => {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await createInstallation());
  const hub = stack.use(await startHub());
  await configureGithub(place, hub);
  await place.serve();
  const flow = startFlow(place, stack, '--organization', 'acme');
  const { url: link } = (await flow.event('link')) as Event & { url: string };
  const page = await fetch(link);
  const html = await page.text();
  assert.match(
    page.headers.get('content-security-policy') ?? '',
    new RegExp(`^default-src 'none'; .*form-action ${hub.url};.*frame-ancestors 'none'$`),
  );
  const manifest = JSON.parse(formOf(html).manifest) as Record<string, unknown>;
  assert.deepEqual(manifest.default_permissions, PERMISSIONS);
  assert.deepEqual(manifest.default_events, EVENTS);
  assert.deepEqual(manifest.hook_attributes, { url: `${place.url}/webhooks/hub`, active: true });
  assert.equal(manifest.public, false);
  assert.match(formOf(html).action, /\/organizations\/acme\/settings\/apps\/new\?state=/);
  const back = await pressButton(html);
  const done = await fetch(back);
  assert.equal(done.status, 200);
  assert.match(await done.text(), /href="[^"]+\/installations\/new">Install it</);
  const file = join(place.directory, 'data/credentials/hub.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  // GitHub sends its ping before anybody can know the secret: it is asked for again.
  await flow.event('resent');
  await flow.event('ping');
  const { slug = '', webhookSecret } = JSON.parse(readFileSync(file, 'utf8')) as {
    slug?: string;
    webhookSecret: string;
  };
  hub.github.installApp(slug, 'demo');
  assert.deepEqual((await flow.event('installed')).repositories, ['demo/shop']);
  await flow.event('done');
  assert.equal(await flow.ended, 0, flow.said());
  assert.doesNotMatch(flow.said(), new RegExp(webhookSecret));
  await obeysComments(place, hub);
  // The door is shut behind it, and a second App is not made by mistake.
  await assert.rejects(fetch(link));
  const again = await place.cli('setup', 'github');
  assert.equal(again.code, 2);
  assert.match(again.stderr, /hub has the App .* already\n→ .*setup github hub --force\n$/);
  assert.deepEqual(hub.github.violations, []);
});

/** What it is all for: a comment, and the answer, beside a bot that was never restarted. */
async function obeysComments(place: Installation, hub: FakeGithub): Promise<void> {
  const change = { files: { 'app.js': 'two\n' }, message: 'Two', by: 'alice' };
  await hub.commit('demo/shop', { branch: 'topic', ...change });
  const wish = { repository: 'demo/shop', title: 'Two', author: 'alice', head: 'topic' };
  const { number, headSha } = await hub.openPull(wish);
  hub.setRole('demo/shop', 'alice', 'admin');
  place.drone.autoplay({ stepMs: 20 });
  const on = { repository: 'demo/shop', pull: number };
  await hub.comment(on, 'alice', '!testme');
  await eventually('the answer', () =>
    hub.commentsOn(on).some(({ body }) => body.startsWith('✅')),
  );
  const [check] = hub.github.checksOn('demo/shop', headSha);
  assert.equal(check?.conclusion, 'success');
}

test('the one-time link is of one browser; a wrong token, a wrong state and a stranger get nothing', async () => {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await createInstallation());
  const hub = stack.use(await startHub());
  await configureGithub(place, hub);
  const flow = startFlow(place, stack, '--no-wait');
  const { url: link } = (await flow.event('link')) as Event & { url: string };
  const status = async (url: string, init?: RequestInit) => (await fetch(url, init)).status;
  assert.equal(await status(link.replace(/.$/, link.endsWith('A') ? 'B' : 'A')), 404);
  assert.equal(await status(new URL('/', link).href), 404);
  assert.equal(await status(link, { method: 'POST' }), 404);
  const page = await fetch(link);
  assert.equal(page.status, 200);
  assert.equal(await status(link), 404, 'a second browser');
  const cookie = (page.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  assert.match(page.headers.get('set-cookie') ?? '', /HttpOnly; SameSite=Lax$/);
  const own = (suffix = '') => fetch(`${link}${suffix}`, { headers: { cookie } });
  // The page asks whose App it shall be.
  assert.match(await page.text(), /Make it for my own account[\s\S]*name="organization"/);
  assert.equal((await own('?organization=%3Cscript%3E')).status, 400);
  assert.doesNotMatch(await (await own('?organization=%3Cscript%3E')).text(), /<script/);
  const forAcme = await own('?organization=acme');
  assert.match(await forAcme.clone().text(), /Make it for acme/);
  assert.equal(await status(`${link}/done?code=abc&state=wrong`), 400);
  const back = await pressButton(await forAcme.text());
  const forged = new URL(back);
  forged.searchParams.set('code', 'not-a-code-of-github');
  const refused = await fetch(forged);
  assert.equal(refused.status, 502);
  assert.match(await refused.text(), /the code was used or is too old/);
  assert.equal(await status(back), 200);
  assert.equal(await flow.ended, 0, flow.said());
  assert.ok(existsSync(join(place.directory, 'data/credentials/hub.json')));
});

test('setup github --print keeps nothing, and a forge that is not configured yet gets its lines', async () => {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await createInstallation());
  const hub = stack.use(await startHub());
  const make = async (...argv: string[]) => {
    const flow = startFlow(place, stack, '--url', hub.url, ...argv);
    const { url: link } = (await flow.event('link')) as Event & { url: string };
    const [app] = hub.github.apps().slice(-1);
    // Names are free only once.
    const html = (await (await fetch(link)).text()).replace(
      'signalbox-127',
      `signalbox-${argv.length}-${app?.id ?? 0}`,
    );
    assert.equal((await fetch(await pressButton(html))).status, 200);
    assert.equal(await flow.ended, 0, flow.said());
    return flow;
  };
  const printed = (await make('--print')).said();
  assert.match(printed, /^SIGNALBOX_FORGES__GITHUB__APP_ID=\d+$/m);
  assert.match(printed, /^SIGNALBOX_FORGES__GITHUB__PRIVATE_KEY="-----BEGIN .*\\n.*"$/m);
  assert.match(printed, /^SIGNALBOX_FORGES__GITHUB__WEBHOOK_SECRET=\S{16,}$/m);
  assert.ok(!existsSync(join(place.directory, 'data/credentials')));
  const kept = await make();
  assert.match(
    String((await kept.event('configure')).yaml),
    /^forges:\n {2}github:\n {4}kind: github\n {4}url: http/,
  );
  assert.ok(existsSync(join(place.directory, 'data/credentials/github.json')));
});

test('setup github says at once what stands in its way', async () => {
  await using place = await createInstallation();
  const wrong: readonly [argv: string[], code: number, told: RegExp][] = [
    [['github', 'acme'], 2, /acme is a playground in signalbox\.yml\n→ .*setup github github\n$/],
    [['github', 'Not A Name'], 64, /cannot be the name of a forge\n→ /],
    [['github', '--organization', 'a b'], 64, /It is no name of an organisation/],
    [['github', '--listen', 'nonsense'], 64, /It is host:port/],
    [['github', '--url', 'ftp://x'], 64, /is no address of a GitHub\n→ /],
    [['github', '--listen', new URL(place.forge.url).host], 2, /taken by another program\n→ /],
  ];
  for (const [argv, code, expected] of wrong) {
    const ended = await place.cli('setup', ...argv);
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, expected);
  }
});

async function startForge(): Promise<Playground> {
  const forge = await startPlayground({
    users: [{ login: 'root', token: 'token-of-root', admin: true }],
  });
  await forge.addRepository({ owner: 'acme', name: 'shop', files: { a: 'b' } });
  return forge;
}

test('setup gitea makes account, token and rights once, and finds them the next time', async () => {
  await using place = await createInstallation();
  await using forge = await startForge();
  const setup = (...argv: string[]) =>
    place.cli('setup', 'gitea', forge.url, '--repository', 'acme/shop', ...argv);
  const admin = ['--admin-token', 'token-of-root'];
  const first = await setup(...admin, '--write', 'secrets', '--json');
  assert.equal(first.code, 0, first.stderr);
  const outcomes = (text: string) =>
    (JSON.parse(text) as { steps: { outcome: string }[] }).steps.map(({ outcome }) => outcome);
  assert.deepEqual(outcomes(first.stdout), ['created', 'created', 'created']);
  const path = join(place.directory, 'secrets/gitea-token');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const token = readFileSync(path, 'utf8').trim();
  const secret = readFileSync(join(place.directory, 'secrets/gitea-webhook-secret'), 'utf8');
  assert.doesNotMatch(first.stdout + first.stderr, new RegExp(`${token}|token-of-root`));
  const second = await setup(...admin, '--write', 'secrets', '--json');
  assert.deepEqual(outcomes(second.stdout), ['found', 'found', 'found']);
  assert.equal(readFileSync(path, 'utf8').trim(), token);
  assert.equal(readFileSync(join(place.directory, 'secrets/gitea-webhook-secret'), 'utf8'), secret);
  // Nobody's password is changed without being told to.
  const blind = await setup(...admin);
  assert.equal(blind.code, 2);
  assert.match(
    blind.stderr,
    /its token is not known here\n→ Give it with --token, or add --new-token/,
  );
  const renewed = await setup(...admin, '--new-token');
  assert.match(renewed.stdout, /^GITEA_TOKEN=[0-9a-f]{40}$/m);
  assert.match(renewed.stdout, /token: \$\{env:GITEA_TOKEN\}/);
  // The token is checked as doctor does.
  const good = await setup('--token', token);
  assert.equal(good.code, 0, good.stdout);
  assert.match(good.stdout, /^ok\trepositories\tacme\/shop: the bot is admin/m);
  const wrong = await setup('--token', 'wrong');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stdout, /^failure\ttoken\trefused by the forge \(401\)/m);
});

test('setup gitea makes the webhooks of a forge that signalbox.yml knows', async () => {
  await using place = await createInstallation();
  await using forge = await startForge();
  const acme = {
    kind: 'playground',
    url: forge.url,
    token: 'not-made-yet',
    webhookSecret: 'a-secret-of-the-command-line',
    repositories: ['acme/*'],
  };
  await place.configure({ forges: { acme } });
  const admin = ['--admin-token', 'token-of-root', '--write', 'secrets'];
  const setup = () => place.cli('setup', 'gitea', forge.url, ...admin, '--repository', 'acme/shop');
  const { code, stdout, stderr } = await setup();
  assert.equal(code, 0, stderr);
  assert.match(stdout, /webhook of acme\/shop: created\n✔ kept in .*\/secrets\/acme-token\n/);
  assert.match((await setup()).stdout, /webhook of acme\/shop: unchanged\n/);
  const reference = `\${file:secrets/acme-token}`;
  await place.configure({ forges: { acme: { ...acme, token: reference } } });
  const { findings } = JSON.parse((await place.cli('doctor', '--json')).stdout) as {
    findings: { subject: string; tier: string }[];
  };
  assert.equal(findings.find(({ subject }) => subject === 'acme webhooks')?.tier, 'ok');
});

test('setup forgejo without an admin’s token tells the clicks, and a wrong token of one is told', async () => {
  await using place = await createInstallation();
  await using forge = await startForge();
  const told = await place.cli('setup', 'forgejo', `${forge.url}/`, '--repository', 'acme/shop');
  assert.equal(told.code, 0);
  for (const link of [
    '/user/sign_up',
    '/user/settings/applications',
    '/acme/shop/settings/collaboration',
  ])
    assert.ok(told.stdout.includes(`\n   ${forge.url}${link}\n`), told.stdout);
  assert.match(told.stdout, /write:issue, write:repository, read:organization, read:user/);
  assert.match(told.stdout, /setup forgejo http.* --token <the token> --repository acme\/shop\n$/);
  const wrong = await place.cli('setup', 'forgejo', forge.url, '--admin-token', 'wrong');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /401.*\n→ It must be of a site admin/);
  assert.match((await place.cli('setup', 'gitea', 'nonsense')).stderr, /no address of a forge\n→ /);
  // A file is in the way of the directory.
  const inTheWay = join(place.directory, 'signalbox.yml');
  const admin = ['--admin-token', 'token-of-root', '--write', inTheWay];
  const unwritable = await place.cli('setup', 'gitea', forge.url, ...admin);
  assert.match(unwritable.stderr, /the secrets cannot be kept: .*\n→ Choose another directory/);
});
