import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** A webhook that was answered with 2xx: from then on nothing may be lost. */
export type Acknowledged = {
  readonly path: string;
  readonly answer: { readonly outcome: string; readonly id?: string };
  readonly body: string;
};

export type Proxy = {
  readonly url: string;
  readonly acknowledged: readonly Acknowledged[];
  /** Requests that no web process answered with 2xx; they are not tried again. */
  readonly failed: () => number;
  close(): Promise<void>;
};

const TIMEOUT_MS = 4_000;

/** Hands each request to one of the ports in turn and tries nothing twice. */
export async function startProxy(ports: readonly number[]): Promise<Proxy> {
  const acknowledged: Acknowledged[] = [];
  let failed = 0;
  let turn = 0;
  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await readAll(incoming);
    const port = ports[turn++ % ports.length] ?? 0;
    const answer = await forward(incoming, body, port);
    if (answer === undefined) {
      failed += 1;
      response.writeHead(502).end();
      return;
    }
    const path = incoming.url ?? '';
    if (answer.status < 300)
      acknowledged.push({ path, answer: JSON.parse(answer.text) as Acknowledged['answer'], body });
    else failed += 1;
    response.writeHead(answer.status).end(answer.text);
  };
  const server = createServer((incoming, response) => void serve(incoming, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    acknowledged,
    failed: () => failed,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function readAll(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Undefined when there was no whole answer: refused, broken off, too late. */
function forward(
  { method = 'POST', url, headers }: IncomingMessage,
  body: string,
  port: number,
): Promise<{ status: number; text: string } | undefined> {
  return new Promise((resolve) => {
    const to = { host: '127.0.0.1', port, path: url, method, headers, timeout: TIMEOUT_MS };
    const outgoing = send(to, (answer) => {
      readAll(answer).then(
        (text) => resolve({ status: answer.statusCode ?? 0, text }),
        () => resolve(undefined),
      );
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(undefined));
    outgoing.end(body);
  });
}
