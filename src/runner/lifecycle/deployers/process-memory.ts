import type { Ending } from '../../../domain/diagnosis.ts';
import { killOwned } from '../kill.ts';
import { ownedProcesses, scanProcesses } from '../processes.ts';
import type { ProcessDeployerOptions } from './process.ts';

export type MemoryWatch = {
  /** Says of a process that we killed for its memory that this was the reason. */
  explain(ending: Ending): Ending;
  stop(): void;
};

const EVERY_MS = 1_000;

/**
 * Keeps what all processes of the run use together under `resources.memory`. A limit of the kernel's would be
 * for each process, and would count what is only mapped.
 */
export function watchMemory({ recipe, claim, clock }: ProcessDeployerOptions): MemoryWatch {
  const limit = recipe.resources.memoryBytes;
  const stopped = new AbortController();
  let exceeded = false;
  const watch = async () => {
    for (;;) {
      await clock.sleep(EVERY_MS, stopped.signal);
      const used = ownedProcesses(scanProcesses(), claim).reduce(
        (sum, facts) => sum + facts.residentBytes,
        0,
      );
      if (used <= limit) continue;
      exceeded = true;
      await killOwned({ claim, clock, graceMs: 0, quietMs: 0, budgetMs: 5_000 });
    }
  };
  // Ends by the abort, and only by it.
  watch().catch(() => {});
  return {
    stop: () => stopped.abort(),
    explain: (ending) =>
      exceeded && ending.signal === 'SIGKILL'
        ? {
            ...ending,
            overMemory: true,
            words: `was killed: the run used more than ${Math.round(limit / 1024 ** 2)} MiB of memory`,
          }
        : ending,
  };
}
