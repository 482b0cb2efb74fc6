import { isTerminal } from '../domain/run.ts';
import type { Ledger } from '../ledger/database.ts';
import { advanceRun, findRun } from '../ledger/runs.ts';
import { claimOne, type Lease, release } from '../ledger/work.ts';
import type { LifecycleRunner, Swept } from '../runner/lifecycle/index.ts';

export type JanitorOptions = {
  readonly ledger: Ledger;
  readonly runner: LifecycleRunner;
  /** Kind of the runner's executions. */
  readonly kind: string;
  readonly owner: string;
  readonly now: () => number;
  readonly leaseMs: number;
};

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
      const lease = await claimOne(ledger.db, options.kind, runId, {
        ...options,
        now: options.now(),
      });
      if (!lease) return true;
      taken.push(lease);
      return false;
    });
    for (const one of swept) await note(options, one);
    return swept;
  } finally {
    for (const lease of taken)
      await release(ledger.db, lease, { outcome: 'done', dueAt: options.now() });
  }
}

/** A run whose teardown had left something is told clean once it is. */
async function note({ ledger, now }: JanitorOptions, swept: Swept): Promise<void> {
  const run = await findRun(ledger.db, swept.runId);
  if (!run || !isTerminal(run.state) || run.cleanliness.state !== 'dirty') return;
  const at = now();
  const cleanliness =
    swept.residuals.length === 0
      ? { state: 'clean' as const, at, removed: swept.removed }
      : { state: 'dirty' as const, at, residuals: swept.residuals };
  await ledger.transaction((tx) =>
    advanceRun(tx, run.id, { kind: 'cleaned', at, cleanliness }, { at, source: 'reconcile' }),
  );
}
