import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Kysely, PostgresDialect, SqliteDialect, type Transaction } from 'kysely';
import { Pool, types } from 'pg';
import type { Config } from '../domain/operator-schema.ts';
import { type Checkpoints, createCheckpoints } from './checkpoints.ts';
import { groupTransactions } from './group-commit.ts';
import type { Schema } from './schema.ts';
import { forKysely, openSqlite } from './sqlite.ts';

export type Dialect = 'sqlite' | 'postgres';
export type Tx = Transaction<Schema>;
/** A query runs on the database itself or inside a transaction. */
export type Db = Kysely<Schema> | Tx;

export type Ledger = {
  readonly db: Kysely<Schema>;
  readonly dialect: Dialect;
  /** The raw handle of the embedded ledger, for the intake. */
  readonly sqlite: DatabaseSync | undefined;
  readonly pool: Pool | undefined;
  /** One transaction. Inside, every query must go through `tx`: SQLite has one connection. */
  transaction<T>(body: (tx: Tx) => Promise<T>): Promise<T>;
  /** Keeps the write-ahead log of the embedded ledger short from now on; PostgreSQL does so by itself. */
  keepLogShort(onError: (error: unknown) => void): void;
  close(): Promise<void>;
};

/** Opens the ledger of a configuration; the schema is not looked at. */
export function openLedger(config: Pick<Config, 'database' | 'data'>): Ledger {
  return config.database
    ? openPostgres(config.database)
    : openSqliteLedger(join(config.data, 'ledger.sqlite'));
}

/** PostgreSQL's int8 comes as text unless told: ours are times, counts and fences, all below 2^53. */
const INT8 = 20;

/** @internal */
export function openPostgres(url: string, options: { connections?: number } = {}): Ledger {
  const pool = new Pool({
    connectionString: url,
    max: options.connections ?? 10,
    connectionTimeoutMillis: 5_000,
    types: {
      getTypeParser: (id, format): unknown =>
        (id as number) === INT8 ? Number : types.getTypeParser(id, format as 'text'),
    },
  });
  // A connection that dies must not kill the process, neither idle (the pool tells) nor between two queries of a
  // transaction (only the client tells); the next query gets another connection or an error.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return ledgerOf(new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) }), {
    dialect: 'postgres',
    pool,
  });
}

/** `file`: path of the database, or `:memory:`. */
export function openSqliteLedger(file: string): Ledger {
  if (file !== ':memory:') keepPrivate(file);
  const sqlite = openSqlite(file);
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: forKysely(sqlite) }) });
  const checkpoints = file === ':memory:' ? undefined : createCheckpoints(sqlite, file);
  return ledgerOf(db, { dialect: 'sqlite', sqlite, checkpoints });
}

/** The code under test runs on this host as somebody else: it may pass through `data`, and read nothing of ours. */
function keepPrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o711 });
  // Its log takes over the mode.
  closeSync(openSync(file, 'a', 0o600));
}

function ledgerOf(
  db: Kysely<Schema>,
  parts: {
    dialect: Dialect;
    sqlite?: DatabaseSync;
    checkpoints?: Checkpoints | undefined;
    pool?: Pool;
  },
): Ledger {
  return {
    db,
    dialect: parts.dialect,
    sqlite: parts.sqlite,
    pool: parts.pool,
    // PostgreSQL has many connections, and groups what they commit by itself.
    transaction: parts.pool ? (body) => db.transaction().execute(body) : groupTransactions(db),
    keepLogShort: (onError) => parts.checkpoints?.start(onError),
    close: async () => {
      await parts.checkpoints?.close();
      await db.destroy();
    },
  };
}
