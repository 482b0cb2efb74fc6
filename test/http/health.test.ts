import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import { type Probe, registerHealth } from '../../src/http/health.ts';
import { startHarness } from '../support/harness.ts';

async function ask(path: string, probes: readonly Probe[]) {
  const app = Fastify();
  registerHealth(app, probes);
  const answer = await app.inject(path);
  await app.close();
  return { status: answer.statusCode, body: answer.json<unknown>() };
}

const well: Probe = { name: 'ledger', check: () => Promise.resolve() };
const ill: Probe = { name: 'forge acme', check: () => Promise.reject(new Error('no answer')) };

test('the process is alive whatever is away', async () => {
  assert.deepEqual(await ask('/healthz', [ill]), { status: 200, body: { status: 'ok' } });
});

test('it is ready when everything it needs answers, and says what was asked', async () => {
  const body = { status: 'ready', checked: ['ledger'] };
  assert.deepEqual(await ask('/readyz', [well]), { status: 200, body });
});

test('it is not ready when something is away, and names it', async () => {
  const error = { code: 'not_ready', message: 'forge acme: no answer' };
  assert.deepEqual(await ask('/readyz', [well, ill]), { status: 503, body: { error } });
});

test('the whole bot is ready with its forge, and not without', async () => {
  await using app = await startHarness();
  assert.equal((await fetch(`${app.url}/readyz`)).status, 200);
  await app.forge.refuse();
  app.clock.pass(3_600_000);
  const answer = await fetch(`${app.url}/readyz`);
  assert.equal(answer.status, 503);
  const { error } = (await answer.json()) as { error: { code: string; message: string } };
  assert.equal(error.code, 'not_ready');
  assert.match(error.message, /^forge acme: /u);
  assert.equal((await fetch(`${app.url}/healthz`)).status, 200);
  await app.forge.accept();
});
