import type { Clock } from '../../lib/clock.ts';
import type { Claim } from './identity.ts';
import { ownedProcesses, type ProcessFacts, scanProcesses, startOf } from './processes.ts';

export type Killed = {
  /** Processes that had to be ended. */
  readonly count: number;
  /** Still alive when the budget was used up. */
  readonly left: readonly ProcessFacts[];
};

const POLL_MS = 15;
const FREEZE_ROUNDS = 20;

/**
 * Ends every process that is provably of the claim: SIGTERM, a grace, then SIGKILL until /proc showed none of
 * them over a whole quiet window. Asks nobody's permission to go on: it has its own budget and no signal.
 */
export async function killOwned(options: {
  claim: Claim;
  clock: Clock;
  graceMs: number;
  quietMs: number;
  budgetMs: number;
}): Promise<Killed> {
  const { claim, clock } = options;
  const seen = new Set<string>();
  const look = () => {
    const found = ownedProcesses(scanProcesses(), claim);
    for (const facts of found) seen.add(`${facts.pid}:${facts.startedAt}`);
    return found;
  };
  const endOfBudget = clock.now() + options.budgetMs;
  await terminate(look, clock, options.graceMs);
  let quietSince: number | undefined;
  for (;;) {
    const found = look();
    if (found.length > 0) {
      quietSince = undefined;
      if (clock.now() > endOfBudget) return { count: seen.size, left: found };
      destroy(found, look);
    } else {
      quietSince ??= clock.now();
      if (clock.now() - quietSince >= options.quietMs) return { count: seen.size, left: [] };
    }
    await clock.sleep(found.length > 0 ? POLL_MS : Math.max(POLL_MS, options.quietMs / 2));
  }
}

async function terminate(
  look: () => readonly ProcessFacts[],
  clock: Clock,
  graceMs: number,
): Promise<void> {
  if (graceMs <= 0) return;
  for (const facts of look()) signalProcess(facts, 'SIGTERM');
  const end = clock.now() + graceMs;
  while (clock.now() < end && look().length > 0) await clock.sleep(POLL_MS);
}

/** Frozen processes keep their places under the process limit, so that a fork bomb cannot outrun us. */
function destroy(found: readonly ProcessFacts[], look: () => readonly ProcessFacts[]): void {
  const frozen = new Map<number, ProcessFacts>();
  let targets = found;
  for (let round = 0; round < FREEZE_ROUNDS; round += 1) {
    const fresh = targets.filter((facts) => !frozen.has(facts.pid));
    if (fresh.length === 0) break;
    for (const facts of fresh) {
      signalProcess(facts, 'SIGSTOP');
      frozen.set(facts.pid, facts);
    }
    targets = look();
  }
  for (const facts of frozen.values()) signalProcess(facts, 'SIGKILL');
}

/** Never signals a pid that meanwhile belongs to somebody else. */
export function signalProcess(facts: ProcessFacts, name: NodeJS.Signals): void {
  if (startOf(facts.pid) !== facts.startedAt) return;
  try {
    process.kill(facts.pid, name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ESRCH: gone already. EPERM: not ours to end after all; it stays in the list and is reported.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
