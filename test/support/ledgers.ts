import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { sql } from 'kysely';
import { type Ledger, openPostgres, openSqliteLedger } from '../../src/ledger/database.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { postgres } from './needs.ts';

/** An empty ledger of its own, not yet migrated. */
export async function openEmptyPostgres(): Promise<Ledger> {
  const { url } = postgres();
  const name = `t_${randomBytes(6).toString('hex')}`;
  const admin = openPostgres(url, { connections: 1 });
  await sql.raw(`create database ${name}`).execute(admin.db);
  await admin.close();
  return openPostgres(url.replace('/postgres?', `/${name}?`), { connections: 8 });
}

/** Runs one test on each kind of ledger: the suite is what a ledger is. */
export function onEveryLedger(name: string, body: (ledger: Ledger) => Promise<void>): void {
  const open = { sqlite: async () => openSqliteLedger(':memory:'), postgres: openEmptyPostgres };
  for (const [kind, make] of Object.entries(open)) {
    const skip = kind === 'postgres' ? postgres().skip : false;
    test(`${name} (${kind})`, { skip }, async () => {
      const ledger = await make();
      try {
        await migrate(ledger);
        await body(ledger);
      } finally {
        await ledger.close();
      }
    });
  }
}
