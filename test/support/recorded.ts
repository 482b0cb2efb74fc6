import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { WebhookRequest } from '../../src/forges/forge.ts';

/** Traffic recorded from real servers: `test/fixtures/recorded/<system>/<version>/{webhook,api}/<case>.json`. */
export const RECORDED_SYSTEMS = ['gitea/1.25.4', 'forgejo/8.0.2'] as const;
export type RecordedSystem = (typeof RECORDED_SYSTEMS)[number];

export type ApiExchange = {
  readonly kind: 'api';
  readonly as: string;
  readonly request: { readonly method: string; readonly path: string; readonly body?: string };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
};
export type DeliveryExchange = {
  readonly kind: 'delivery';
  readonly request: { readonly headers: Record<string, string>; readonly body: string };
};
export type RecordedCase = {
  /** The file's name without `.json`. */
  readonly name: string;
  readonly secret?: string;
  readonly exchanges: readonly (ApiExchange | DeliveryExchange)[];
};

export function loadCases(system: RecordedSystem, kind: 'webhook' | 'api'): RecordedCase[] {
  const folder = new URL(`../fixtures/recorded/${system}/${kind}/`, import.meta.url);
  return readdirSync(folder)
    .sort()
    .map((file) => ({
      ...(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Omit<RecordedCase, 'name'>),
      name: file.replace(/\.json$/, ''),
    }));
}

export function apiExchanges(recorded: RecordedCase): ApiExchange[] {
  return recorded.exchanges.filter((exchange) => exchange.kind === 'api');
}

export function deliveries(recorded: RecordedCase): WebhookRequest[] {
  return recorded.exchanges
    .filter((exchange) => exchange.kind === 'delivery')
    .map(({ request }) => ({ headers: request.headers, body: Buffer.from(request.body, 'utf8') }));
}

export type ReplayServer = AsyncDisposable & {
  readonly url: string;
  /** What was asked, `METHOD /path?query`, in order. */
  readonly asked: readonly string[];
};

/**
 * Answers as recorded. A request matches an exchange by method, path, query (in any order) and body (as JSON); equal
 * exchanges answer one after the other, the last for ever. Any other request, and any that has not exactly this
 * token in its header and nowhere else, is answered 599 and makes the disposal throw.
 */
export async function startReplay(
  exchanges: readonly ApiExchange[],
  token: string,
): Promise<ReplayServer> {
  const asked: string[] = [];
  const surprises: string[] = [];
  const used = new Set<ApiExchange>();
  const server = createServer((request, response) => {
    readBody(request)
      .then((body) => {
        const line = `${request.method} ${request.url}`;
        asked.push(line);
        const fitting = exchanges.filter((exchange) => isSame(exchange, request, body));
        const exchange = fitting.find((one) => !used.has(one)) ?? fitting.at(-1);
        const isAuthorized = request.headers.authorization === `token ${token}`;
        if (exchange === undefined || !isAuthorized || line.includes(token)) {
          surprises.push(`${line} ${body}`);
          response.writeHead(599).end();
          return;
        }
        used.add(exchange);
        answer(exchange, response);
      })
      .catch((error: unknown) => surprises.push(String(error)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      assert.deepEqual(surprises, [], 'requests that were never recorded');
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function isSame(exchange: ApiExchange, request: IncomingMessage, body: string): boolean {
  const wanted = new URL(exchange.request.path, 'http://recorded');
  const given = new URL(request.url ?? '', 'http://recorded');
  const query = (url: URL) => [...url.searchParams].map(([key, value]) => `${key}=${value}`).sort();
  return (
    exchange.request.method === request.method &&
    wanted.pathname === given.pathname &&
    isDeepStrictEqual(query(wanted), query(given)) &&
    isSameBody(exchange.request.body ?? '', body, request.headers['content-type'])
  );
}

function isSameBody(wanted: string, given: string, type: string | undefined): boolean {
  if (wanted === '' || given === '') return wanted === given;
  if (type !== 'application/json') return false;
  return isDeepStrictEqual(parse(wanted), parse(given));
}

/** Some recorded bodies are broken on purpose. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const TRANSPORT = new Set(['connection', 'content-length', 'date', 'transfer-encoding']);

function answer({ response }: ApiExchange, to: ServerResponse): void {
  for (const [name, value] of Object.entries(response.headers))
    if (!TRANSPORT.has(name)) to.setHeader(name, value);
  to.writeHead(response.status).end(response.body);
}
