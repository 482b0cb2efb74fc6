import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { createHttpClient, type HttpCall, HttpError } from '../../src/lib/http-client.ts';

async function serve(t: TestContext, listener: RequestListener, maxAnswerBytes = 1_000) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const http = createHttpClient({ timeoutMs: 5_000, maxAnswerBytes });
  t.after(async () => {
    await http.close();
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const url = `http://127.0.0.1:${address.port}/path?token=hidden`;
  return {
    http,
    url,
    get: (more: Partial<HttpCall> = {}) => http.call({ method: 'GET', url, ...more }),
  };
}

const failsWith = (code: string) => (error: unknown) => {
  assert.ok(error instanceof HttpError);
  assert.equal(error.code, code);
  assert.doesNotMatch(error.message, /hidden/);
  return true;
};

test('any status is an answer with headers and text', async (t) => {
  const { get } = await serve(t, (_, response) => {
    response.writeHead(418, { 'x-kind': 'teapot' }).end('Größe 🚀');
  });
  const answer = await get();
  assert.deepEqual(
    [answer.status, answer.headers['x-kind'], answer.text],
    [418, 'teapot', 'Größe 🚀'],
  );
});

test('a redirect is not followed', async (t) => {
  let requests = 0;
  const { get } = await serve(t, (_, response) => {
    requests += 1;
    response.writeHead(301, { location: '/elsewhere' }).end();
  });
  assert.equal((await get({ method: 'POST', body: 'x' })).status, 301);
  assert.equal(requests, 1);
});

test('method, headers and body arrive as they were given', async (t) => {
  const seen: unknown[] = [];
  const { get } = await serve(t, (request, response) => {
    seen.push(request.method, request.headers['x-one']);
    request.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
    request.on('end', () => response.end());
  });
  await get({ method: 'DELETE', headers: { 'x-one': '1' }, body: '{"content":"eyes"}' });
  assert.deepEqual(seen, ['DELETE', '1', '{"content":"eyes"}']);
});

test('a guard that throws keeps the request from being sent', async (t) => {
  let requests = 0;
  const { get } = await serve(t, (_, response) => {
    requests += 1;
    response.end();
  });
  const lost = new Error('the lease ran out');
  const guard = () => {
    throw lost;
  };
  await assert.rejects(get({ method: 'POST', body: 'x', guard }), (error: unknown) => {
    assert.ok(error instanceof HttpError);
    assert.equal(error.cause, lost);
    return failsWith('guarded')(error);
  });
  await get({ guard: () => {} });
  assert.equal(requests, 1);
});

test('a guard that throws undefined is a refusal too', async (t) => {
  const { get } = await serve(t, (_, response) => response.end());
  const guard = () => {
    throw undefined as unknown as Error;
  };
  await assert.rejects(get({ guard }), failsWith('guarded'));
});

test('a server that does not answer is a timeout', async (t) => {
  const { get } = await serve(t, () => {});
  await assert.rejects(get({ timeoutMs: 30 }), failsWith('timeout'));
});

test('the timeout covers a body that never ends', async (t) => {
  const { get } = await serve(t, (_, response) => {
    response.write('a part');
  });
  await assert.rejects(get({ timeoutMs: 60 }), failsWith('timeout'));
});

test('the signal of the caller aborts, also before the call', async (t) => {
  const { get } = await serve(t, () => {});
  await assert.rejects(get({ signal: AbortSignal.abort() }), failsWith('aborted'));
  const controller = new AbortController();
  const call = get({ signal: controller.signal });
  controller.abort();
  await assert.rejects(call, failsWith('aborted'));
});

test('an answer above the limit is cut off, with and without a content-length', async (t) => {
  const { get } = await serve(t, (request, response) => {
    if (request.headers['x-how'] === 'length') response.setHeader('content-length', 2_000);
    response.write('x'.repeat(1_000));
    response.end('y'.repeat(1_000));
  });
  await assert.rejects(get({ headers: { 'x-how': 'length' } }), failsWith('too_large'));
  await assert.rejects(get({ headers: { 'x-how': 'chunked' } }), failsWith('too_large'));
});

test('an answer of exactly the limit is read', async (t) => {
  const { get } = await serve(t, (_, response) => response.end('x'.repeat(1_000)));
  assert.equal((await get()).text.length, 1_000);
});

test('a refused connection and a connection cut in the middle are network errors', async (t) => {
  const { http, get } = await serve(t, (request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('half');
    setImmediate(() => request.socket.destroy());
  });
  await assert.rejects(get(), failsWith('network'));
  const refused = http.call({ method: 'GET', url: 'http://127.0.0.1:1/?token=hidden' });
  await assert.rejects(refused, failsWith('network'));
});

test('something that is no address is an HttpError like any other', async (t) => {
  const { http } = await serve(t, (_, response) => response.end());
  await assert.rejects(
    http.call({ method: 'GET', url: 'no address, hidden' }),
    failsWith('network'),
  );
});
