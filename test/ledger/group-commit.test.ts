import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import { type Db, openSqliteLedger } from '../../src/ledger/database.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { onEveryLedger } from '../support/ledgers.ts';

const put = (db: Db, name: string, value: number) =>
  db.insertInto('counters').values({ name, value }).execute();

async function names(db: Db): Promise<readonly string[]> {
  const rows = await db.selectFrom('counters').select('name').orderBy('name').execute();
  return rows.map((row) => row.name);
}

onEveryLedger(
  'of transactions that wait together one that fails takes nothing with it',
  async (ledger) => {
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((name) =>
        ledger.transaction(async (tx) => {
          await put(tx, name, 1);
          if (name === 'c') throw new Error('not this one');
          return name;
        }),
      ),
    );
    assert.deepEqual(
      outcomes.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason))),
      ['a', 'b', 'Error: not this one', 'd'],
    );
    assert.deepEqual(await names(ledger.db), ['a', 'b', 'd']);
  },
);

onEveryLedger(
  'a statement that the database refuses fails its own transaction only',
  async (ledger) => {
    await put(ledger.db, 'taken', 1);
    const outcomes = await Promise.allSettled(
      ['x', 'taken', 'y'].map((name) => ledger.transaction((tx) => put(tx, name, 1))),
    );
    assert.deepEqual(
      outcomes.map((one) => one.status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(await names(ledger.db), ['taken', 'x', 'y']);
  },
);

test('nobody is told of success before the commit that all share', async () => {
  const ledger = openSqliteLedger(':memory:');
  await migrate(ledger);
  const refuse = sql`create trigger refuse after insert on counters when new.name = 'last' begin select raise(rollback, 'the disk is full'); end`;
  await refuse.execute(ledger.db);
  const outcomes = await Promise.allSettled(
    ['first', 'second', 'last'].map((name) => ledger.transaction((tx) => put(tx, name, 1))),
  );
  assert.ok(
    outcomes.slice(1).every((one) => one.status === 'rejected'),
    'those of the group that was rolled back as a whole',
  );
  assert.deepEqual(await names(ledger.db), ['first']);
  await ledger.transaction((tx) => put(tx, 'after', 1));
  assert.deepEqual(await names(ledger.db), ['after', 'first']);
  await ledger.close();
});

test('transactions are synced to disk; a single statement waits for the next one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'signalbox-sync-'));
  const ledger = openSqliteLedger(join(directory, 'ledger.sqlite'));
  await migrate(ledger);
  const level = async (db: Db) => {
    const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(db);
    return rows[0]?.synchronous;
  };
  const [FULL, NORMAL] = [2, 1];
  assert.equal(await level(ledger.db), NORMAL);
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => ledger.transaction((tx) => level(tx)))), [
    FULL,
    FULL,
    FULL,
  ]);
  await assert.rejects(ledger.transaction(() => Promise.reject(new Error('undone'))));
  assert.equal(await level(ledger.db), NORMAL);
  await ledger.close();
  await rm(directory, { recursive: true });
});
