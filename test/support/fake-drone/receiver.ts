import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Received = {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly payload: {
    readonly action: string;
    readonly user?: { readonly login: string };
    readonly repo: Readonly<Record<string, unknown>>;
    readonly build: { readonly number: number; readonly status: string };
  };
};

/** Takes webhooks on a loopback port. `hold` is awaited before each answer. */
export async function startReceiver(
  hold: (received: Received) => Promise<void> = () => Promise.resolve(),
): Promise<AsyncDisposable & { readonly url: string; readonly received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const headers = request.headers as Record<string, string | undefined>;
      const payload = JSON.parse(body.toString()) as Received['payload'];
      const one = { headers, body, payload };
      received.push(one);
      void hold(one).then(() => response.writeHead(204).end());
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks/drone/drone`,
    received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
