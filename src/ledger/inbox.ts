import type { StatementSync } from 'node:sqlite';
import type { Pool } from 'pg';
import type { Ledger } from './database.ts';
import { transactNow } from './sqlite.ts';

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
 * Group commit: all who wait share one transaction. A flush starts at once when a hand is free, and takes all that
 * gathered meanwhile; nobody waits for a timer. On PostgreSQL two are under way at a time: one waits for the disk
 * while the other is filled.
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
  const insert = ledger.pool ? createPostgresInsert(ledger.pool) : createSqliteInsert(ledger);
  const waiters: Waiter[] = [];
  let freeHands = ledger.pool ? 2 : 1;

  const flush = async () => {
    freeHands -= 1;
    // Requests of this tick that are already read join the batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiters.length > 0) {
      if (await settle(waiters.splice(0, MAX_BATCH), insert)) options.onRecorded();
    }
    freeHands += 1;
  };

  return {
    record: (delivery) =>
      new Promise((resolve, reject) => {
        if (waiters.length >= options.maxWaiting) {
          reject(new InboxFull(`${waiters.length} deliveries wait for the ledger`));
          return;
        }
        waiters.push({ delivery, resolve, reject });
        if (freeHands > 0) void flush();
      }),
    get waiting() {
      return waiters.length;
    },
  };
}

type Insert = (deliveries: readonly NewDelivery[]) => Promise<ReadonlySet<string>>;

/** Resolves with whether any of them was new. */
async function settle(batch: readonly Waiter[], insert: Insert): Promise<boolean> {
  try {
    const fresh = await insert(batch.map((waiter) => waiter.delivery));
    for (const waiter of batch)
      waiter.resolve(fresh.has(waiter.delivery.id) ? 'accepted' : 'duplicate');
    return fresh.size > 0;
  } catch (error) {
    for (const waiter of batch) waiter.reject(error);
    return false;
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
      const { delivery, work } = statements;
      return transactNow(database, () => {
        const fresh = new Set<string>();
        for (const row of deliveries) {
          const { changes } = delivery.run(
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
          work.run(row.id, row.receivedAt);
          fresh.add(row.id);
        }
        return fresh;
      });
    });
}

/**
 * One statement: arrays are unnested; the work rows follow only those deliveries that were new. The bodies travel as
 * one value, cut apart by the server: as an array of bytea they would be written out as text.
 */
const POSTGRES_INSERT = `
  with fresh as (
    insert into deliveries (${COLUMNS})
    select id, forge, source, dedupe_key, event, repository, received_at, headers_json,
           substr($9::bytea, at, length), fact_json, 'pending'
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
                $8::text[], $10::text[], $11::int[], $12::int[])
      as given (id, forge, source, dedupe_key, event, repository, received_at, headers_json, fact_json, at, length)
    on conflict do nothing returning id, received_at)
  insert into work (kind, subject, due_at) select 'delivery', id, received_at from fresh
  on conflict do nothing returning subject`;

function createPostgresInsert(pool: Pool): Insert {
  return async (deliveries) => {
    // In one order everywhere: two batches with the same keys in different orders would wait for each other for ever.
    const rows = deliveries.toSorted((a, b) =>
      a.dedupeKey < b.dedupeKey ? -1 : Number(a.dedupeKey > b.dedupeKey),
    );
    const column = (pick: (row: NewDelivery) => unknown) => rows.map(pick);
    let end = 1;
    const starts = rows.map(({ body }) => {
      end += body.length;
      return end - body.length;
    });
    const result = await pool.query<{ subject: string }>({
      name: 'inbox-record',
      text: POSTGRES_INSERT,
      values: [
        column((row) => row.id),
        column((row) => row.forge),
        column((row) => row.source),
        column((row) => row.dedupeKey),
        column((row) => row.event),
        column((row) => row.repository ?? null),
        column((row) => row.receivedAt),
        column((row) => row.headersJson),
        Buffer.concat(rows.map(({ body }) => body)),
        column((row) => row.factJson),
        starts,
        column((row) => row.body.length),
      ],
    });
    return new Set(result.rows.map((row) => row.subject));
  };
}
