import type { Ledger } from '../ledger/database.ts';
import { advanceRun } from '../ledger/runs.ts';

/** Work that nobody has looked at for this long was missed because nobody was there. */
const AWAY_MS = 15_000;

/**
 * At the start of a worker: remote runs that went on while no worker was there are taken over again, and their
 * comments say so. Returns their ids.
 */
export async function reattach(ledger: Ledger, now: number): Promise<readonly string[]> {
  const missed = await ledger.db
    .selectFrom('runs')
    .innerJoin('work', (join) =>
      join.onRef('work.subject', '=', 'runs.id').on('work.kind', '=', 'run'),
    )
    .select('runs.id')
    .where('runs.state', '=', 'running')
    .where((eb) => eb.or([eb('work.due_at', '<', now - AWAY_MS), eb('work.lease_until', '=', 0)]))
    .execute();
  for (const { id } of missed) {
    await ledger.transaction((tx) =>
      advanceRun(tx, id, { kind: 'reattached', at: now }, { at: now, source: 'reconcile' }),
    );
  }
  return missed.map((row) => row.id);
}
