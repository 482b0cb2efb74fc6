import type { Run } from '../../domain/run.ts';
import { type RunnerCallOptions, RunnerError } from '../runner.ts';
import { type DroneClient, PAGE_SIZE } from './client.ts';
import { RUN_PARAM } from './params.ts';
import type { DroneBuild } from './wire.ts';

/** Drone's clock may be this far behind ours. */
const SKEW_MS = 5 * 60_000;
const MAX_PAGES = 50;

/**
 * Number of the build that was made for the run, or undefined when there is surely none: the list, newest
 * first, is read back to before the intent. Of several builds that carry our run the first one counts: people
 * who restart or promote it in Drone make builds with the same parameters.
 */
export async function findBuildNumber(
  client: DroneClient,
  run: Run,
  options?: RunnerCallOptions,
): Promise<number | undefined> {
  const since = (run.remote.intentAt ?? run.queuedAt) - SKEW_MS;
  let carrying: number | undefined;
  let bornInError: number | undefined;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const builds = await client.listBuilds(run.repository, page, options);
    for (const build of builds) {
      if (build.params?.[RUN_PARAM] === run.id) carrying = lower(carrying, build.number);
      if (isBornInError(build, run, since)) bornInError = lower(bornInError, build.number);
    }
    const oldest = builds.at(-1);
    const isEnd = builds.length < PAGE_SIZE || (oldest !== undefined && madeAt(oldest) < since);
    if (isEnd) return carrying ?? bornInError;
  }
  if (carrying !== undefined) return carrying;
  throw new RunnerError(
    'unavailable',
    `Drone: more than ${MAX_PAGES * PAGE_SIZE} builds since this one was asked for`,
  );
}

/**
 * A build with a broken .drone.yml is stored without its parameters and without who asked for it. It is known
 * by commit, branch and time; two runs of one commit may both be shown it, and it says the same of both.
 */
function isBornInError(build: DroneBuild, run: Run, since: number): boolean {
  return (
    build.status === 'error' &&
    build.event === 'custom' &&
    build.trigger === '' &&
    build.params == null &&
    build.after === run.sha &&
    build.source === run.headRef &&
    madeAt(build) >= since
  );
}

function madeAt(build: DroneBuild): number {
  return build.created * 1000;
}

function lower(known: number | undefined, number: number): number {
  return known === undefined ? number : Math.min(known, number);
}
