import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Dialect, Ledger } from './database.ts';
import { up as init } from './migrations/0001-init.ts';

type Step = (db: Kysely<unknown>, dialect: Dialect) => Promise<void>;

/** Forward-only, in order; a name once released never changes. */
const STEPS: Readonly<Record<string, Step>> = { '0001-init': init };

/**
 * Brings the ledger to this version. Safe to call from many processes at once. Throws when the ledger was written
 * by a newer Signalbox, and leaves it untouched then.
 */
export async function migrate(ledger: Ledger): Promise<readonly string[]> {
  const migrations: Record<string, Migration> = Object.fromEntries(
    Object.entries(STEPS).map(([name, step]) => [name, { up: (db) => step(db, ledger.dialect) }]),
  );
  const migrator = new Migrator({
    db: ledger.db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    migrationTableName: 'migrations',
    migrationLockTableName: 'migrations_lock',
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error instanceof Error && /corrupted migrations/.test(error.message)) {
    throw new Error(
      'the ledger was written by a newer Signalbox: install that version again, or restore the backup made before the upgrade',
      { cause: error },
    );
  }
  if (error instanceof Error) throw error;
  if (error !== undefined) throw new Error('the ledger could not be migrated', { cause: error });
  return (results ?? []).map((result) => result.migrationName);
}
