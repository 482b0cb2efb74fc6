import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ForgeEvent } from '../../src/domain/forge-event.ts';
import type { Forge, WebhookRequest } from '../../src/forges/forge.ts';
import { createGiteaForge } from '../../src/forges/gitea/index.ts';
import { createHttpClient } from '../../src/lib/http-client.ts';
import {
  deliveries,
  loadCases,
  RECORDED_SYSTEMS,
  type RecordedSystem,
} from '../support/recorded.ts';
import { DROPPED_UNPARSED, EXPECTED_DELIVERIES } from './expected-deliveries.ts';

const SECRET = 'correct horse battery staple';

function forgeOf(system: RecordedSystem): Forge {
  return createGiteaForge({
    name: 'acme',
    kind: system.startsWith('forgejo') ? 'forgejo' : 'gitea',
    url: 'http://forge.example.org',
    token: 'never-sent',
    webhookSecret: SECRET,
    http: createHttpClient({ timeoutMs: 1 }),
    botAccount: { id: '10', login: 'signalbox' },
  });
}

function describeEvent(event: ForgeEvent): string {
  if (event.kind === 'ignored') return `ignored ${event.reason}`;
  if (!('pull' in event)) throw new Error(`Gitea has no ${event.kind}`);
  const place = `${event.kind} ${event.repository}#${event.pull}`;
  if ('comment' in event) {
    const { id, author, body } = event.comment;
    assert.deepEqual(event.actor, author);
    return `${place} ${id} by ${author.login} ${author.id}: ${body}`;
  }
  const merged = event.merged ? ' merged' : '';
  return `${place} ${event.sha.slice(0, 7)} by ${event.actor.login} ${event.actor.id}${merged}`;
}

const withHeaders = (request: WebhookRequest, change: Record<string, string | undefined>) => ({
  ...request,
  headers: { ...request.headers, ...change },
});

const SIGNATURES = {
  'x-gitea-signature': undefined,
  'x-forgejo-signature': undefined,
  'x-hub-signature-256': undefined,
};

for (const system of RECORDED_SYSTEMS) {
  const cases = loadCases(system, 'webhook');
  const expected = EXPECTED_DELIVERIES[system] ?? {};
  const forge = forgeOf(system);

  test(`every recorded webhook case of ${system} has an expectation, and the other way round`, () => {
    assert.ok(cases.length > 60);
    assert.deepEqual(Object.keys(expected).sort(), cases.map(({ name }) => name).sort());
  });

  for (const recorded of cases) {
    test(`${system} ${recorded.name} is normalised as expected`, () => {
      const found = deliveries(recorded).map((request) => describeEvent(forge.normalize(request)));
      assert.deepEqual(found, expected[recorded.name]);
      assert.equal(found.length === 0, recorded.name.endsWith('-silent') || hasOnlyCalls(recorded));
    });

    test(`${system} ${recorded.name} passes the prefilter, or is dropped for its reason`, () => {
      for (const [at, request] of deliveries(recorded).entries()) {
        const reason = forge.prefilter(request);
        const wanted = expected[recorded.name]?.[at];
        if (DROPPED_UNPARSED.includes(recorded.name)) assert.equal(reason, 'no_command');
        else assert.ok(reason === undefined || wanted === `ignored ${reason}`, String(reason));
        // The parse of the few that still come through is affordable; that of every push would not be.
        if (wanted === 'ignored event_not_used') assert.equal(reason, 'event_not_used');
      }
    });

    test(`${system} ${recorded.name} verifies with its secret and with nothing else`, () => {
      for (const request of deliveries(recorded)) {
        assert.equal(forge.verify(request), recorded.secret === SECRET);
        assert.equal(forge.verify(withHeaders(request, SIGNATURES)), false);
        const turned = Buffer.from(request.body);
        turned.writeUInt8(turned.readUInt8(turned.length - 2) ^ 1, turned.length - 2);
        assert.equal(forge.verify({ ...request, body: turned }), false);
        assert.match(forge.deliveryId(request) ?? '', /^[0-9a-f-]{36}$/);
      }
    });
  }
}

function hasOnlyCalls(recorded: { exchanges: readonly { kind: string }[] }): boolean {
  return recorded.exchanges.every((exchange) => exchange.kind === 'api');
}

function deliveryOf(name: string, system: RecordedSystem = 'gitea/1.25.4'): WebhookRequest {
  const [request] = loadCases(system, 'webhook')
    .filter((recorded) => recorded.name === name)
    .flatMap(deliveries);
  assert.ok(request);
  return request;
}

const gitea = forgeOf('gitea/1.25.4');
const comment = deliveryOf('issue-comment-created-on-pull');

test('a delivery with only X-Hub-Signature-256 verifies, one with only the SHA-1 does not', () => {
  const onlyHub = withHeaders(comment, { 'x-gitea-signature': undefined });
  assert.equal(gitea.verify(onlyHub), true);
  assert.equal(gitea.verify(withHeaders(onlyHub, { 'x-hub-signature-256': 'sha256=' })), false);
  assert.equal(gitea.verify(withHeaders(comment, SIGNATURES)), false);
});

test('a signature that is longer, shorter or no hex is false and never an exception', () => {
  const good = comment.headers['x-gitea-signature'] ?? '';
  for (const bad of [`${good}0`, `${good}zz`, good.slice(2), `${good.slice(2)}zz`, ' ', 'sha256='])
    assert.equal(
      gitea.verify(withHeaders(comment, { ...SIGNATURES, 'x-gitea-signature': bad })),
      false,
      bad,
    );
});

test('a forge cannot be made with an empty secret or token', () => {
  const options = { name: 'acme', kind: 'gitea', url: 'http://forge.example.org' } as const;
  const http = createHttpClient({ timeoutMs: 1 });
  const make = (more: { token: string; webhookSecret: string }) => () =>
    createGiteaForge({ ...options, http, ...more });
  assert.throws(make({ token: 'x', webhookSecret: '' }), TypeError);
  assert.throws(make({ token: '', webhookSecret: 'x' }), TypeError);
});

test('the coarse header of a review does not make it a comment', () => {
  const review = deliveryOf('pull-review-comment-submitted');
  assert.equal(review.headers['x-gitea-event'], 'pull_request_comment');
  assert.equal(gitea.prefilter(review), 'review_without_id');
  const older = withHeaders(review, { 'x-gitea-event-type': undefined });
  assert.equal(gitea.prefilter(older), 'review_without_id');
});

test('without the fine header a comment is told from one on an issue by its payload', () => {
  const noType = { 'x-gitea-event-type': undefined };
  assert.equal(gitea.normalize(withHeaders(comment, noType)).kind, 'comment-created');
  const onIssue = withHeaders(deliveryOf('issue-comment-created-on-issue'), noType);
  assert.equal(gitea.prefilter(onIssue), undefined);
  assert.deepEqual(gitea.normalize(onIssue), { kind: 'ignored', reason: 'not_a_pull_request' });
});

test('a delivery without any event header is not used', () => {
  assert.equal(gitea.prefilter({ headers: {}, body: comment.body }), 'event_not_used');
});

test('Forgejo is heard by its own headers alone', () => {
  const request = deliveryOf('issue-comment-created-on-pull', 'forgejo/8.0.2');
  const own = Object.entries(request.headers).filter(([name]) => !/^x-(git|gogs|hub)/.test(name));
  const alone = { ...request, headers: Object.fromEntries(own) };
  const forgejo = forgeOf('forgejo/8.0.2');
  assert.equal(forgejo.verify(alone), true);
  assert.equal(forgejo.normalize(alone).kind, 'comment-created');
  assert.ok(forgejo.deliveryId(alone));
});

test('until the bot is known its comments are ordinary ones', () => {
  const anonymous = createGiteaForge({
    name: 'acme',
    kind: 'gitea',
    url: 'http://forge.example.org',
    token: 'never-sent',
    webhookSecret: SECRET,
    http: createHttpClient({ timeoutMs: 1 }),
  });
  const own = deliveryOf('issue-comment-created-by-bot');
  assert.equal(anonymous.normalize(own).kind, 'comment-created');
  const ticked = anonymous.normalize(deliveryOf('issue-comment-edited-tick-box'));
  assert.ok(ticked.kind === 'ignored' && ticked.reason === 'edited_by_other');
  assert.ok(ticked.comment?.id && ticked.comment.body);
});

function changed(change: (payload: Record<string, unknown>) => void): WebhookRequest {
  const payload = JSON.parse(comment.body.toString()) as Record<string, unknown>;
  change(payload);
  return { ...comment, body: Buffer.from(JSON.stringify(payload)) };
}

test('a comment of the token of an Actions job is that of another bot', () => {
  const request = changed((payload) => {
    payload.sender = { id: -2, login: 'gitea-actions' };
  });
  assert.deepEqual(gitea.normalize(request), { kind: 'ignored', reason: 'bot_author' });
});

test('a comment on an issue is dropped by its header alone', () => {
  const onIssue = deliveryOf('issue-comment-created-on-issue');
  assert.equal(gitea.prefilter(onIssue), 'not_a_pull_request');
});

test('a comment deleted by somebody else is still a deletion, with that person as actor', () => {
  const request = changed((payload) => {
    payload.action = 'deleted';
    payload.sender = { id: 2, login: 'olivia' };
  });
  const event = gitea.normalize(request);
  assert.equal(event.kind, 'comment-deleted');
  assert.ok('actor' in event && 'comment' in event);
  assert.deepEqual([event.actor.login, event.comment.author.login], ['olivia', 'alice']);
});

test('a payload that lacks what its event promises is a PayloadError, broken JSON a SyntaxError', () => {
  for (const key of ['comment', 'issue', 'repository', 'sender', 'action', 'is_pull'])
    assert.throws(() => gitea.normalize(changed((payload) => delete payload[key])), {
      name: 'PayloadError',
    });
  const odd = changed((payload) => {
    payload.comment = { ...(payload.comment as object), created_at: 'yesterday' };
  });
  assert.throws(() => gitea.normalize(odd), { name: 'PayloadError' });
  const pull = withHeaders(comment, { 'x-gitea-event-type': 'pull_request' });
  assert.throws(() => gitea.normalize(pull), { name: 'PayloadError' });
  const broken = { ...comment, body: comment.body.subarray(0, 500) };
  assert.throws(() => gitea.normalize(broken), SyntaxError);
  assert.throws(() => gitea.normalize({ ...comment, body: Buffer.from('null') }), {
    name: 'PayloadError',
  });
});

test('a form without payload is a SyntaxError and does not verify', () => {
  const form = deliveryOf('hook-content-type-form');
  const empty = { ...form, body: Buffer.from('other=1') };
  assert.equal(gitea.verify(empty), false);
  assert.throws(() => gitea.normalize(empty), SyntaxError);
});
