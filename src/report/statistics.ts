import type { Run, Verdict } from '../domain/run.ts';

/** How long it usually takes: medians over passed runs, newest first, ms. Undefined without any. */
export type Usual = {
  readonly totalMs: number;
  readonly runs: number;
  readonly stages: Readonly<Record<string, number>>;
};

export function usualOf(runs: readonly Run[]): Usual | undefined {
  const passed = runs.filter((run) => run.state === 'passed').slice(0, 20);
  if (passed.length === 0) return undefined;
  const stages = new Map<string, number[]>();
  for (const stage of passed.flatMap((run) => run.stages)) {
    if (stage.state !== 'passed' || stage.startedAt === undefined || stage.finishedAt === undefined)
      continue;
    const known = stages.get(stage.name) ?? [];
    stages.set(stage.name, [...known, stage.finishedAt - stage.startedAt]);
  }
  return {
    totalMs: median(passed.map(tookMs)),
    runs: passed.length,
    stages: Object.fromEntries([...stages].map(([name, values]) => [name, median(values)])),
  };
}

/** The last verdicts that say something about the code, newest last. */
export function historyOf(runs: readonly Run[]): readonly Verdict[] {
  return runs
    .flatMap((run) => (run.verdict && run.finishedAt !== undefined ? [run.verdict] : []))
    .filter((verdict) => verdict !== 'cancelled' && verdict !== 'superseded')
    .slice(0, 10)
    .reverse();
}

function tookMs(run: Run): number {
  return (run.finishedAt ?? 0) - (run.startedAt ?? run.queuedAt);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
