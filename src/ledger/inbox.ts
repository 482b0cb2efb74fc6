import type { StatementSync } from 'node:sqlite';
import { sql } from 'kysely';
import type { Ledger } from './database.ts';

/** A delivery to keep, whole, before it is answered. */
export type NewDelivery = {
  readonly id: string;
  readonly forge: string;
  readonly source: 'webhook' | 'catch-up' | 'cli';
  readonly dedupeKey: string;
  readonly event: string;
  readonly repository: string | undefined;
  readonly receivedAt: number;
  readonly headersJson: string;
  readonly body: Uint8Array;
  readonly factJson: string;
};

export type Recorded = 'accepted' | 'duplicate';

export class InboxFull extends Error {
  override readonly name = 'InboxFull';
}

/**
 * Group commit: all who wait share one transaction. A flush starts at once when none is under way, and takes all
 * that gathered meanwhile; nobody waits for a timer.
 */
export type Inbox = {
  /** Resolves after the commit. Rejects with `InboxFull` past the bound, or with the database's error. */
  record(delivery: NewDelivery): Promise<Recorded>;
  readonly waiting: number;
};

type Waiter = {
  readonly delivery: NewDelivery;
  resolve(outcome: Recorded): void;
  reject(error: unknown): void;
};

const MAX_BATCH = 500;

export function createInbox(
  ledger: Ledger,
  options: { maxWaiting: number; onRecorded: () => void },
): Inbox {
  const insert = ledger.sqlite ? createSqliteInsert(ledger) : createPostgresInsert(ledger);
  let waiters: Waiter[] = [];
  let flushing = false;

  const flush = async () => {
    flushing = true;
    // Requests of this tick that are already read join the batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiters.length > 0) {
      const batch = waiters.slice(0, MAX_BATCH);
      waiters = waiters.slice(MAX_BATCH);
      await settle(batch, insert);
      options.onRecorded();
    }
    flushing = false;
  };

  return {
    record: (delivery) =>
      new Promise((resolve, reject) => {
        if (waiters.length >= options.maxWaiting) {
          reject(new InboxFull(`${waiters.length} deliveries wait for the ledger`));
          return;
        }
        waiters.push({ delivery, resolve, reject });
        if (!flushing) void flush();
      }),
    get waiting() {
      return waiters.length;
    },
  };
}

type Insert = (deliveries: readonly NewDelivery[]) => Promise<ReadonlySet<string>>;

async function settle(batch: readonly Waiter[], insert: Insert): Promise<void> {
  try {
    const fresh = await insert(batch.map((waiter) => waiter.delivery));
    for (const waiter of batch)
      waiter.resolve(fresh.has(waiter.delivery.id) ? 'accepted' : 'duplicate');
  } catch (error) {
    for (const waiter of batch) waiter.reject(error);
  }
}

const COLUMNS =
  'id, forge, source, dedupe_key, event, repository, received_at, headers_json, body, fact_json, outcome';

/** The raw handle, not Kysely: the statements run between two ticks, so no other transaction can be open. */
function createSqliteInsert(ledger: Ledger): Insert {
  let statements: { delivery: StatementSync; work: StatementSync } | undefined;
  return (deliveries) =>
    ledger.db.connection().execute(async () => {
      const database = ledger.sqlite;
      if (!database) throw new Error('the embedded ledger is closed');
      statements ??= {
        delivery: database.prepare(
          `insert into deliveries (${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending') on conflict do nothing`,
        ),
        work: database.prepare(
          "insert into work (kind, subject, due_at) values ('delivery', ?, ?) on conflict do nothing",
        ),
      };
      const fresh = new Set<string>();
      database.exec('begin immediate');
      try {
        for (const row of deliveries) {
          const { changes } = statements.delivery.run(
            row.id,
            row.forge,
            row.source,
            row.dedupeKey,
            row.event,
            row.repository ?? null,
            row.receivedAt,
            row.headersJson,
            row.body,
            row.factJson,
          );
          if (changes === 0) continue;
          statements.work.run(row.id, row.receivedAt);
          fresh.add(row.id);
        }
        database.exec('commit');
      } catch (error) {
        if (database.isTransaction) database.exec('rollback');
        throw error;
      }
      return fresh;
    });
}

/** One statement: arrays are unnested; the work rows follow only those deliveries that were new. */
function createPostgresInsert(ledger: Ledger): Insert {
  return async (deliveries) => {
    const column = (pick: (row: NewDelivery) => unknown) => deliveries.map(pick);
    const { rows } = await sql<{ subject: string }>`
      with fresh as (
        insert into deliveries (${sql.raw(COLUMNS)})
        select given.*, 'pending' from unnest(
          ${column((row) => row.id)}::text[], ${column((row) => row.forge)}::text[],
          ${column((row) => row.source)}::text[], ${column((row) => row.dedupeKey)}::text[],
          ${column((row) => row.event)}::text[], ${column((row) => row.repository ?? null)}::text[],
          ${column((row) => row.receivedAt)}::bigint[], ${column((row) => row.headersJson)}::text[],
          ${column((row) => row.body)}::bytea[], ${column((row) => row.factJson)}::text[]) as given
        on conflict do nothing returning id, received_at)
      insert into work (kind, subject, due_at) select 'delivery', id, received_at from fresh
      on conflict do nothing returning subject`.execute(ledger.db);
    return new Set(rows.map((row) => row.subject));
  };
}
