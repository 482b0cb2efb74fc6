import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Dialect, Ledger } from './database.ts';
import { up as init } from './migrations/0001-init.ts';

type Step = (db: Kysely<unknown>, dialect: Dialect) => Promise<void>;

/** Forward-only, in order; a name once released never changes. */
const STEPS: Readonly<Record<string, Step>> = { '0001-init': init };

export class NewerLedger extends Error {
  override readonly name = 'NewerLedger';
}

/**
 * Brings the ledger to this version. Safe to call from many processes at once. Throws `NewerLedger` when it was written
 * by a newer Signalbox, and leaves it untouched then. `upTo` stops after that step, for tests over old data.
 */
export async function migrate(
  ledger: Ledger,
  options: { readonly upTo?: string } = {},
): Promise<readonly string[]> {
  const { upTo = '9999' } = options;
  const wanted = Object.entries(STEPS).filter(([name]) => name <= upTo);
  const migrations: Record<string, Migration> = Object.fromEntries(
    wanted.map(([name, step]) => [name, { up: (db) => step(db, ledger.dialect) }]),
  );
  const migrator = new Migrator({
    db: ledger.db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    migrationTableName: 'migrations',
    migrationLockTableName: 'migrations_lock',
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error instanceof Error && /corrupted migrations/.test(error.message)) {
    throw new NewerLedger(
      'the ledger was written by a newer Signalbox: install that version again, or restore the backup made before the upgrade',
      { cause: error },
    );
  }
  if (error instanceof Error) throw error;
  if (error !== undefined) throw new Error('the ledger could not be migrated', { cause: error });
  return (results ?? []).map((result) => result.migrationName);
}

export type SchemaState = 'current' | 'behind' | 'newer';

/** How the ledger's schema stands to this version. Reads only. */
export async function schemaState(ledger: Ledger): Promise<SchemaState> {
  const tables = await ledger.db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'migrations')) return 'behind';
  const { rows } = await sql<{ name: string }>`select name from migrations`.execute(ledger.db);
  const applied = new Set(rows.map(({ name }) => name));
  if ([...applied].some((name) => !(name in STEPS))) return 'newer';
  return Object.keys(STEPS).every((name) => applied.has(name)) ? 'current' : 'behind';
}
