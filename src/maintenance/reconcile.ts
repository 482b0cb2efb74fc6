import { sql } from 'kysely';
import { isTerminal, RUN_STATES } from '../domain/run.ts';
import type { Ledger } from '../ledger/database.ts';
import { arm } from '../ledger/work.ts';

export type Repair = { readonly what: 'delivery' | 'command' | 'run'; readonly id: string };

const LIVE = RUN_STATES.filter((state) => !isTerminal(state));

/**
 * The safety net under the safety net: whatever is unfinished and that nobody would look at again is armed again.
 * With every arming in the transaction that makes it necessary this finds nothing; the count is a figure to watch.
 * `kindOfRun` tells the kind of work in which a run's runner is driven.
 */
export async function reconcile(
  ledger: Ledger,
  options: { now: number; kindOfRun: (runner: string) => string },
): Promise<readonly Repair[]> {
  const repairs: Repair[] = [];
  const asleep = sql<boolean>`not exists (select 1 from work where work.subject = item.id
    and (work.due_at is not null or work.lease_until is not null))`;
  const mend = async (what: Repair['what'], kind: string, id: string) => {
    await arm(ledger.db, kind, id, options.now);
    repairs.push({ what, id });
  };
  const deliveries = await ledger.db
    .selectFrom('deliveries as item')
    .select('item.id')
    .where('item.outcome', '=', 'pending')
    .where(asleep)
    .execute();
  for (const { id } of deliveries) await mend('delivery', 'delivery', id);
  const commands = await ledger.db
    .selectFrom('commands as item')
    .select('item.id')
    .where('item.outcome', '=', 'pending')
    .where(asleep)
    .execute();
  for (const { id } of commands) await mend('command', 'command', id);
  const runs = await ledger.db
    .selectFrom('runs as item')
    .select(['item.id', 'item.runner'])
    .where('item.state', 'in', LIVE)
    .where(asleep)
    .execute();
  for (const { id, runner } of runs) await mend('run', options.kindOfRun(runner), id);
  return repairs;
}
