import type { Cleanliness, Residual, Run } from '../../domain/run.ts';
import type { RunEvent } from '../../domain/run-machine.ts';
import { executeRun } from './execute-run.ts';
import { completeOptions, type LifecycleOptions } from './settings.ts';
import { removeRun, sweepRuns } from './sweep.ts';

export { Interrupted } from './failure.ts';

export type Execution = {
  /** With a plan of kind `lifecycle`. */
  readonly run: Run;
  readonly source: {
    readonly cloneUrl: string;
    readonly gitEnvironment: Readonly<Record<string, string>>;
  };
  /** Applies one fact to the ledger; throws when our lease is lost. */
  record(event: RunEvent): Promise<Run>;
  /** Aborted with a `StopReason` of `failure.ts` when the run must stop. */
  readonly signal: AbortSignal;
};

export type Swept = {
  readonly runId: string;
  readonly removed: Readonly<Record<string, number>>;
  readonly residuals: readonly Residual[];
};

export type LifecycleRunner = {
  readonly kind: 'local';
  readonly name: string;
  readonly slots: number;
  /**
   * Takes a run from `queued` to its end: stages, verdict, teardown, proof. What it throws, it throws after
   * everything of the run on this host is removed: `Interrupted` on a shutdown or a lost lease, else whatever
   * `record` threw.
   */
  execute(execution: Execution): Promise<void>;
  /** Removes all of this installation on this host that belongs to no run that is alive. */
  sweep(isAlive: (runId: string) => Promise<boolean>): Promise<readonly Swept[]>;
  /** Removes whatever is left of one run on this host, and proves it. Not for a run that is executing here. */
  remove(runId: string): Promise<Cleanliness>;
};

/** Executes runs on this very host. */
export function createLifecycleRunner(options: LifecycleOptions): LifecycleRunner {
  const settings = completeOptions(options);
  const active = new Set<string>();
  return {
    kind: 'local',
    name: settings.name,
    slots: settings.slots,
    async execute(execution) {
      const { id } = execution.run;
      active.add(id);
      try {
        await executeRun(settings, execution);
      } finally {
        active.delete(id);
      }
    },
    sweep: (isAlive) =>
      sweepRuns(settings, async (runId) => active.has(runId) || (await isAlive(runId))),
    remove: (runId) => removeRun(settings, runId),
  };
}
