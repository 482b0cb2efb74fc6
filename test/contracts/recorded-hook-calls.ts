import assert from 'node:assert/strict';
import type { ApiExchange } from '../support/recorded.ts';
import {
  answerOf,
  bodyOf,
  failsWith,
  named,
  nth,
  type Replay,
  withQuery,
} from './recorded-replay.ts';

/** We ask for fewer events than were recorded, so the answers are the recorded ones with our events in them. */
const OUR_EVENTS = ['pull_request_comment', 'pull_request', 'pull_request_sync'];
const LIST = '?page=1&limit=50';

type HookAnswer = { id: number; active: boolean; events: string[]; config: { url: string } };

function withAnswer(exchange: ApiExchange, change: Partial<HookAnswer>): ApiExchange {
  const body = JSON.stringify({ ...answerOf<HookAnswer>(exchange), ...change });
  return { ...exchange, response: { ...exchange.response, body } };
}

/** The list before anything is made. */
function listOf(exchange: ApiExchange, hooks: readonly unknown[]): ApiExchange {
  const path = `/api/v1/repos/${named(exchange).repository}/hooks${LIST}`;
  const headers = { ...exchange.response.headers, 'x-total-count': String(hooks.length) };
  const response = { status: 200, headers, body: JSON.stringify(hooks) };
  return { ...exchange, request: { method: 'GET', path }, response };
}

function ourWrite(exchange: ApiExchange, method: 'POST' | 'PATCH', type: unknown): ApiExchange {
  const { config, branch_filter = '*', authorization_header = '' } = bodyOf(exchange);
  const body = JSON.stringify({
    type,
    active: true,
    events: ['pull_request_only', 'pull_request_sync', 'pull_request_comment'],
    branch_filter,
    authorization_header,
    config: { ...(config as object), secret: 'correct horse battery staple' },
  });
  return { ...exchange, request: { ...exchange.request, method, body } };
}

const urlOf = (exchange: ApiExchange) => answerOf<HookAnswer>(exchange).config.url;

export const HOOK_CALLS: Readonly<Record<string, Replay>> = {
  'hook-as-writer': {
    says: 'a bot that is no repository admin is forbidden to connect',
    change: (exchange) =>
      exchange.request.method === 'GET' ? withQuery(exchange, LIST) : exchange,
    run: ({ forge, exchanges }) =>
      failsWith(
        forge.ensureWebhook(named(nth(exchanges)).repository, 'http://bot.example.org/'),
        'forbidden',
        /should be an owner or a collaborator with admin write/,
      ),
  },
  'hook-create': {
    says: 'the hook is made once with exactly our events, and found unchanged after that',
    add: ([own]) => {
      assert.ok(own);
      const made = withAnswer(ourWrite(own, 'POST', bodyOf(own).type), { events: OUR_EVENTS });
      return [listOf(own, []), made, listOf(own, [answerOf(made)])];
    },
    async run({ forge, exchanges }) {
      const { repository } = named(nth(exchanges));
      const ensure = () => forge.ensureWebhook(repository, urlOf(nth(exchanges)));
      assert.deepEqual(await ensure(), { outcome: 'created', id: '1' });
      assert.deepEqual(await ensure(), { outcome: 'unchanged', id: '1' });
    },
  },
  'hook-create-event-names': {
    says: 'a hook whose events vanished in silence is not taken for connected',
    add: (own) => {
      const nonsense = nth(own, 3);
      assert.deepEqual(answerOf<HookAnswer>(nonsense).events, []);
      return [listOf(nonsense, []), ourWrite(nonsense, 'POST', bodyOf(nonsense).type)].map((one) =>
        one.request.method === 'GET' ? one : withAnswer(one, { active: true }),
      );
    },
    run: ({ forge, exchanges }) =>
      failsWith(
        forge.ensureWebhook('acme/shop', urlOf(nth(exchanges))),
        'unsupported',
        /asked for the events pull_request_only.*now has \[\]/,
      ),
  },
  'hook-list': {
    says: 'a hook with too many events is found by its address and written whole',
    with: [],
    add: ([list]) => {
      assert.ok(list);
      const [hook] = answerOf<HookAnswer[]>(list);
      assert.ok(hook);
      const patch: ApiExchange = {
        ...list,
        request: {
          method: 'PATCH',
          path: `/api/v1/repos/acme/shop/hooks/${hook.id}`,
          body: JSON.stringify({ config: { url: hook.config.url, content_type: 'json' } }),
        },
        response: { ...list.response, body: JSON.stringify(hook) },
      };
      const type = (hook as { type?: string }).type;
      return [withAnswer(ourWrite(patch, 'PATCH', type), { events: OUR_EVENTS })];
    },
    async run({ forge, exchanges }) {
      const [hook] = answerOf<HookAnswer[]>(nth(exchanges));
      const outcome = await forge.ensureWebhook('acme/shop', hook?.config.url ?? '');
      assert.deepEqual(outcome, { outcome: 'repaired', id: String(hook?.id) });
    },
  },
  'hook-patch-full': {
    says: 'a hook that listens to pushes only becomes ours under the same id',
    add: (own) => {
      const [created, patched] = own;
      assert.ok(created && patched);
      const url = urlOf(created);
      const config = { url, content_type: 'json' };
      const body = JSON.stringify({ ...bodyOf(patched), branch_filter: '', config });
      const asked = { ...patched, request: { ...patched.request, body } };
      const answer = withAnswer(ourWrite(asked, 'PATCH', bodyOf(created).type), {
        events: OUR_EVENTS,
        config,
      } as Partial<HookAnswer>);
      return [listOf(created, [answerOf(created)]), answer];
    },
    async run({ forge, exchanges }) {
      const outcome = await forge.ensureWebhook('acme/shop', urlOf(nth(exchanges)));
      assert.deepEqual(outcome, { outcome: 'repaired', id: '3' });
    },
  },
  'hook-patch-partial': {
    says: 'a repair keeps the branch filter and the authorization header that somebody had set',
    add: (own) => {
      const [created, patched] = own;
      assert.ok(created && patched);
      const config = { url: urlOf(created), content_type: 'json' };
      const kept = { branch_filter: 'main', authorization_header: 'Bearer not-a-real-token' };
      const request = { ...patched.request, body: JSON.stringify({ ...kept, config }) };
      const asked = ourWrite({ ...patched, request }, 'PATCH', bodyOf(created).type);
      const answer = withAnswer(asked, { active: true, events: OUR_EVENTS });
      return [listOf(created, [answerOf(created)]), answer];
    },
    async run({ forge, exchanges }) {
      const outcome = await forge.ensureWebhook('acme/shop', urlOf(nth(exchanges)));
      assert.deepEqual(outcome, { outcome: 'repaired', id: '2' });
    },
  },
};
