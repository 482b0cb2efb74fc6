import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { PayloadError, type WebhookRequest } from '../../src/forges/forge.ts';
import { EVENTS } from '../../src/forges/github/access.ts';
import { formatCommentId, parseCommentId } from '../../src/forges/github/ids.ts';
import { createLinks } from '../../src/forges/github/links.ts';
import { hasValidSignature } from '../../src/forges/github/signature.ts';
import { normalize, prefilter, UNDERSTOOD_EVENTS } from '../../src/forges/github/webhook.ts';

const SECRET = 'a-secret-of-github-hooks';
const SELF = { account: { id: '900', login: 'signalbox' }, appId: 7 };
const SHA = '4ca7f4180000000000000000000000000000beef';
const BOB = { id: 3, login: 'bob', type: 'User' };
const BOT = { id: 900, login: 'signalbox[bot]', type: 'Bot' };
const OTHER_BOT = { id: 901, login: 'renovate[bot]', type: 'Bot' };
const AT = '2026-11-21T10:00:00Z';
const BASE = { repository: { full_name: 'acme/shop' }, sender: BOB, installation: { id: 1 } };

const comment = (fields: object = {}) => ({
  id: 17,
  node_id: 'IC_17',
  html_url: 'https://github.com/acme/shop/pull/4#issuecomment-17',
  body: '!testme',
  user: BOB,
  created_at: AT,
  updated_at: AT,
  ...fields,
});
const onPull = { issue: { number: 4, pull_request: { url: 'x' } } };
const review = (fields: object = {}) => ({
  id: 17,
  html_url: 'https://github.com/acme/shop/pull/4#pullrequestreview-17',
  body: '!testme',
  user: BOB,
  submitted_at: AT,
  ...fields,
});
const lineComment = () =>
  comment({ pull_request_url: 'https://api.github.com/repos/acme/shop/pulls/4' });

function request(event: string, payload: unknown, headers: object = {}): WebhookRequest {
  const body = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
  const given = {
    'x-github-event': event,
    'x-github-delivery': 'guid-1',
    'x-hub-signature-256': signature,
    'content-type': 'application/json',
  };
  return { headers: { ...given, ...headers }, body };
}

const said = (event: string, payload: object) => {
  const fact = normalize(request(event, { ...BASE, ...payload }), SELF);
  return fact.kind === 'ignored' ? `ignored ${fact.reason}` : fact;
};

test('every event of the App is understood, and none besides but those that come unasked', () => {
  const unasked = ['installation', 'installation_repositories'];
  assert.deepEqual(UNDERSTOOD_EVENTS.toSorted(), [...EVENTS, ...unasked].toSorted());
});

test('a comment on a pull request is one, whichever of the three kinds it is', () => {
  const expected = { repository: 'acme/shop', pull: 4, actor: { id: '3', login: 'bob' } };
  const created = said('issue_comment', { action: 'created', ...onPull, comment: comment() });
  assert.partialDeepStrictEqual(created, { ...expected, kind: 'comment-created' });
  assert.partialDeepStrictEqual(created, { comment: { id: '17', body: '!testme' } });
  const pull = { pull_request: { number: 4 } };
  const reviewed = said('pull_request_review', { action: 'submitted', ...pull, review: review() });
  assert.partialDeepStrictEqual(reviewed, { ...expected, kind: 'comment-created' });
  assert.partialDeepStrictEqual(reviewed, { comment: { id: 'review-4-17' } });
  const onLine = { action: 'created', ...pull, comment: lineComment() };
  assert.partialDeepStrictEqual(said('pull_request_review_comment', onLine), {
    ...expected,
    comment: { id: 'line-17' },
  });
});

test('a review without a word has an empty text, and one that is not submitted is none', () => {
  const pull = { pull_request: { number: 4 } };
  const empty = { action: 'submitted', ...pull, review: review({ body: null }) };
  assert.partialDeepStrictEqual(said('pull_request_review', empty), { comment: { body: '' } });
  const pending = { action: 'submitted', ...pull, review: review({ submitted_at: null }) };
  assert.equal(said('pull_request_review', pending), 'ignored action_not_used');
  const dismissed = { action: 'dismissed', ...pull, review: review() };
  assert.equal(said('pull_request_review', dismissed), 'ignored action_not_used');
});

test('what is no command of a person is ignored with its reason', () => {
  const on = (fields: object) => ({ action: 'created', ...onPull, comment: comment(), ...fields });
  const cases: readonly [string, object][] = [
    ['not_a_pull_request', on({ issue: { number: 4 } })],
    ['own_comment', on({ sender: BOT, comment: comment({ user: BOT }) })],
    ['own_comment', on({ action: 'edited', comment: comment({ user: BOT }) })],
    ['bot_author', on({ sender: OTHER_BOT, comment: comment({ user: OTHER_BOT }) })],
    ['edited_by_other', on({ action: 'edited', comment: comment({ user: { ...BOB, id: 4 } }) })],
    ['action_not_used', on({ action: 'pinned' })],
  ];
  for (const [reason, payload] of cases)
    assert.equal(said('issue_comment', payload), `ignored ${reason}`);
});

test('the comment of a deleted account is by the ghost', () => {
  const payload = { action: 'deleted', ...onPull, comment: comment({ user: null }) };
  assert.partialDeepStrictEqual(said('issue_comment', payload), {
    kind: 'comment-deleted',
    comment: { author: { login: 'ghost' } },
  });
});

test('a pull request that is opened, pushed to or closed is told, and other changes are not', () => {
  const on = (action: string, merged = false) =>
    said('pull_request', { action, number: 4, pull_request: { merged, head: { sha: SHA } } });
  assert.partialDeepStrictEqual(on('opened'), { kind: 'pull-request-opened', sha: SHA });
  assert.partialDeepStrictEqual(on('synchronize'), { kind: 'pull-request-updated' });
  assert.partialDeepStrictEqual(on('closed', true), { kind: 'pull-request-closed', merged: true });
  assert.equal(on('synchronized'), 'ignored action_not_used', 'that is Gitea’s word');
  assert.equal(on('labeled'), 'ignored action_not_used');
});

test('a button of our check, and GitHub’s own for running again, are pressed buttons', () => {
  const check = { head_sha: SHA, external_id: 'run-1', app: { id: 7 } };
  const pressed = (identifier: string) =>
    said('check_run', {
      action: 'requested_action',
      check_run: check,
      requested_action: { identifier },
    });
  assert.partialDeepStrictEqual(pressed('cancel'), {
    kind: 'button-pressed',
    action: 'cancel',
    key: 'run-1',
    sha: SHA,
    actor: { login: 'bob' },
  });
  assert.equal(pressed('deploy'), 'ignored not_our_check');
  const again = said('check_run', { action: 'rerequested', check_run: check });
  assert.partialDeepStrictEqual(again, { action: 'retry', key: 'run-1' });
  const suite = { action: 'rerequested', check_suite: { head_sha: SHA, app: { id: 7 } } };
  const all = said('check_suite', suite);
  assert.partialDeepStrictEqual(all, { action: 'all', sha: SHA });
  assert.ok(typeof all === 'object' && !('key' in all));
});

test('checks of others, and what we do to our own, are ignored', () => {
  const check = { head_sha: SHA, external_id: 'x', app: { id: 8 } };
  assert.equal(
    said('check_run', { action: 'rerequested', check_run: check }),
    'ignored not_our_check',
  );
  const ours = { ...check, app: { id: 7 } };
  assert.equal(
    said('check_run', { action: 'created', check_run: ours }),
    'ignored action_not_used',
  );
  const suite = { head_sha: SHA, app: { id: 8 } };
  const asked = { action: 'rerequested', check_suite: suite };
  assert.equal(said('check_suite', asked), 'ignored not_our_check');
});

test('installations that come, go and sleep change what is in reach', () => {
  const installation = { id: 1, account: { login: 'acme' } };
  const on = (event: string, fields: object) => said(event, { installation, ...fields });
  const shop = [{ full_name: 'acme/shop' }];
  assert.partialDeepStrictEqual(on('installation', { action: 'created', repositories: shop }), {
    kind: 'access-changed',
    access: 'granted',
    repositories: ['acme/shop'],
  });
  assert.partialDeepStrictEqual(on('installation', { action: 'suspend' }), {
    access: 'suspended',
    repositories: ['acme/*'],
  });
  assert.partialDeepStrictEqual(on('installation', { action: 'deleted', repositories: shop }), {
    access: 'removed',
  });
  const fewer = { action: 'removed', repositories_added: [], repositories_removed: shop };
  assert.partialDeepStrictEqual(on('installation_repositories', fewer), {
    access: 'removed',
    repositories: ['acme/shop'],
  });
});

test('the ping of a new App is a test delivery', () => {
  const ping = request('ping', { zen: 'x' });
  assert.equal(prefilter(ping), undefined);
  assert.deepEqual(normalize(ping, SELF), { kind: 'ignored', reason: 'test_delivery' });
});

test('the first look spares parsing: unused events, and comments without anything like a command', () => {
  assert.equal(prefilter(request('star', {})), 'event_not_used');
  assert.equal(prefilter(request('push', {})), 'event_not_used');
  const talk = { action: 'created', ...onPull, comment: comment({ body: 'Looks good to me' }) };
  assert.equal(prefilter(request('issue_comment', talk)), 'no_command');
  const asked = { action: 'created', ...onPull, comment: comment() };
  assert.equal(prefilter(request('issue_comment', asked)), undefined);
  assert.equal(prefilter(request('constructor', {})), 'event_not_used');
});

test('a form, broken JSON and JSON of another shape are refused with words', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const sent = request('issue_comment', 'payload=%7B%7D', form);
  assert.equal(prefilter(sent), undefined);
  assert.throws(() => normalize(sent, SELF), /application\/json/);
  assert.throws(() => normalize(request('issue_comment', '{"action":'), SELF), SyntaxError);
  assert.throws(() => normalize(request('issue_comment', '{}'), SELF), PayloadError);
});

test('only the right SHA-256 over the raw bytes is a signature', () => {
  const good = request('ping', { a: 1 });
  assert.equal(hasValidSignature(good, SECRET), true);
  const changed = { ...good, body: Buffer.from(`${good.body.toString()} `) };
  assert.equal(hasValidSignature(changed, SECRET), false);
  const bad = [undefined, '', 'sha256=', `sha1=${'0'.repeat(40)}`, `sha256=${'0'.repeat(64)}`];
  for (const signature of bad) {
    const sent = request('ping', { a: 1 }, { 'x-hub-signature-256': signature });
    assert.equal(hasValidSignature(sent, SECRET), false, String(signature));
  }
  assert.equal(hasValidSignature(good, 'development'), false);
  const body = Buffer.from('{}');
  const empty = `sha256=${createHmac('sha256', '').update(body).digest('hex')}`;
  const forged = { headers: { 'x-hub-signature-256': empty }, body };
  assert.equal(hasValidSignature(forged, ''), false, 'no secret means no');
});

test('ids of the three kinds of comments never meet, and lead to their places', () => {
  const links = createLinks('https://github.com');
  const places = [
    [{ kind: 'conversation', id: 17 }, '17', '#issuecomment-17'],
    [{ kind: 'review', pull: 4, id: 17 }, 'review-4-17', '#pullrequestreview-17'],
    [{ kind: 'line', id: 17 }, 'line-17', '#discussion_r17'],
  ] as const;
  for (const [place, id, anchor] of places) {
    assert.equal(formatCommentId(place), id);
    assert.deepEqual(parseCommentId(id), place);
    const page = 'https://github.com/acme/shop/pull/4';
    assert.equal(links.comment('acme/shop', 4, id), page + anchor);
  }
  assert.equal(parseCommentId('button-01J'), undefined);
  assert.equal(parseCommentId('review-17'), undefined);
});
