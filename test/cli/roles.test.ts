import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { openEmptyPostgres } from '../support/ledgers.ts';
import { postgres } from '../support/needs.ts';
import { createInstallation, REPOSITORY } from './installation.ts';

const PULL = { repository: REPOSITORY, pull: 1 };

test('on PostgreSQL one process answers webhooks and another does the work', {
  skip: postgres().skip,
}, async () => {
  const ledger = await openEmptyPostgres();
  await using place = await createInstallation();
  try {
    await place.configure({ database: String(ledger.pool?.options.connectionString) });
    const [web, worker] = await Promise.all([
      place.serve('--role', 'web'),
      place.serve('--role', 'worker', '--drain', '1'),
    ]);
    await place.cli('connect', 'acme', REPOSITORY);
    await place.forge.comment(PULL, 'alice', '!testme');
    await eventually('the running comment', () => place.answers()[0]?.startsWith('🔄'));
    worker.signal('SIGTERM');
    assert.equal(await worker.ended, 0);
    await place.drone.finish(1, 'success');
    await place.forge.comment(PULL, 'alice', '!help');
    const next = await place.serve('--role', 'worker', '--drain', '1');
    await eventually('the verdict', () => place.answers()[0]?.startsWith('✅'));
    await eventually('the help', () => place.answers().length === 2);
    const { stdout } = await place.cli('runs');
    assert.match(stdout, /^1\tpassed\ttestme\t/);
    for (const serving of [web, next]) serving.signal('SIGTERM');
    assert.deepEqual(await Promise.all([web.ended, next.ended]), [0, 0]);
  } finally {
    await ledger.close();
  }
});

test('a Redis that is away does not end the start: it is not ready, and the ledger dispatches', async () => {
  await using place = await createInstallation();
  await place.configure({ redis: 'redis://127.0.0.1:1' });
  const serving = await place.serve('--drain', '1');
  const answer = await fetch(`${place.url}/readyz`);
  assert.equal(answer.status, 503);
  assert.match(await answer.text(), /redis/);
  const help = await place.cli('trigger', 'acme', `${REPOSITORY}#1`, '!help', '--wait', '--json');
  assert.equal(help.code, 0);
  serving.signal('SIGTERM');
  assert.equal(await serving.ended, 0);
});
