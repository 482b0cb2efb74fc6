import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger } from '../../src/ledger/database.ts';

export type Watch = {
  /** Rows whose fence was seen to fall. */
  readonly fallen: readonly string[];
  stop(): Promise<void>;
};

const LOOK_MS = 500;
const LINE_MS = 10_000;

/** Watches that no fence ever falls, and prints a line of progress every ten seconds. */
export function startWatch(ledger: Ledger, line: () => string): Watch {
  const fences = new Map<string, number>();
  const fallen: string[] = [];
  let isOver = false;
  const look = async () => {
    const rows = await ledger.db.selectFrom('work').select(['kind', 'subject', 'fence']).execute();
    for (const { kind, subject, fence } of rows) {
      const key = `${kind} ${subject}`;
      const before = fences.get(key) ?? 0;
      if (fence < before) fallen.push(`${key}: the fence fell from ${before} to ${fence}`);
      fences.set(key, fence);
    }
  };
  const loop = async () => {
    let nextLine = Date.now() + LINE_MS;
    while (!isOver) {
      // PostgreSQL is away now and then; the next look tells.
      await look().catch(() => {});
      if (Date.now() >= nextLine) {
        nextLine += LINE_MS;
        process.stderr.write(`${line()}\n`);
      }
      await delay(LOOK_MS);
    }
  };
  const running = loop();
  return {
    fallen,
    stop: async () => {
      isOver = true;
      await running;
    },
  };
}

/** Work that is still to be done, by kind; what waits for somebody to arm it does not count. */
export async function openWork(ledger: Ledger): Promise<readonly string[]> {
  const rows = await ledger.db
    .selectFrom('work')
    .selectAll()
    .where((eb) => eb.or([eb('due_at', 'is not', null), eb('lease_until', 'is not', null)]))
    .execute();
  return rows.map(
    (row) => `${row.kind} ${row.subject}: attempt ${row.attempts}, ${row.error ?? 'no error'}`,
  );
}
