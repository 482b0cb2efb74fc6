import { isTerminal } from '../domain/run.ts';
import type { Ledger } from '../ledger/database.ts';
import { forgetDeliveries } from '../ledger/deliveries.ts';
import { findRun } from '../ledger/runs.ts';
import { timeOfId } from '../lib/ids.ts';
import type { LogStore } from '../lib/log-store.ts';

export type PruneOptions = {
  readonly ledger: Ledger;
  readonly logs: LogStore;
  /** ms since the epoch: what is older goes. */
  readonly before: number;
};

/** In one transaction: others wait for so long. */
const BATCH = 200;

/**
 * Removes what takes room and is old: bodies of deliveries, logs and artifacts of runs. Commands, runs and what was
 * said of them stay, so that nothing is obeyed twice because it was forgotten. Returns how many of each.
 */
export async function prune(
  options: PruneOptions,
): Promise<{ readonly deliveries: number; readonly runs: number }> {
  const { ledger, logs, before } = options;
  let deliveries = 0;
  for (let last = BATCH; last === BATCH; deliveries += last)
    last = await forgetDeliveries(ledger, { before, limit: BATCH });
  let runs = 0;
  for (const id of await logs.list()) {
    if ((timeOfId(id) ?? Infinity) >= before) continue;
    const run = await findRun(ledger.db, id);
    if (run && !isTerminal(run.state)) continue;
    await logs.remove(id);
    runs += 1;
  }
  return { deliveries, runs };
}
