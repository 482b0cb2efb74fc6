import type { Run } from '../../domain/run.ts';
import type { Observation } from '../runner.ts';
import { concludeBuild, type FailureLog } from './diagnose.ts';
import { stagesOf } from './steps.ts';
import { type DroneBuild, toMs } from './wire.ts';

export type BuildContext = {
  readonly run: Run;
  /** Address of Drone for people, no trailing slash. */
  readonly publicUrl: string;
};

/**
 * One build of Drone in our words. Pure. `log` is the failing step's whole log, if it was read.
 * The page is `{url}/{slug}/{number}`: `build.link` points at the forge, often at its API (recorded).
 */
export function observationOf(
  build: DroneBuild,
  context: BuildContext,
  log?: FailureLog,
): Observation {
  const conclusion = concludeBuild(build, context.run, log);
  const waitsFor = waitsForOf(build);
  const startedAt = toMs(build.started);
  const finishedAt = toMs(build.finished);
  return {
    id: String(build.number),
    url: `${context.publicUrl}/${context.run.repository}/${build.number}`,
    state: stateOf(build),
    ...(waitsFor === undefined ? {} : { waitsFor }),
    stages: stagesOf(build),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...conclusion,
  };
}

function stateOf(build: DroneBuild): Observation['state'] {
  switch (build.status) {
    case 'pending':
    case 'waiting_on_dependencies':
    case 'blocked':
      return 'queued';
    case 'running':
      return 'running';
    case 'success':
    case 'failure':
    case 'error':
    case 'killed':
    case 'declined':
    case 'skipped':
      return 'finished';
  }
}

/** A build that waits for approval says `pending`; only its stages say `blocked` (recorded). */
function waitsForOf(build: DroneBuild): string | undefined {
  if (stateOf(build) !== 'queued') return undefined;
  const isBlocked =
    build.status === 'blocked' || build.stages?.some((stage) => stage.status === 'blocked');
  return isBlocked ? 'waits for approval in Drone' : 'waits for a free Drone runner';
}
