import { type Cleanliness, isTerminal, type Run } from '../domain/run.ts';
import type { Ledger } from '../ledger/database.ts';
import { advanceRun, findRun, listRuns } from '../ledger/runs.ts';
import { arm, claimOne, type Lease, release } from '../ledger/work.ts';
import type { LifecycleRunner, Swept } from '../runner/lifecycle/index.ts';

export type JanitorOptions = {
  readonly ledger: Ledger;
  readonly runner: LifecycleRunner;
  /**
   * Kind of work in which a run is driven. A pass meets the processes of other runners of this host as well: each
   * run is claimed as its own runner claims it.
   */
  readonly kindOf: (run: Run) => string;
  readonly owner: string;
  readonly now: () => number;
  readonly leaseMs: number;
};

/** Longer than the removal of one run may take: nobody renews this lease. */
const SWEEP_LEASE_MS = 120_000;

/**
 * One pass over this host: whatever belongs to a run that nobody executes is removed, and proven gone. A run that
 * is not over is touched only under its lease, so that a pass can never meet an execution.
 */
export async function sweep(options: JanitorOptions): Promise<readonly Swept[]> {
  const { ledger, runner } = options;
  const taken: Lease[] = [];
  try {
    const swept = await runner.sweep(async (runId) => {
      const run = await findRun(ledger.db, runId);
      if (!run || isTerminal(run.state)) return false;
      const lease = await claimOne(ledger.db, options.kindOf(run), runId, {
        owner: options.owner,
        now: options.now(),
        leaseMs: Math.max(options.leaseMs, SWEEP_LEASE_MS),
      });
      if (!lease) return true;
      taken.push(lease);
      return false;
    });
    await noteDirty(options, swept);
    return swept;
  } finally {
    for (const lease of taken)
      await release(ledger.db, lease, { outcome: 'done', dueAt: options.now() });
  }
}

/** A run whose teardown had left something is told clean once it is, also when a person removed it by hand. */
async function noteDirty(options: JanitorOptions, swept: readonly Swept[]): Promise<void> {
  const { ledger, runner } = options;
  for (const run of await listRuns(ledger.db, { runner: runner.name, dirty: true })) {
    const one = swept.find(({ runId }) => runId === run.id);
    const at = options.now();
    if (one === undefined) await note(options, run, await runner.remove(run.id));
    else if (one.residuals.length > 0)
      await note(options, run, { state: 'dirty', at, residuals: one.residuals });
    else await note(options, run, { state: 'clean', at, removed: one.removed });
  }
}

async function note(options: JanitorOptions, run: Run, cleanliness: Cleanliness): Promise<void> {
  const { ledger, now, kindOf } = options;
  const at = now();
  await ledger.transaction(async (tx) => {
    await advanceRun(tx, run.id, { kind: 'cleaned', at, cleanliness }, { at, source: 'reconcile' });
    if (cleanliness.state === 'dirty') return;
    const { forge, repository, suite, runner } = run;
    const waiting = await listRuns(tx, { forge, repository, suite, runner, state: 'queued' });
    for (const next of waiting) await arm(tx, kindOf(next), next.id, at);
  });
}
