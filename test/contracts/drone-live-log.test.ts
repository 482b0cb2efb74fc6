import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createHttpClient } from '../../src/lib/http-client.ts';
import { createDroneClient } from '../../src/runner/drone/client.ts';

type Recorded = { readonly exchanges: readonly { readonly response: { readonly body: string } }[] };
const file = new URL('../fixtures/recorded/drone/2.0.4/stream-log-running.json', import.meta.url);
const recorded = JSON.parse(readFileSync(file, 'utf8')) as Recorded;
const AT = { build: '26', stage: 1, step: 2 };

/** Answers like Drone: the bytes so far, and then the connection stays open. */
async function startStream(body: string) {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const http = createHttpClient({ timeoutMs: 5_000 });
  return {
    client: createDroneClient({ url: `http://127.0.0.1:${port}`, token: 'x', http }),
    async [Symbol.asyncDispose]() {
      await http.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('the lines of a running step are read from its stream, which never ends by itself', async () => {
  const body = recorded.exchanges[2]?.response.body ?? '';
  await using stream = await startStream(body);
  const lines = await stream.client.readLiveLog('acme/app', AT);
  assert.equal(lines.length, body.match(/^data: \{.*\}$/gm)?.length);
  assert.deepEqual(lines[1], { pos: 1, out: 'tick 1\n', time: 0 });
});

test('a line that is cut in the middle is left for the next time', async () => {
  const whole = 'data: {"pos":0,"out":"one\\n","time":0}\n\n\n';
  await using stream = await startStream(`: ping\n\n${whole}data: {"pos":1,"ou`);
  assert.deepEqual(await stream.client.readLiveLog('acme/app', AT), [
    { pos: 0, out: 'one\n', time: 0 },
  ]);
});

test('the stream of a step that does not run tells nothing', async () => {
  await using stream = await startStream(recorded.exchanges[0]?.response.body ?? '');
  assert.deepEqual(await stream.client.readLiveLog('acme/app', AT), []);
});
