import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sql } from 'kysely';
import { type Ledger, openPostgres, openSqliteLedger } from '../../src/ledger/database.ts';
import { migrate, NewerLedger, schemaState } from '../../src/ledger/migrate.ts';
import { openEmptyPostgres } from '../support/ledgers.ts';
import { postgres } from '../support/needs.ts';

const OPEN = { sqlite: async () => openSqliteLedger(':memory:'), postgres: openEmptyPostgres };

/** Every test here begins with an empty database. */
function onEmptyLedgers(name: string, body: (ledger: Ledger) => Promise<void>): void {
  for (const [kind, open] of Object.entries(OPEN)) {
    const skip = kind === 'postgres' ? postgres().skip : false;
    test(`${name} (${kind})`, { skip }, async () => {
      const ledger = await open();
      try {
        await body(ledger);
      } finally {
        await ledger.close();
      }
    });
  }
}

const FIXTURE = new URL('../fixtures/ledger/0001-rows.sql', import.meta.url);

/** One row for each table of 0001, as the version of that time wrote them. */
async function fill(ledger: Ledger): Promise<void> {
  const text = readFileSync(FIXTURE, 'utf8').replace(/^--.*\n/gm, '');
  const blob = ledger.dialect === 'postgres' ? "'\\x7b7d'" : "x'7b7d'";
  for (const statement of text.split(';\n').filter((part) => part.trim() !== '')) {
    await sql.raw(statement.replace(':body', blob)).execute(ledger.db);
  }
}

async function tablesOf(ledger: Ledger): Promise<readonly string[]> {
  const tables = await ledger.db.introspection.getTables();
  return tables.map(({ name }) => name).filter((name) => !/^(migrations|sqlite_)/.test(name));
}

async function contentOf(ledger: Ledger): Promise<Record<string, readonly unknown[]>> {
  const content: Record<string, readonly unknown[]> = {};
  for (const table of await tablesOf(ledger)) {
    content[table] = (await sql`select * from ${sql.table(table)}`.execute(ledger.db)).rows;
  }
  return content;
}

onEmptyLedgers('the first call makes every table, the second does nothing', async (ledger) => {
  assert.equal(await schemaState(ledger), 'behind');
  assert.ok((await migrate(ledger)).includes('0001-init'));
  assert.equal(await schemaState(ledger), 'current');
  assert.ok((await tablesOf(ledger)).includes('runs'));
  assert.deepEqual(await migrate(ledger), []);
});

onEmptyLedgers(
  'a row of every table of 0001 lives through all that comes after',
  async (ledger) => {
    await migrate(ledger, { upTo: '0001-init' });
    await fill(ledger);
    const before = await contentOf(ledger);
    const empty = Object.keys(before).filter((table) => before[table]?.length === 0);
    assert.deepEqual(empty, [], 'the fixture has a row for each table');
    await migrate(ledger);
    const after = await contentOf(ledger);
    for (const [table, rows] of Object.entries(before)) {
      assert.equal(after[table]?.length, rows.length, table);
      assert.partialDeepStrictEqual(after[table], rows, table);
    }
  },
);

onEmptyLedgers('a ledger of a newer version is refused and left as it is', async (ledger) => {
  await migrate(ledger);
  await fill(ledger);
  await sql`insert into migrations values ('0999-from-the-future', 'x')`.execute(ledger.db);
  await sql`drop index work_due`.execute(ledger.db);
  const before = await contentOf(ledger);
  await assert.rejects(migrate(ledger), NewerLedger);
  assert.equal(await schemaState(ledger), 'newer');
  assert.deepEqual(await contentOf(ledger), before);
  const { rows } = await sql<{ name: string }>`select name from migrations`.execute(ledger.db);
  assert.ok(rows.some(({ name }) => name === '0999-from-the-future'));
});

test('of twenty processes that migrate one PostgreSQL at once one does it, and all go on', {
  skip: postgres().skip,
}, async () => {
  const first = await openEmptyPostgres();
  const url = String(first.pool?.options.connectionString);
  const others = Array.from({ length: 19 }, () => openPostgres(url, { connections: 2 }));
  const ledgers = [first, ...others];
  try {
    const done = await Promise.all(ledgers.map((ledger) => migrate(ledger)));
    assert.equal(done.filter((names) => names.includes('0001-init')).length, 1);
    assert.deepEqual(
      await Promise.all(ledgers.map((ledger) => schemaState(ledger))),
      ledgers.map(() => 'current'),
    );
  } finally {
    await Promise.all(ledgers.map((ledger) => ledger.close()));
  }
});
