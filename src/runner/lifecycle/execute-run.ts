import { LIFECYCLE_STAGES } from '../../domain/plan.ts';
import type { Diagnosis, Stage, Verdict } from '../../domain/run.ts';
import { verdictOfCancellation } from '../../domain/run-machine.ts';
import type { StageContext, StageResult } from './context.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import type { Execution } from './execution.ts';
import { Interrupted, stopReason } from './failure.ts';
import { runStage } from './run-stage.ts';
import { openSession, type Session } from './session.ts';
import type { Settings } from './settings.ts';
import { askedStages, NOT_ASKED, type StageName, type WorkStage, whyNot } from './stage-plan.ts';
import { backup } from './stages/backup.ts';
import { capture } from './stages/capture.ts';
import { custom } from './stages/custom.ts';
import { install } from './stages/install.ts';
import { prepare } from './stages/prepare.ts';
import { restore } from './stages/restore.ts';
import { upgrade } from './stages/upgrade.ts';
import { abandon, tearDown } from './teardown.ts';

const WORK: Readonly<Record<WorkStage, (context: StageContext) => Promise<StageResult>>> = {
  prepare,
  install,
  upgrade,
  backup,
  restore,
  custom,
};

const CAPTURE_MS = 10_000;

type Outcome = { readonly verdict: Verdict; readonly diagnosis?: Diagnosis };

/** One run from start to proof, see `LifecycleRunner.execute`. */
export async function executeRun(settings: Settings, execution: Execution): Promise<void> {
  const session = await openSession(settings, execution);
  try {
    await session.record({
      kind: 'started',
      at: settings.clock.now(),
      stages: LIFECYCLE_STAGES.map((name) => ({ name, state: 'pending' })),
    });
    const outcome = await runStages(session);
    await captureState(session);
    await session.record({ kind: 'concluded', at: settings.clock.now(), ...outcome });
    await tearDown(session);
  } catch (error) {
    // What it cannot remove is the janitor's: the first error is the one to tell.
    await abandon(session).catch(() => {});
    throw error;
  } finally {
    await session.close();
  }
}

async function runStages(session: Session): Promise<Outcome> {
  const { plan } = session.run();
  const { clock } = session.settings;
  const runMs = Math.min(plan.timeoutMs, session.recipe.timeouts.runMs);
  const runLimit = startDeadline(clock, runMs);
  try {
    return await runInOrder(session, runLimit);
  } finally {
    runLimit.clear();
  }
}

async function runInOrder(session: Session, runLimit: Deadline): Promise<Outcome> {
  const asked = askedOf(session);
  let outcome: Outcome = { verdict: 'passed' };
  let cut: string | undefined;
  for (const name of Object.keys(WORK) as WorkStage[]) {
    const { recipe } = session;
    const now = session.settings.clock.now();
    const why = whyNot({ stage: name, asked, recipe, done: session.stages(), now });
    const skip =
      cut === undefined || why?.reason === NOT_ASKED
        ? why
        : ({ state: 'skipped', reason: cut } as const);
    if (skip !== undefined) {
      await session.recordStage({ name, ...skip });
      continue;
    }
    const detail = detailOf(session, name);
    const result = await runStage({
      session,
      name,
      ...(detail === undefined ? {} : { detail }),
      runLimit,
      isAsked: (stage) => isOn(session, asked, stage),
      work: WORK[name],
    });
    if (result.end === 'stopped') {
      await stopped(session, result.stage);
      outcome = { verdict: cancelVerdict(session) };
      cut = 'cancelled';
      continue;
    }
    await session.recordStage(result.stage);
    if (result.end === 'done') continue;
    if (result.end === 'timed_out') cut = 'the time was over';
    if (outcome.verdict === 'passed') outcome = outcomeOf(result);
  }
  return outcome;
}

/** A cancelled stage is part of the record; an interrupted one is not, for it will be done again. */
async function stopped(session: Session, stage: Stage): Promise<void> {
  const reason = stopReason(session.stop);
  if (reason?.kind !== 'cancelled') throw new Interrupted(`stopped by ${reason?.kind}`);
  await session.recordStage(stage);
}

function cancelVerdict(session: Session): Verdict {
  const { cancellation } = session.run();
  return cancellation === undefined ? 'cancelled' : verdictOfCancellation(cancellation);
}

function outcomeOf(result: { end: 'failed' | 'timed_out'; diagnosis: Diagnosis }): Outcome {
  const { end, diagnosis } = result;
  if (end === 'timed_out') return { verdict: 'timed_out', diagnosis };
  return { verdict: diagnosis.class === 'infrastructure' ? 'errored' : 'failed', diagnosis };
}

function askedOf(session: Session): ReadonlySet<StageName> {
  const { plan } = session.run();
  return askedStages(plan.kind === 'lifecycle' ? plan.stages : []);
}

/** Asked for, and not declared as not applicable: else the head is installed at once. */
function isOn(session: Session, asked: ReadonlySet<StageName>, stage: StageName): boolean {
  if (stage === 'capture' || stage === 'teardown' || stage === 'verify') return true;
  const { recipe, settings } = session;
  return whyNot({ stage, asked, recipe, done: [], now: settings.clock.now() }) === undefined;
}

function detailOf({ found }: Session, name: StageName): string | undefined {
  if (name !== 'upgrade' || found.previous === undefined) return undefined;
  return `\`${found.previous.label}\` → \`${found.head?.label}\``;
}

/** Never in the way of a verdict: it has little time, and its own failure is only noted. */
async function captureState(session: Session): Promise<void> {
  const { clock } = session.settings;
  const startedAt = clock.now();
  const base = { name: 'capture', startedAt };
  session.enter('capture');
  await session.recordStage({ ...base, state: 'running' });
  const limit = startDeadline(clock, CAPTURE_MS);
  const note = await capture(session.context(limit.signal, () => true)).then(
    (): Pick<Stage, 'state' | 'reason'> => ({ state: 'passed' }),
    (error: unknown): Pick<Stage, 'state' | 'reason'> => ({
      state: 'errored',
      reason: error instanceof Error ? error.message : String(error),
    }),
  );
  limit.clear();
  await session.recordStage({ ...base, ...note, finishedAt: clock.now() });
}
