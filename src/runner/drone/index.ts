import type { LogLine, Run } from '../../domain/run.ts';
import type { Clock } from '../../lib/clock.ts';
import { type HttpClient, HttpError } from '../../lib/http-client.ts';
import {
  type Observation,
  type RemoteRunner,
  type RunnerCallOptions,
  RunnerError,
} from '../runner.ts';
import { createDroneClient, type DroneClient } from './client.ts';
import { createBuild } from './create.ts';
import { createExamination } from './examine.ts';
import { findBuildNumber } from './find.ts';
import { RUN_PARAM } from './params.ts';
import { verifySignature } from './signature.ts';
import { failingStep, logLines, type NamedStep, namedSteps } from './steps.ts';
import { observationOf } from './translate.ts';
import type { DroneBuild } from './wire.ts';

/**
 * Drone may look for .drone.yml for 45 s before it makes the build, even when the one who asked is gone by then.
 */
const DEFAULT_SETTLE_MS = 60_000;
const CONFLICT_PAUSE_MS = 250;

export type DroneRunnerOptions = {
  /** Key under `runners:`. */
  readonly name: string;
  /** Address for API calls. */
  readonly url: string;
  readonly token: string;
  /** Secret of Drone's global webhook. */
  readonly webhookSecret: string;
  readonly http: HttpClient;
  readonly clock: Clock;
  /** Address for people, when it is another one. */
  readonly publicUrl?: string;
  readonly settleMs?: number;
};

/** Runs are Drone builds with the event `custom`. Facts: recorded from Drone 2.0.4, see the contract tests. */
export function createDroneRunner(options: DroneRunnerOptions): RemoteRunner {
  const url = options.url.replace(/\/+$/, '');
  const publicUrl = (options.publicUrl ?? url).replace(/\/+$/, '');
  const client = createDroneClient({ url, token: options.token, http: options.http });
  const observe = async (run: Run, build: DroneBuild, call?: RunnerCallOptions) =>
    observationOf(build, { run, publicUrl }, await readFailureLog(client, run, build, call));
  const observeNumber = async (
    run: Run,
    number: string,
    call?: RunnerCallOptions,
  ): Promise<Observation> =>
    observe(run, await client.readBuild(run.repository, number, call), call);
  return {
    kind: 'remote',
    name: options.name,
    settleMs: options.settleMs ?? DEFAULT_SETTLE_MS,
    create: async (run, call) => {
      const created = await createBuild(client, run, call);
      return 'rejected' in created ? created : observationOf(created, { run, publicUrl });
    },
    find: async (run, call) => {
      const number = await findBuildNumber(client, run, call);
      return number === undefined ? undefined : observeNumber(run, String(number), call);
    },
    observe: async (run, call) => observeNumber(run, numberOf(run), call),
    cancel: async (run, call = {}) => {
      const cancel = () => client.cancelBuild(run.repository, numberOf(run), call);
      try {
        await cancel();
      } catch (error) {
        // The runner wrote to the build in the same moment.
        if (!(error instanceof RunnerError && error.code === 'conflict')) throw error;
        await pause(options.clock, call);
        await cancel();
      }
    },
    readLog: async (run, stage, call) => {
      const build = await client.readBuild(run.repository, numberOf(run), call);
      const step = namedSteps(build).find(({ name }) => name === stage);
      return step === undefined ? [] : readStepLog(client, run, { build, step }, call);
    },
    examine: createExamination(client, {
      name: options.name,
      url,
      token: options.token,
      http: options.http,
    }),
    webhook: {
      verify: (request, nowMs) => verifySignature(request, options.webhookSecret, nowMs),
      runIdOf,
    },
  };
}

function runIdOf(body: Buffer): string | undefined {
  const payload: unknown = JSON.parse(body.toString('utf8'));
  const id = property(property(property(payload, 'build'), 'params'), RUN_PARAM);
  return typeof id === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(id) ? id : undefined;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** The log of the step that broke the build. A verdict is worth telling without its evidence, too. */
async function readFailureLog(
  client: DroneClient,
  run: Run,
  build: DroneBuild,
  call?: RunnerCallOptions,
): Promise<readonly LogLine[]> {
  if (build.status !== 'failure' && build.status !== 'error') return [];
  const step = failingStep(build);
  if (step === undefined) return [];
  try {
    return await readStepLog(client, run, { build, step }, call);
  } catch (error) {
    if (!(error instanceof RunnerError) || isStopped(error)) throw error;
    return [];
  }
}

async function readStepLog(
  client: DroneClient,
  run: Run,
  at: { readonly build: DroneBuild; readonly step: NamedStep },
  call?: RunnerCallOptions,
): Promise<readonly LogLine[]> {
  if (at.step.step === undefined) return [];
  const place = {
    build: String(at.build.number),
    stage: at.step.stage.number,
    step: at.step.step.number,
  };
  const isRunning = at.step.step.status === 'running';
  const entries = await (isRunning
    ? client.readLiveLog(run.repository, place, call)
    : client.readLog(run.repository, place, call));
  return logLines(entries, at.step);
}

/** The caller's own signal or guard ended the call. */
function isStopped(error: RunnerError): boolean {
  const { cause } = error;
  return cause instanceof HttpError && (cause.code === 'aborted' || cause.code === 'guarded');
}

async function pause(clock: Clock, call: RunnerCallOptions): Promise<void> {
  try {
    await clock.sleep(CONFLICT_PAUSE_MS, call.signal);
  } catch (error) {
    throw new RunnerError('unavailable', 'Drone: cancel a build: aborted', error);
  }
}

function numberOf(run: Run): string {
  if (run.remote.id !== undefined) return run.remote.id;
  throw new RunnerError('invalid', 'the number of the Drone build is not known yet');
}
