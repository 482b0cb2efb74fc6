import { diagnose, type FailureFact } from '../../domain/diagnosis.ts';
import type { Diagnosis, Stage } from '../../domain/run.ts';
import type { StageContext, StageResult } from './context.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { StageFailure, stopReason } from './failure.ts';
import type { Session } from './session.ts';
import type { StageName } from './stage-plan.ts';

export type StageEnd =
  | { readonly end: 'done'; readonly stage: Stage }
  | { readonly end: 'failed'; readonly stage: Stage; readonly diagnosis: Diagnosis }
  | { readonly end: 'timed_out'; readonly stage: Stage; readonly diagnosis: Diagnosis }
  | { readonly end: 'stopped'; readonly stage: Stage };

/** Runs one stage under its own and the run's time limit and says how it ended. Throws nothing of its own. */
export async function runStage(options: {
  session: Session;
  name: StageName;
  detail?: string;
  runLimit: Deadline;
  isAsked: StageContext['isAsked'];
  work: (context: StageContext) => Promise<StageResult>;
}): Promise<StageEnd> {
  const { session, name, runLimit } = options;
  const { clock } = session.settings;
  const base = {
    name,
    startedAt: clock.now(),
    ...(options.detail === undefined ? {} : { detail: options.detail }),
  };
  session.enter(name);
  await session.recordStage({ ...base, state: 'running' });
  const limit = startDeadline(clock, session.recipe.timeouts.stageMs);
  const signal = AbortSignal.any([session.stop, runLimit.signal, limit.signal]);
  try {
    signal.throwIfAborted();
    const result = await options.work(session.context(signal, options.isAsked));
    return { end: 'done', stage: { ...base, finishedAt: clock.now(), ...result } };
  } catch (error) {
    if (stopReason(session.stop) !== undefined) {
      const stage = { ...base, state: 'cancelled', finishedAt: clock.now() } as const;
      return { end: 'stopped', stage };
    }
    return describe(session, base, error, [
      { of: 'run', deadline: runLimit },
      { of: 'stage', deadline: limit },
    ]);
  } finally {
    limit.clear();
  }
}

type Limits = readonly { readonly of: 'run' | 'stage'; readonly deadline: Deadline }[];

function describe(
  session: Session,
  base: Pick<Stage, 'name' | 'startedAt' | 'detail'>,
  error: unknown,
  limits: Limits,
): StageEnd {
  const over = limits.find(({ deadline }) => deadline.signal.aborted);
  const fact: FailureFact =
    over === undefined
      ? factOf(error, session)
      : { kind: 'timeout', of: over.of, limitMs: over.deadline.limitMs };
  const { serving, head } = session.found;
  const published = serving === undefined || serving === head ? {} : { published: serving.label };
  const diagnosis = diagnose({ stage: base.name, fact, ...published, ...session.recent() });
  const reason = over === undefined ? reasonOf(error, session) : diagnosis.headline;
  const tests = error instanceof StageFailure ? error.tests : undefined;
  const stage: Stage = {
    ...base,
    state: diagnosis.class === 'infrastructure' ? 'errored' : 'failed',
    finishedAt: session.settings.clock.now(),
    reason,
    ...(tests === undefined ? {} : { tests }),
  };
  return { end: over === undefined ? 'failed' : 'timed_out', stage, diagnosis };
}

/** Whatever is no known failure is ours, never the tested code's. */
function factOf(error: unknown, session: Session): FailureFact {
  if (error instanceof StageFailure) return error.fact;
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'internal', message: session.settings.mask(message) };
}

function reasonOf(error: unknown, session: Session): string {
  const text = error instanceof Error ? error.message : String(error);
  return session.settings.mask(text).slice(0, 200);
}
