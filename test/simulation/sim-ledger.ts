import { DatabaseSync } from 'node:sqlite';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Ledger } from '../../src/ledger/database.ts';
import { groupTransactions } from '../../src/ledger/group-commit.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import type { Schema } from '../../src/ledger/schema.ts';
import { forKysely } from '../../src/ledger/sqlite.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

/** The one thing that outlives every crash. One writer at a time; what was not committed is gone with its writer. */
export type Disk = {
  readonly database: DatabaseSync;
  /** For looking at it from outside, between two events. */
  all(sql: string): readonly Record<string, unknown>[];
  /** The ledger as one life sees it. */
  open(life: Life): Ledger;
  isBusy(life: Life): boolean;
  close(): void;
};

export type DiskOptions = {
  readonly world: World;
  /** Naive variant: a holder that lost its lease commits all the same. */
  readonly unfenced: boolean;
  /** True while accidents happen: queries are slow at times. */
  readonly isStormy: () => boolean;
};

let schema: readonly string[] | undefined;

/** The schema as the migrations make it, so that each seed need not make it anew. */
async function schemaOf(): Promise<readonly string[]> {
  if (schema) return schema;
  const database = new DatabaseSync(':memory:');
  const db = new Kysely<Schema>({ dialect: dialectOf(plainDriver(forKysely(database))) });
  await migrate({
    db,
    dialect: 'sqlite',
    sqlite: database,
    pool: undefined,
    transaction: (body) => db.transaction().execute(body),
    keepLogShort: () => {},
    close: () => db.destroy(),
  });
  const rows = database
    .prepare("select sql from sqlite_master where sql is not null and name not like 'sqlite_%'")
    .all();
  schema = rows.map((row) => String(row.sql));
  database.close();
  return schema;
}

/** Every claim, as the database saw it: the product cannot forget to tell. */
const WITNESS = [
  'create table claims (id integer primary key, kind text, subject text, fence bigint, owner text)',
  `create trigger claim after update of fence on work begin
     insert into claims (kind, subject, fence, owner) values (new.kind, new.subject, new.fence, new.owner); end`,
];

export async function createDisk(options: DiskOptions): Promise<Disk> {
  const statements = await schemaOf();
  const database = new DatabaseSync(':memory:');
  for (const statement of [...statements, ...WITNESS]) database.exec(statement);
  const prepared = forKysely(database);
  const lock = createLock(() => {
    if (database.isTransaction) database.exec('rollback');
  });
  return {
    database,
    all: (sql) => database.prepare(sql).all(),
    open: (life) => {
      const driver = lifeDriver({ life, lock, prepared, ...options });
      const db = new Kysely<Schema>({ dialect: dialectOf(driver) });
      return {
        db,
        dialect: 'sqlite',
        sqlite: handleOf(database, life),
        pool: undefined,
        transaction: groupTransactions(db),
        keepLogShort: () => {},
        close: () => Promise.resolve(),
      };
    },
    isBusy: (life) => lock.holder() === life,
    close: () => database.close(),
  };
}

function dialectOf(driver: Driver) {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => driver,
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** The raw handle that the intake uses: useless to the dead. */
function handleOf(database: DatabaseSync, life: Life): DatabaseSync {
  return new Proxy(database, {
    get: (target, name) => {
      if (!life.isAlive()) throw new Error(`${life.name} is dead`);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

type Lock = {
  holder(): Life | undefined;
  take(life: Life): Promise<void>;
  free(life: Life): void;
};

const FREE = Promise.resolve();

/** One writer over all processes; a dead one's transaction is rolled back and the next in line goes on. */
function createLock(rollback: () => void): Lock {
  let holder: Life | undefined;
  let line: { life: Life; go: () => void }[] = [];
  const next = () => {
    line = line.filter(({ life }) => life.isAlive());
    const first = line.shift();
    holder = first?.life;
    first?.go();
  };
  const free = (life: Life) => {
    if (holder !== life) return;
    rollback();
    next();
  };
  return {
    holder: () => holder,
    take: (life) => {
      if (!holder && life.isAlive()) {
        holder = life;
        return FREE;
      }
      return new Promise((resolve) => {
        if (life.isAlive()) line.push({ life, go: resolve });
      });
    },
    free,
  };
}

type LifeParts = DiskOptions & { life: Life; lock: Lock; prepared: SqliteDatabase };

const HOLD = /^\s*update work set lease_until = \?\s+where kind = \? and subject = \? and fence/;
const SLOW_SHARE = 0.04;
const STALL_SHARE = 0.001;

function lifeDriver({ life, lock, prepared, world, unfenced, isStormy }: LifeParts): Driver {
  const { random } = world;
  life.onDeath.push(() => lock.free(life));
  /** Only what has to wait waits: most queries answer at once. */
  const mustWait = () => !life.isAlive() || life.isPaused();
  const query = async (compiled: CompiledQuery): Promise<QueryResult<never>> => {
    const delay = isStormy() ? delayOf() : 0;
    if (delay > 0 || mustWait()) await life.pass(delay);
    if (!life.isAlive() || life.reach('query')) await life.pass();
    const result = execute(prepared, compiled.sql, compiled.parameters);
    return unfenced && HOLD.test(compiled.sql) ? { ...result, numAffectedRows: 1n } : result;
  };
  const delayOf = () => {
    if (!random.chance(SLOW_SHARE)) return 0;
    return random.chance(STALL_SHARE / SLOW_SHARE) ? random.between(0, 2_500) : random.next() * 3;
  };
  const connection: DatabaseConnection = {
    executeQuery: query as DatabaseConnection['executeQuery'],
    streamQuery: () => {
      throw new Error('the simulation streams nothing');
    },
  };
  const raw = (sql: string) => void execute(prepared, sql, []);
  const point = async (sql: string) => {
    if (!life.isAlive()) await life.pass();
    raw(sql);
  };
  return {
    init: () => Promise.resolve(),
    acquireConnection: async () => {
      if (mustWait()) await life.pass();
      await lock.take(life);
      return connection;
    },
    beginTransaction: async () => {
      if (!life.isAlive()) await life.pass();
      raw('begin');
    },
    commitTransaction: async () => {
      if (mustWait()) await life.pass();
      if (!life.isAlive()) await life.pass();
      raw('commit');
      if (life.reach('commit')) await life.pass();
    },
    rollbackTransaction: async () => {
      if (mustWait()) await life.pass();
      if (!life.isAlive()) await life.pass();
      raw('rollback');
    },
    savepoint: (_, name) => point(`savepoint "${name}"`),
    rollbackToSavepoint: (_, name) => point(`rollback to "${name}"`),
    releaseSavepoint: (_, name) => point(`release "${name}"`),
    releaseConnection: async () => {
      lock.free(life);
      if (mustWait()) await life.pass();
    },
    destroy: () => Promise.resolve(),
  };
}

function execute(
  prepared: SqliteDatabase,
  sql: string,
  parameters: readonly unknown[],
): QueryResult<never> {
  const statement = prepared.prepare(sql);
  if (statement.reader) return { rows: statement.all(parameters) as never[] };
  const { changes } = statement.run(parameters);
  return { numAffectedRows: BigInt(changes), rows: [] };
}

function plainDriver(prepared: SqliteDatabase): Driver {
  const connection: DatabaseConnection = {
    executeQuery: ((compiled: CompiledQuery) =>
      Promise.resolve(
        execute(prepared, compiled.sql, compiled.parameters),
      )) as DatabaseConnection['executeQuery'],
    streamQuery: () => {
      throw new Error('the simulation streams nothing');
    },
  };
  const raw = (sql: string) => {
    execute(prepared, sql, []);
    return Promise.resolve();
  };
  return {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: () => raw('begin'),
    commitTransaction: () => raw('commit'),
    rollbackTransaction: () => raw('rollback'),
    releaseConnection: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  };
}
