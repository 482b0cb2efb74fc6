import assert from 'node:assert/strict';
import { type Forge, ForgeError, type ForgeErrorCode } from '../../src/forges/forge.ts';
import type { ApiExchange, RecordedSystem } from '../support/recorded.ts';

export type Replay = {
  readonly says: string;
  /** Other cases whose exchanges are needed too. */
  readonly with?: readonly string[];
  /** Where our request differs from the recorded one in a way that the server ignores. */
  readonly change?: (exchange: ApiExchange) => ApiExchange;
  /** Exchanges made from recorded ones. */
  readonly add?: (own: readonly ApiExchange[]) => readonly ApiExchange[];
  readonly run: (context: ReplayContext) => Promise<void>;
};

export type ReplayContext = {
  readonly forge: Forge;
  readonly exchanges: readonly ApiExchange[];
  readonly system: RecordedSystem;
};

/** The exchange at this place, counted from 0. */
export function nth(exchanges: readonly ApiExchange[], at = 0): ApiExchange {
  const exchange = exchanges[at];
  assert.ok(exchange, `no exchange ${at}`);
  return exchange;
}

/** What a request names: `acme/shop`, and the id or number, the sha, the login, or the file in its path. */
export function named(exchange: ApiExchange) {
  const url = new URL(exchange.request.path, 'http://recorded');
  const [owner = '', name = '', ...rest] = url.pathname.split('/').slice(4);
  const id = rest.find((part) => /^\d+$/.test(part)) ?? '';
  return {
    repository: `${owner}/${name}`,
    id,
    number: Number(id),
    last: decodeURIComponent(rest.at(-1) ?? ''),
    query: url.searchParams,
  };
}

export function bodyOf(exchange: ApiExchange): Record<string, unknown> {
  return JSON.parse(exchange.request.body ?? '{}') as Record<string, unknown>;
}

export function answerOf<Shape>(exchange: ApiExchange): Shape {
  return JSON.parse(exchange.response.body) as Shape;
}

export const withQuery = (exchange: ApiExchange, query: string): ApiExchange => {
  const path = exchange.request.path.replace(/\?.*$/, '') + query;
  return { ...exchange, request: { ...exchange.request, path } };
};

/** Rejects with this code; the error tells where, and never the token. */
export async function failsWith(
  call: Promise<unknown>,
  code: ForgeErrorCode,
  says = /./,
): Promise<void> {
  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof ForgeError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, /^(GET|POST|PATCH|DELETE) |^a commit status/);
    assert.match(error.message, says);
    assert.doesNotMatch(error.message, /must-not-leak/);
    return true;
  });
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
