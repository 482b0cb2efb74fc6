import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import {
  addPrivate,
  createAsking,
  PULL,
  SHOP,
  type Shop,
  startShop,
} from '../support/fake-github/ask.ts';
import { readJwt } from '../support/fake-github/keys.ts';
import { startReceiver } from '../support/playground.ts';
import { createShiftedClock } from '../support/shifted-clock.ts';

const run = promisify(execFile);

/** Resolves to what git said when it failed, or to nothing. */
async function clone(shop: Shop, name: string, token: string | undefined): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'fake-github-'));
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  const config =
    token === undefined ? [] : ['-c', `http.extraHeader=Authorization: Basic ${basic}`];
  const env = { PATH: process.env.PATH, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_GLOBAL: '/dev/null' };
  const url = `${shop.github.url}/${name}.git`;
  try {
    await run('git', [...config, 'clone', '--quiet', url, path.join(directory, 'copy')], { env });
    return '';
  } catch (error) {
    return String(error);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test('git clones with a token of the installation, and of no other', async () => {
  await using shop = await startShop();
  await addPrivate(shop, 'demo/secret');
  await addPrivate(shop, 'other/vault');
  const { github } = shop.github;
  github.install('other', 'all');
  const other = await createAsking(shop.github, 'other');
  assert.equal(await clone(shop, 'demo/secret', shop.token), '');
  assert.equal(await clone(shop, 'other/vault', other.token), '');
  assert.match(await clone(shop, 'demo/secret', other.token), /not found|404/i);
  assert.match(
    await clone(shop, 'demo/secret', 'ghs_wrong'),
    /Authentication failed|401|terminal prompts/i,
  );
  assert.notEqual(await clone(shop, 'demo/secret', undefined), '');
  assert.equal(await clone(shop, SHOP, other.token), '', 'what is public is for all');
  github.setPermissions({ contents: undefined });
  assert.match(await clone(shop, 'demo/secret', shop.token), /not found|404/i);
  github.suspend('demo');
  assert.notEqual(await clone(shop, 'demo/secret', shop.token), '');
});

const MINIMIZE = `mutation Fold($id: ID!) {
  minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) {
    minimizedComment { isMinimized minimizedReason }
  }
}`;
const REACT = `mutation($id: ID!) {
  addReaction(input: { subjectId: $id, content: EYES }) { reaction { content } subject { id } }
}`;

test('a comment is folded away over GraphQL, and unfolded', async () => {
  await using shop = await startShop();
  const { id } = await shop.github.comment(PULL, 'bob', 'old');
  const node = (await shop.ask('GET', `/repos/${SHOP}/issues/comments/${id}`)).body.node_id;
  const { body } = await shop.graphql(MINIMIZE, { id: node });
  assert.deepEqual(body, {
    data: {
      minimizeComment: { minimizedComment: { isMinimized: true, minimizedReason: 'outdated' } },
    },
  });
  assert.equal(shop.github.github.isMinimized(id), 'OUTDATED');
  await shop.graphql(
    'mutation($id: ID!) { unminimizeComment(input: {subjectId: $id}) { clientMutationId } }',
    { id: node },
  );
  assert.equal(shop.github.github.isMinimized(id), undefined);
});

test('a review is reacted to over GraphQL alone', async () => {
  await using shop = await startShop();
  const { id } = shop.github.github.review(PULL, 'bob', 'Fine', 'approved');
  const node = (await shop.ask('GET', `/repos/${SHOP}/pulls/1/reviews/${id}`)).body.node_id;
  const added = await shop.graphql(REACT, { id: node });
  assert.deepEqual(added.body.data.addReaction.reaction, { content: 'EYES' });
  assert.deepEqual(shop.github.github.reviewReactions(id), ['eyes']);
  const removing = REACT.replace('addReaction', 'removeReaction');
  await shop.graphql(removing, { id: node });
  assert.deepEqual(shop.github.github.reviewReactions(id), []);
  assert.equal((await shop.graphql(removing, { id: node })).body.errors[0].type, 'NOT_FOUND');
  const rest = await shop.ask('POST', `/repos/${SHOP}/pulls/1/reviews/${id}/reactions`, {});
  assert.equal(rest.status, 404);
});

test('errors of GraphQL come with status 200 and say their type', async () => {
  await using shop = await startShop();
  const { id } = await shop.github.comment(PULL, 'bob', 'old');
  const node = (await shop.ask('GET', `/repos/${SHOP}/issues/comments/${id}`)).body.node_id;
  const missing = await shop.graphql(MINIMIZE, { id: 'IC_nothing' });
  assert.deepEqual([missing.status, missing.body.errors[0].type], [200, 'NOT_FOUND']);
  assert.match(missing.body.errors[0].message, /^Could not resolve to a node with the global id/);
  shop.github.github.setPermissions({ issues: 'read', pull_requests: 'read' });
  const forbidden = await shop.graphql(MINIMIZE, { id: node });
  assert.deepEqual(forbidden.body.data, { minimizeComment: null });
  assert.deepEqual(
    [forbidden.body.errors[0].type, forbidden.body.errors[0].message],
    ['FORBIDDEN', 'Resource not accessible by integration'],
  );
  const unknown = await shop.graphql('mutation { minimizeComment(input: {}) { minimized } }');
  assert.equal(unknown.body.errors[0].extensions.code, 'undefinedField');
  const nobody = await shop.as(undefined, 'POST', `${shop.github.url}/api/graphql`, { query: '' });
  assert.equal(nobody.status, 401);
});

const manifest = (url: string, changes: object = {}) => ({
  name: 'Signalbox of acme',
  url: 'https://signalbox.example.org',
  hook_attributes: { url },
  redirect_url: 'http://127.0.0.1:1/setup/done?kept=yes',
  public: false,
  default_permissions: { issues: 'write', checks: 'write', pull_requests: 'write' },
  default_events: ['issue_comment', 'check_run'],
  ...changes,
});

function post(shop: Shop, form: object, page = '/settings/apps/new?state=abc') {
  return fetch(`${shop.github.url}${page}`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ manifest: JSON.stringify(form) }),
  });
}

test('an App is made from a manifest, and its code is turned once into its keys', async () => {
  await using receiver = await startReceiver();
  await using shop = await startShop();
  const answer = await post(
    shop,
    manifest(receiver.url),
    '/organizations/demo/settings/apps/new?state=a%26b',
  );
  assert.equal(answer.status, 302);
  const back = new URL(answer.headers.get('location') ?? '');
  assert.deepEqual(
    [back.pathname, back.searchParams.get('kept'), back.searchParams.get('state')],
    ['/setup/done', 'yes', 'a&b'],
  );
  const code = back.searchParams.get('code') ?? '';
  assert.equal(shop.github.github.manifest(code)?.slug, 'signalbox-of-acme');
  const path = `/app-manifests/${code}/conversions`;
  const { status, body } = await shop.as(undefined, 'POST', path);
  assert.equal(status, 201);
  assert.equal(body.slug, 'signalbox-of-acme');
  assert.equal(body.owner.login, 'demo');
  assert.match(body.pem, /^-----BEGIN RSA PRIVATE KEY-----/);
  assert.ok(body.webhook_secret.length > 16);
  assert.deepEqual(body.events, ['issue_comment', 'check_run']);
  assert.equal((await shop.as(undefined, 'POST', path)).status, 404, 'only once');
  await shop.github.idle();
  assert.equal(receiver.received[0]?.headers['x-github-event'], 'ping');
  assert.equal(shop.github.github.apps().length, 2);
  assert.equal((await shop.ask('GET', '/users/signalbox-of-acme%5Bbot%5D')).status, 200);
});

test('a code is good for an hour', async () => {
  const clock = createShiftedClock();
  await using shop = await startShop({ clock });
  const answer = await post(shop, manifest('http://127.0.0.1:1/'));
  const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code');
  clock.pass(3_601_000);
  const late = await shop.as(undefined, 'POST', `/app-manifests/${code}/conversions`);
  assert.equal(late.status, 404);
});

test('a manifest that GitHub does not understand is refused', async () => {
  await using shop = await startShop();
  const wrong: [object, RegExp][] = [
    [{ default_permissions: { 'pull-requests': 'write' }, default_events: [] }, /pull-requests/],
    [{ default_permissions: { issues: 'write' } }, /Default events unsupported: check_run/],
    [{ default_events: ['installation'] }, /unsupported: installation/],
    [{ url: undefined }, /url is missing/],
    [{ hook_attributes: { url: 'nowhere' } }, /Hook url is not a valid URL/],
    [{ name: 'signalbox' }, /already taken/],
    [{ name: 'x'.repeat(35) }, /too long/],
    [{ webhook: {} }, /unknown field: webhook/],
  ];
  for (const [changes, message] of wrong) {
    const answer = await post(shop, manifest('http://127.0.0.1:1/', changes));
    assert.equal(answer.status, 422, String(message));
    assert.match(await answer.text(), message);
  }
  assert.equal(
    (await post(shop, manifest('http://x.y/'), '/organizations/none/settings/apps/new')).status,
    404,
  );
});

test('the page of a pull request has the address that GitHub gives it', async () => {
  await using shop = await startShop();
  const { html_url: page } = (await shop.ask('GET', `/repos/${SHOP}/pulls/1`)).body;
  assert.equal(page, `${shop.github.url}/${SHOP}/pull/1`);
  assert.match(await (await fetch(page)).text(), /Cents/);
});

test('a token that nobody signed is no App', () => {
  const hub = { apps: new Map() } as unknown as Parameters<typeof readJwt>[0];
  assert.deepEqual(readJwt(hub, 'a.b.c', 0), {
    status: 401,
    message: 'A JSON web token could not be decoded',
  });
});
