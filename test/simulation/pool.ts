import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { type SimulationOptions, type SimulationResult, simulate } from './simulate.ts';

/** Runs the seeds on all cores; `onResult` may stop the rest by returning false. */
export async function simulateAll(
  seeds: readonly SimulationOptions[],
  onResult: (result: SimulationResult, options: SimulationOptions) => boolean,
): Promise<void> {
  const waiting = [...seeds];
  let isOver = false;
  const serve = async () => {
    const worker = new Worker(new URL(import.meta.url), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    try {
      for (let next = waiting.shift(); next !== undefined && !isOver; next = waiting.shift()) {
        const given = next;
        const answered = once(worker, 'message');
        worker.postMessage(given);
        const [result] = (await answered) as [SimulationResult];
        if (!onResult(result, given)) isOver = true;
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, serve));
}

if (!isMainThread) {
  // Accidents are errors, thousands of them, and nobody reads where they were made.
  Error.stackTraceLimit = 0;
  parentPort?.on('message', (options: SimulationOptions) => {
    void simulate(options).then((result) => parentPort?.postMessage(result));
  });
}
