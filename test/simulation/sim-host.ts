import { LIFECYCLE_STAGES } from '../../src/domain/plan.ts';
import type { Cleanliness, Run, Stage, Verdict } from '../../src/domain/run.ts';
import { type RunEvent, verdictOfCancellation } from '../../src/domain/run-machine.ts';
import {
  type Execution,
  Interrupted,
  type LifecycleRunner,
  type Swept,
} from '../../src/runner/lifecycle/index.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

/** What attempts of runs have on the host: it stays when the process that made it dies. */
export type SimHost = {
  readonly things: Map<string, { processes: number; directory: boolean }>;
};

export function createSimHost(): SimHost {
  return { things: new Map() };
}

/** Enough of them to be cut in every kind of place. */
const WORK = ['prepare', 'upgrade', 'custom'] as const;
const QUIET_MS = 300;

type Parts = {
  readonly host: SimHost;
  readonly life: Life;
  readonly world: World;
  readonly isStormy: () => boolean;
};

/** The lifecycle runner's contract without a process: same order of facts, same promises about what is left. */
export function createSimLifecycle(parts: Parts): LifecycleRunner {
  const { host, life } = parts;
  const active = new Set<string>();
  return {
    kind: 'local',
    name: 'local',
    slots: 2,
    execute: async (execution) => {
      active.add(execution.run.id);
      try {
        await execute(parts, execution);
      } finally {
        active.delete(execution.run.id);
      }
    },
    remove: async (runId): Promise<Cleanliness> => {
      const removed = await clear(parts, runId);
      return { state: 'clean', at: life.clock.now(), removed };
    },
    sweep: async (isAlive) => {
      const ids = new Set([...host.things.keys()].map((key) => key.split('#')[0] ?? ''));
      const swept: Swept[] = [];
      for (const runId of ids) {
        if (active.has(runId) || (await isAlive(runId))) continue;
        swept.push({ runId, removed: await clear(parts, runId), residuals: [] });
      }
      return swept;
    },
  };
}

/** Kills and removes, takes its time, and looks again. `attempt`: only what that attempt made. */
async function clear({ host, life, world }: Parts, runId: string, attempt?: number) {
  const ofRun = () =>
    [...host.things.keys()].filter((key) =>
      attempt === undefined ? key.startsWith(`${runId}#`) : key === `${runId}#${attempt}`,
    );
  await life.clock.sleep(world.random.between(1, QUIET_MS));
  let processes = 0;
  let directories = 0;
  if (!life.isAlive()) await life.pass();
  for (const key of ofRun()) {
    processes += host.things.get(key)?.processes ?? 0;
    directories += 1;
    host.things.delete(key);
  }
  await life.clock.sleep(QUIET_MS);
  return { processes, directories };
}

async function execute(parts: Parts, execution: Execution): Promise<void> {
  const { run, signal } = execution;
  const record = (event: RunEvent) => execution.record(event);
  const { host, life, world, isStormy } = parts;
  const key = `${run.id}#${run.attempt}`;
  const { clock } = life;
  const stage = (name: string, state: Stage['state']) =>
    record({ kind: 'stage-changed', stage: { name, state, startedAt: clock.now() } });
  try {
    if ([...host.things.keys()].some((one) => one.startsWith(`${run.id}#`)))
      await clear(parts, run.id);
    let latest = await record({
      kind: 'started',
      at: clock.now(),
      stages: LIFECYCLE_STAGES.map((name) => ({ name, state: 'pending' as const })),
    });
    let verdict: Verdict = 'passed';
    for (const name of WORK) {
      latest = await stage(name, 'running');
      const things = host.things.get(key) ?? { processes: 0, directory: true };
      host.things.set(key, {
        ...things,
        processes: things.processes + (name === 'prepare' ? 0 : 1),
      });
      world.note(() => `${life.name} run ${run.number}.${run.attempt}: ${name}`);
      await clock
        .sleep(world.random.between(50, isStormy() ? 12_000 : 2_000), signal)
        .catch(() => {});
      if (signal.aborted) {
        verdict = stoppedVerdict(latest, signal);
        latest = await stage(name, 'cancelled');
        break;
      }
      const failed = world.random.chance(0.04);
      latest = await stage(name, failed ? 'failed' : 'passed');
      if (failed) {
        verdict = 'failed';
        break;
      }
    }
    await record({ kind: 'concluded', at: clock.now(), verdict });
    await stage('teardown', 'running');
    const removed = await clear(parts, run.id, run.attempt);
    await stage('teardown', 'passed');
    await record(tornDown(parts, run, removed));
  } catch (error) {
    await clear(parts, run.id, run.attempt);
    throw error;
  }
}

function stoppedVerdict(run: Run, signal: AbortSignal): Verdict {
  const { kind } = signal.reason as { kind?: string };
  if (kind !== 'cancelled') throw new Interrupted(`stopped by ${kind}`);
  return run.cancellation === undefined ? 'cancelled' : verdictOfCancellation(run.cancellation);
}

/** Now and then something resists, and the janitor has it later. */
function tornDown(
  { host, life, world, isStormy }: Parts,
  run: Run,
  removed: Record<string, number>,
) {
  const at = life.clock.now();
  if (!isStormy() || !world.random.chance(0.1))
    return { kind: 'torn-down', at, cleanliness: { state: 'clean', at, removed } } as const;
  host.things.set(`${run.id}#${run.attempt}`, { processes: 1, directory: false });
  const residuals = [{ kind: 'process', name: '4711', reason: 'did not end' }];
  return { kind: 'torn-down', at, cleanliness: { state: 'dirty', at, residuals } } as const;
}
