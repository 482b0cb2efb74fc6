import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {
  createPlayground,
  type Playground,
  type PlaygroundOptions,
} from '../../src/forges/playground/server.ts';

/** Starts a playground in a fresh directory; both are gone when it is disposed of. */
export async function startPlayground(
  options: Partial<PlaygroundOptions> = {},
): Promise<Playground> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'playground-'));
  const playground = await createPlayground({ directory, ...options });
  const stop = playground[Symbol.asyncDispose].bind(playground);
  return Object.assign(playground, {
    [Symbol.asyncDispose]: async () => {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  });
}

export const BOT_TOKEN = 'token-of-the-bot';

/** The people of the demo around `demo/shop`, and pull request 1 by bob from the branch `cents`. */
export async function startShop(options: Partial<PlaygroundOptions> = {}): Promise<Playground> {
  const playground = await startPlayground({
    users: [
      { login: 'alice', token: 'token-of-alice', roles: { 'demo/shop': 'admin' } },
      { login: 'bob', token: 'token-of-bob', roles: { 'demo/shop': 'write' } },
      { login: 'carol', token: 'token-of-carol', roles: { 'demo/shop': 'read' } },
      { login: 'mallory', token: 'token-of-mallory' },
      { login: 'signalbox', token: BOT_TOKEN, bot: true, roles: { 'demo/shop': 'admin' } },
    ],
    ...options,
  });
  await playground.addRepository({
    owner: 'demo',
    name: 'shop',
    files: { '.signalbox.yml': 'suites: {}\n', 'src/app.js': 'one\n' },
  });
  const change = { files: { 'src/app.js': 'two\n' }, message: 'Store prices in cents', by: 'bob' };
  await playground.commit('demo/shop', { branch: 'cents', ...change });
  await playground.openPull({
    repository: 'demo/shop',
    title: 'Store prices in cents',
    author: 'bob',
    head: 'cents',
  });
  return playground;
}

export type Received = { readonly headers: Record<string, string>; readonly body: string };

/** An HTTP server that takes webhooks, keeps them and answers `status`. */
export async function startReceiver(status = 200) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
      received.push({ headers: Object.fromEntries(headers) as Record<string, string>, body });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type RecordedExchange = {
  readonly kind: 'api' | 'delivery';
  readonly request: { readonly headers: Record<string, string>; readonly body: string };
  readonly response?: {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly body: string;
  };
};

/** A recorded case of Gitea 1.25.4, by `api/<case>` or `webhook/<case>`. */
export async function readRecorded(name: string): Promise<readonly RecordedExchange[]> {
  const file = new URL(`../fixtures/recorded/gitea/1.25.4/${name}.json`, import.meta.url);
  const recorded = JSON.parse(await readFile(file, 'utf8')) as {
    exchanges: readonly RecordedExchange[];
  };
  return recorded.exchanges;
}
