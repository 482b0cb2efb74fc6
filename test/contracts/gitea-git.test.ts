import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { gitEnvironment } from '../../src/lib/git-environment.ts';

const TOKEN = 'a-token-that-must-not-leak';
const BASIC = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString('base64')}`;

/** A server that writes down each request's path and Authorization and answers 404, or a redirect. */
async function listen(t: TestContext, redirectTo?: string) {
  const seen: { path: string; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    seen.push({ path: request.url ?? '', authorization: request.headers.authorization });
    if (redirectTo) response.writeHead(301, { location: redirectTo }).end();
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  return { seen, url: `http://127.0.0.1:${address.port}` };
}

/** Always fails, since nobody here serves a repository; resolves with what git printed. */
function lsRemote(url: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const env = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...environment };
  return new Promise((resolve) => {
    execFile('git', ['ls-remote', url], { env, timeout: 10_000 }, (_, out, err) =>
      resolve(out + err),
    );
  });
}

test('git sends the token to our forge in a header, not in the address, and does not print it', async (t) => {
  const { seen, url } = await listen(t);
  const printed = await lsRemote(`${url}/acme/shop.git`, gitEnvironment([url], TOKEN));
  assert.ok(seen.length > 0, printed);
  for (const request of seen) {
    assert.equal(request.authorization, BASIC);
    assert.doesNotMatch(request.path, /must-not-leak/);
  }
  assert.doesNotMatch(printed, /must-not-leak/);
});

test('git does not send the token to another host, nor follow the forge to one', async (t) => {
  const other = await listen(t);
  await lsRemote(`${other.url}/acme/shop.git`, gitEnvironment(['http://git.example.org'], TOKEN));
  assert.ok(other.seen.length > 0);
  assert.ok(other.seen.every(({ authorization }) => authorization === undefined));
  const before = other.seen.length;
  const forge = await listen(t, `${other.url}/stolen.git/info/refs?service=git-upload-pack`);
  await lsRemote(`${forge.url}/acme/shop.git`, gitEnvironment([forge.url], TOKEN));
  assert.ok(forge.seen.length > 0);
  assert.equal(other.seen.length, before);
});
