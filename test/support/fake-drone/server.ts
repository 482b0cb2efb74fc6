import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../../src/lib/clock.ts';
import { type ApiDeps, answer, streamOf } from './api.ts';
import type { Fault, Faults } from './faults.ts';

export type SeenCall = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
};

export type Serving = {
  readonly deps: ApiDeps;
  readonly faults: Faults;
  readonly calls: SeenCall[];
  readonly clock: Clock;
};

/** Listens on a free loopback port; `url` has no trailing slash. */
export async function listen(
  serving: Serving,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    serve(serving, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

async function serve(
  { deps, faults, calls, clock }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  const url = new URL(request.url ?? '/', 'http://drone.test');
  const call = { method: request.method ?? 'GET', path: url.pathname, query: url.searchParams };
  calls.push(call);
  const stream = streamOf(deps.state, url.pathname);
  if (stream) return sendStream(response, stream);
  const fault = faults.take(call);
  if (fault?.kind === 'reset-before') return void request.socket.destroy();
  if (fault?.kind === 'before') return sendFault(response, fault);
  const isSlow = fault?.kind === 'slow';
  if (isSlow && fault.effect === 'last') await clock.sleep(fault.delayMs);
  const given = await answer(deps, { ...call, authorization: request.headers.authorization });
  if (isSlow && fault.effect !== 'last') await clock.sleep(fault.delayMs);
  if (fault?.kind === 'reset-after') return void request.socket.destroy();
  if (fault?.kind === 'after') return sendFault(response, fault);
  response.writeHead(given.status, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, no-store, must-revalidate, private, max-age=0',
  });
  response.end(`${JSON.stringify(given.body)}\n`);
}

/** The lines so far; a stream of a running step stays open, another ends at once with eof. */
function sendStream(response: ServerResponse, lines: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(': ping\n\n');
  for (const [pos, out] of lines.entries()) {
    response.write(`data: ${JSON.stringify({ pos, out, time: 0 })}\n\n\n`);
  }
  if (lines.length === 0) response.end('event: error\ndata: eof\n\n');
}

function sendFault(
  response: ServerResponse,
  fault: Extract<Fault, { kind: 'before' | 'after' }>,
): void {
  response.writeHead(fault.status ?? 502, { 'content-type': 'text/html' });
  response.end(fault.text ?? '<html><body>Bad Gateway</body></html>');
}
