import assert from 'node:assert/strict';
import type { Playground } from '../../src/forges/playground/server.ts';
import { BOT_TOKEN, type Received, readRecorded } from './playground.ts';

export const SHOP = { repository: 'demo/shop', pull: 1 };
export const SECRET = 'a secret of the hook';
export const EVENTS = ['pull_request_only', 'pull_request_sync', 'pull_request_comment', 'push'];

type Answer = { status: number; headers: Headers; text: string };

/** A call of the API, as the bot unless told. */
export async function call(
  playground: Playground,
  method: string,
  target: string,
  options: { token?: string | null; body?: unknown } = {},
): Promise<Answer> {
  const { token = BOT_TOKEN, body } = options;
  const answer = await fetch(`${playground.url}/api/v1${target}`, {
    method,
    redirect: 'manual',
    headers: token === null ? {} : { authorization: `token ${token}` },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** Every path of keys in a value, `[]` for the members of a list. */
export function shapeOf(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((member) => shapeOf(member, `${at}[]`));
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([key, member]) => shapeOf(member, `${at}.${key}`));
}

export function assertSameShape(actual: string, recorded: string): void {
  const shapes = [actual, recorded].map((body) => [...new Set(shapeOf(JSON.parse(body)))].sort());
  assert.deepEqual(shapes[0], shapes[1]);
}

/** Status, content type, the count header and the shape of each body are those of the recorded case. */
export async function assertAnswersAsRecorded(
  name: string,
  answers: readonly Answer[],
  { exactBody = false } = {},
): Promise<void> {
  const exchanges = (await readRecorded(name)).slice(0, answers.length);
  for (const [index, { response }] of exchanges.entries()) {
    const answer = answers[index];
    assert.ok(answer && response, name);
    assert.equal(answer.status, response.status, `${name}: ${answer.text}`);
    assert.equal(
      answer.headers.get('content-type'),
      response.headers['content-type'] ?? null,
      name,
    );
    assert.equal(answer.headers.has('x-total-count'), 'x-total-count' in response.headers, name);
    if (exactBody) assert.equal(answer.text, response.body, name);
    else if (response.body === '') assert.equal(answer.text, '', name);
    else assertSameShape(answer.text, response.body);
  }
}

/** Registers a hook as the bot does. */
export async function connectHook(
  playground: Playground,
  url: string,
  extra: object = {},
): Promise<void> {
  const body = {
    type: 'gitea',
    active: true,
    events: EVENTS,
    config: { url, content_type: 'json', secret: SECRET },
    ...extra,
  };
  const answer = await call(playground, 'POST', '/repos/demo/shop/hooks', { body });
  assert.equal(answer.status, 201);
}

/** `<type> <action>` of each delivery, in the order of arrival. */
export function eventsIn(received: readonly Received[]): string[] {
  return received.map(({ headers, body }) => {
    const { action } = JSON.parse(body) as { action?: string };
    return [headers['x-gitea-event-type'], action].filter(Boolean).join(' ');
  });
}
