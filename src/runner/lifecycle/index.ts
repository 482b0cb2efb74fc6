import type { Finding } from '../../domain/finding.ts';
import type { Cleanliness } from '../../domain/run.ts';
import { examineHost, type LocalQuestion } from './examine.ts';
import { executeRun } from './execute-run.ts';
import type { Execution, Swept } from './execution.ts';
import { completeOptions, type LifecycleOptions } from './settings.ts';
import { removeRun, sweepRuns } from './sweep.ts';

export type { Execution, Swept } from './execution.ts';
export { Interrupted } from './failure.ts';

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
  /** What could keep this host from executing runs, for `signalbox doctor`. Changes nothing; never throws. */
  examine?(question: LocalQuestion): AsyncIterable<Finding>;
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
    examine: (question) => examineHost(settings, question),
  };
}
