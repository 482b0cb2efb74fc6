import type { Run } from '../../domain/run.ts';
import type { HttpAnswer } from '../../lib/http-client.ts';
import { type Rejection, type RunnerCallOptions, RunnerError } from '../runner.ts';
import { type DroneClient, messageOf, parseAnswer } from './client.ts';
import { buildQuery } from './params.ts';
import { rejectionOf } from './rejections.ts';
import { buildSchema, type DroneBuild } from './wire.ts';

const WHAT = 'create a build';
const nullableBuild = buildSchema.nullable();

/**
 * Asks Drone once for a build of exactly `run.sha`. Nothing is sent when a name or value is refused.
 * A build that is born in error is a build: Drone numbers it, and people can look at it.
 */
export async function createBuild(
  client: DroneClient,
  run: Run,
  options?: RunnerCallOptions,
): Promise<DroneBuild | Rejection> {
  const request = buildQuery(run);
  if ('rejected' in request) return request;
  const answer = await client.postBuild(run.repository, request.query, options);
  const message = messageOf(answer);
  if (answer.status === 404 && message !== undefined) {
    return explainNotFound(client, run, message, options);
  }
  // The forge's own "not found" for the file, after three tries of 15 s each: no use to ask again.
  if (
    answer.status === 500 &&
    message !== undefined &&
    /^(404 )?(file )?not found\b/i.test(message)
  ) {
    return rejectionOf('no_drone_yml');
  }
  return readCreated(answer, run);
}

function readCreated(answer: HttpAnswer, run: Run): DroneBuild | Rejection {
  const build = parseAnswer(answer, nullableBuild, WHAT);
  if (build === null) return rejectionOf('no_matching_pipeline');
  if (build.after === run.sha) return build;
  throw new RunnerError(
    'unexpected',
    `Drone: build ${build.number} is of commit ${build.after.slice(0, 12)}, asked for was ${run.sha}`,
  );
}

/**
 * No permission, unknown repository, unknown branch, unknown commit and a forge that is away are all 404: the
 * message tells some apart, two reads tell the rest.
 */
async function explainNotFound(
  client: DroneClient,
  run: Run,
  message: string,
  options?: RunnerCallOptions,
): Promise<Rejection> {
  if (isForgeAway(message)) {
    throw new RunnerError('unavailable', 'Drone could not reach the forge when it made the build');
  }
  if (message.startsWith('sql: no rows')) return rejectionOf('repository_inactive');
  if (message !== 'Not Found') return rejectionOf('not_found', message);
  try {
    const mayWrite = await client.mayWrite(run.repository, options);
    if (mayWrite === undefined) return rejectionOf('repository_unknown');
    return rejectionOf(mayWrite ? 'commit_unknown' : 'no_permission');
  } catch (error) {
    if (!(error instanceof RunnerError)) throw error;
    return rejectionOf('not_found');
  }
}

/** Go's words for a request that did not come through, e.g. `Get "…": dial tcp …: connection refused`. */
function isForgeAway(message: string): boolean {
  return /^[A-Z][a-z]+ "?https?:|dial tcp|i\/o timeout|deadline exceeded|connection re(fused|set)|\bEOF$/.test(
    message,
  );
}
