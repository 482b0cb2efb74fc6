import { type Diagnosis, isTerminal, type Run } from '../domain/run.ts';
import { type RunEvent, verdictOfCancellation } from '../domain/run-machine.ts';
import { type Held, type Next, type Processor, sendingGuard } from '../ledger/held.ts';
import { advanceRun, loadRun } from '../ledger/runs.ts';
import { crashPoint } from '../lib/crash-point.ts';
import type { Mask } from '../lib/redact.ts';
import {
  type Observation,
  type Rejection,
  type RemoteRunner,
  RunnerError,
} from '../runner/runner.ts';
import type { Context } from './context.ts';

/**
 * Drives a run that another system executes, in short steps: create, look, look again. No step waits for the
 * build; between two steps nobody holds anything.
 */
export function createRunProcessor(context: Context): Processor {
  return async (held) => {
    const run = await loadRun(context.ledger.db, held.lease.subject);
    if (isTerminal(run.state)) return {};
    const runner = context.remoteRunners.get(run.runner);
    if (!runner) throw new Error(`signalbox.yml no longer has the runner "${run.runner}"`);
    const step: Step = { context, held, runner, run };
    try {
      return await drive(step);
    } catch (error) {
      const diagnosis = hopeless(error, run);
      if (!diagnosis) throw error;
      return conclude(step, {
        verdict: run.cancellation ? verdictOfCancellation(run.cancellation) : 'errored',
        ...(run.cancellation ? {} : { diagnosis }),
      });
    }
  };
}

function drive(step: Step): Promise<Next> {
  const { state } = step.run;
  if (state === 'queued') return begin(step);
  return state === 'running' ? look(step) : end(step);
}

/**
 * What the far side refuses for good is an answer too. Only a build that is under way is worth asking for again
 * after anything but "there is none": its token may be mended while it runs.
 */
function hopeless(error: unknown, run: Run): Diagnosis | undefined {
  if (!(error instanceof RunnerError) || error.retryable) return undefined;
  if (run.state === 'running' && error.code !== 'not_found') return undefined;
  return {
    code: `runner.${error.code}`,
    class: 'infrastructure',
    headline:
      run.state === 'running'
        ? `the build is gone from ${run.runner}`
        : `${run.runner} does not take builds from this Signalbox`,
    hint: `This says nothing about the change. ${error.message}`,
  };
}

type Step = {
  readonly context: Context;
  readonly held: Held;
  readonly runner: RemoteRunner;
  readonly run: Run;
};

const FIRST_LOOK_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

async function advance(step: Step, ...events: RunEvent[]): Promise<Run> {
  const { context, held, run } = step;
  return held.transact(async (tx) => {
    let latest = run;
    for (const event of events) {
      const origin = {
        at: context.clock.now(),
        source: 'worker' as const,
        fence: held.lease.fence,
      };
      latest = await advanceRun(tx, run.id, event, origin);
    }
    return latest;
  });
}

function calls(held: Held) {
  return { signal: held.signal, guard: held.guard };
}

/** Intent first. An older intent means that a build may exist: it is looked for before another is made. */
async function begin(step: Step): Promise<Next> {
  const { context, held, runner, run } = step;
  const now = context.clock.now();
  if (run.remote.intentAt === undefined) {
    if (run.cancellation)
      return conclude(step, { verdict: verdictOfCancellation(run.cancellation) });
  } else {
    const settledAt = run.remote.intentAt + runner.settleMs;
    if (now < settledAt) return { dueAt: settledAt };
    const found = await runner.find(run, calls(held));
    if (found) return adopt(step, found);
    if (run.cancellation)
      return conclude(step, { verdict: verdictOfCancellation(run.cancellation) });
  }
  // Each try has an intent of its own: were its answer lost, the next look must wait for this one to settle.
  const at = context.clock.now();
  const intended = await advance(step, { kind: 'remote-intended', at });
  // Cancelled since we looked: nothing may be created any more.
  if (intended.state !== 'queued' || intended.cancellation) return { dueAt: at };
  crashPoint('run.after-intent');
  const guard = sendingGuard(held, context.clock, at);
  const created = await runner.create(run, { ...calls(held), guard });
  crashPoint('run.after-create');
  return 'rejected' in created ? reject(step, created) : adopt(step, created);
}

async function adopt(step: Step, seen: Observation): Promise<Next> {
  const at = step.context.clock.now();
  const remote = { id: seen.id, url: seen.url };
  const run = await advance(step, { kind: 'started', at, stages: seen.stages, remote });
  if (seen.state === 'finished') return look({ ...step, run });
  return { dueAt: run.cancellation ? at : at + FIRST_LOOK_MS };
}

async function reject(step: Step, { rejected }: Rejection): Promise<Next> {
  return conclude(step, {
    verdict: rejected.class === 'change' ? 'failed' : 'errored',
    diagnosis: rejected,
  });
}

/**
 * What is over counts as it ended, also when we come to look too late: being away is no verdict. Only what still
 * goes on is stopped, and looked at again at once.
 */
async function look(step: Step): Promise<Next> {
  const { context, held, runner, run } = step;
  const now = context.clock.now();
  const seen = await runner.observe(run, calls(held));
  await context.keepRemoteLog(runner, run, { stages: seen.stages, call: calls(held) });
  if (seen.state === 'finished') return finish(step, seen);
  const overdue = now - (run.startedAt ?? run.queuedAt) > run.plan.timeoutMs;
  if ((run.cancellation || overdue) && run.remote.cancelSentAt === undefined) {
    await runner.cancel(run, calls(held));
    crashPoint('run.after-cancel');
    const stopping = await advance(step, { kind: 'cancel-sent', at: now });
    return look({ ...step, run: stopping });
  }
  await advance(step, { kind: 'stages-observed', stages: seen.stages });
  return { dueAt: now + pause(now - (run.startedAt ?? now), run) };
}

function finish(step: Step, seen: Observation): Promise<Next> {
  const { cancellation, remote } = step.run;
  const { stages, diagnosis } = seen;
  if (cancellation) return conclude(step, { verdict: verdictOfCancellation(cancellation), stages });
  const stopped = remote.cancelSentAt !== undefined && seen.verdict === 'cancelled';
  if (stopped) return conclude(step, { verdict: 'timed_out', stages });
  const verdict = seen.verdict ?? 'errored';
  const masked = diagnosis && maskDiagnosis(diagnosis, step.context.mask);
  return conclude(step, { verdict, stages, ...(masked ? { diagnosis: masked } : {}) });
}

/** A build may print what it was given; what it prints goes into a public comment. */
function maskDiagnosis(diagnosis: Diagnosis, mask: Mask): Diagnosis {
  const { headline, hint, evidence } = diagnosis;
  const lines = evidence?.lines.map((line) => ({ ...line, text: mask(line.text) }));
  return {
    ...diagnosis,
    headline: mask(headline),
    hint: mask(hint),
    ...(evidence && lines ? { evidence: { ...evidence, lines } } : {}),
  };
}

/** Polling slows down with the age of the build; its webhook, if it comes, is faster anyway. */
function pause(ageMs: number, run: Run): number {
  if (run.cancellation) return FIRST_LOOK_MS;
  return Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_LOOK_MS, ageMs / 10));
}

type Ending = Omit<Extract<RunEvent, { kind: 'concluded' }>, 'kind' | 'at'>;

async function conclude(step: Step, ending: Ending): Promise<Next> {
  const at = step.context.clock.now();
  await advance(
    step,
    { kind: 'concluded', at, ...ending },
    { kind: 'torn-down', at, cleanliness: { state: 'not_needed' } },
  );
  return {};
}

async function end(step: Step): Promise<Next> {
  const at = step.context.clock.now();
  await advance(step, { kind: 'torn-down', at, cleanliness: { state: 'not_needed' } });
  return {};
}
