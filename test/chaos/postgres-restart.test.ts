import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPostgres } from '../../src/ledger/database.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { arm, nextDueAt } from '../../src/ledger/work.ts';
import { postgres } from '../support/needs.ts';
import { startPostgres } from '../support/services.ts';

test('a PostgreSQL that dies between two queries of a transaction fails only that transaction', {
  skip: postgres().skip,
}, async () => {
  const server = await startPostgres();
  assert.ok(server);
  const ledger = openPostgres(server.url);
  try {
    await migrate(ledger);
    const work = ledger.transaction(async (tx) => {
      await arm(tx, 'run', 'one', 1);
      await server.crash('SIGQUIT');
      // The news of the broken connection comes while no query is under way.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      await arm(tx, 'run', 'two', 2);
    });
    await assert.rejects(work);
    await server.start();
    await arm(ledger.db, 'run', 'three', 3);
    assert.equal(await nextDueAt(ledger.db, ['run']), 3);
  } finally {
    await ledger.close();
    await server.stop();
  }
});
