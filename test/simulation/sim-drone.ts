import type { Stage, Verdict } from '../../src/domain/run.ts';
import { type Observation, type RemoteRunner, RunnerError } from '../../src/runner/runner.ts';
import type { FarSide } from './far-side.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

export type SimBuild = {
  readonly number: number;
  readonly runId: string;
  readonly sha: string;
  readonly listedAt: number;
  state: 'queued' | 'running' | 'finished';
  verdict: Verdict | undefined;
  startedAt: number | undefined;
  finishedAt: number | undefined;
};

export type SimDrone = {
  readonly builds: readonly SimBuild[];
  create(runId: string, sha: string): SimBuild;
  cancel(build: SimBuild): void;
};

/** Covers a call's time-out, the far side's own work and its lag. */
export const DRONE_SETTLE_MS = 20_000;
export const LONGEST_FIND_LAG_MS = 4_000;

/** A CI system as a state machine: builds wait, run, end; some hang until they are cancelled. */
export function createSimDrone(
  world: World,
  options: { lagMs: () => number; hangs: () => boolean; emit: (runId: string) => void },
): SimDrone {
  const builds: SimBuild[] = [];
  const { random } = world;
  const finish = (build: SimBuild, verdict: Verdict) => {
    if (build.state === 'finished') return;
    build.state = 'finished';
    build.verdict = verdict;
    build.startedAt ??= world.now();
    build.finishedAt = world.now();
    world.note(() => `drone: build ${build.number} ${verdict}`);
    options.emit(build.runId);
  };
  return {
    builds,
    create: (runId, sha) => {
      const build: SimBuild = {
        number: builds.length + 1,
        runId,
        sha,
        listedAt: world.now() + options.lagMs(),
        state: 'queued',
        verdict: undefined,
        startedAt: undefined,
        finishedAt: undefined,
      };
      builds.push(build);
      const verdict = random.chance(0.7) ? 'passed' : random.chance(0.7) ? 'failed' : 'errored';
      const tookMs = random.between(500, 40_000);
      const hangs = options.hangs();
      world.after(random.between(0, 5_000), () => {
        if (build.state === 'finished') return;
        build.state = 'running';
        build.startedAt = world.now();
        options.emit(runId);
        if (!hangs) world.after(tookMs, () => finish(build, verdict));
      });
      return build;
    },
    cancel: (build) => {
      if (build.state !== 'finished')
        world.after(random.between(10, 4_000), () => finish(build, 'cancelled'));
    },
  };
}

/** Drone as one life reaches it. `isBlind`: the naive variant that never looks before it creates. */
export function dronePort(
  drone: SimDrone,
  parts: { life: Life; far: FarSide; world: World; isBlind: boolean },
): RemoteRunner {
  const { life, far, world } = parts;
  const call = <T>(
    name: string,
    options: Parameters<RemoteRunner['observe']>[1],
    effect: () => T,
    isWrite = false,
  ) =>
    far.call({
      life,
      name,
      options,
      effect,
      isWrite,
      unavailable: (why) => new RunnerError('unavailable', why),
      guarded: (cause) => new RunnerError('conflict', `${name}: not sent`, cause),
    });
  const buildOf = (id: string | undefined) => {
    const build = drone.builds.find((one) => String(one.number) === id);
    if (!build) throw new RunnerError('not_found', `build ${id}: 404`);
    return build;
  };
  return {
    kind: 'remote',
    name: 'drone',
    settleMs: DRONE_SETTLE_MS,
    create: (run, options) =>
      call(
        `creates the build of run ${run.number}`,
        options,
        () => seen(drone.create(run.id, run.sha)),
        true,
      ),
    find: (run, options) =>
      call(`find ${run.number}`, options, () => {
        const listed = drone.builds.filter((one) => one.listedAt <= world.now() && !parts.isBlind);
        const build = listed.find((one) => one.runId === run.id);
        return build && seen(build);
      }),
    observe: (run, options) =>
      call(`observe ${run.number}`, options, () => seen(buildOf(run.remote.id))),
    cancel: (run, options) =>
      call(
        `cancels build ${run.remote.id}`,
        options,
        () => drone.cancel(buildOf(run.remote.id)),
        true,
      ),
    readLog: () => Promise.resolve([]),
  };
}

function seen(build: SimBuild): Observation {
  const { state, verdict } = build;
  const stage: Stage = {
    name: 'test',
    state:
      state === 'queued'
        ? 'pending'
        : state === 'running'
          ? 'running'
          : verdict === 'passed' ||
              verdict === 'failed' ||
              verdict === 'errored' ||
              verdict === 'cancelled'
            ? verdict
            : 'errored',
    ...(build.startedAt === undefined ? {} : { startedAt: Math.floor(build.startedAt) }),
    ...(build.finishedAt === undefined ? {} : { finishedAt: Math.floor(build.finishedAt) }),
  };
  return {
    id: String(build.number),
    url: `https://drone.test/demo/shop/${build.number}`,
    state,
    stages: [stage],
    ...(state === 'finished' && verdict ? { verdict } : {}),
  };
}
