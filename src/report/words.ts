import { LIFECYCLE_STAGES, SELECTABLE_STAGES } from '../domain/plan.ts';
import type { Run, Stage, StageState, Verdict } from '../domain/run.ts';
import { isTerminal } from '../domain/run.ts';
import { currentStage } from '../domain/run-machine.ts';
import { oneLine } from './escape.ts';
import { duration, plural, uncapitalised } from './format.ts';

/** The words for a run, the same in comment, commit status and ping. Unescaped: the caller knows its place. */

export const VERDICT_ICONS = {
  passed: '✅',
  failed: '❌',
  errored: '💥',
  timed_out: '⏱️',
  cancelled: '⚪',
  superseded: '⏭️',
} as const satisfies Record<Verdict, string>;

export const STAGE_ICONS = {
  pending: '⬜',
  running: '🔄',
  passed: '✅',
  failed: '❌',
  errored: '💥',
  skipped: '➖',
  not_applicable: '➖',
  cancelled: '⚪',
} as const satisfies Record<StageState, string>;

const VERDICT_WORDS = {
  passed: 'Passed',
  failed: 'Failed',
  errored: 'Error',
  timed_out: 'Timed out',
  cancelled: 'Cancelled',
  superseded: 'Superseded',
} as const satisfies Record<Verdict, string>;

/** Stages of a lifecycle run that a person did not ask for; told only while they are news. */
const SERVICE_STAGES: ReadonlySet<string> = new Set(
  LIFECYCLE_STAGES.filter((name) => !(SELECTABLE_STAGES as readonly string[]).includes(name)),
);

/** The stages that count: all steps of a remote run, what was asked for of a lifecycle run. */
function mainStages(run: Run): readonly Stage[] {
  return run.plan.kind === 'remote'
    ? run.stages
    : run.stages.filter((stage) => !SERVICE_STAGES.has(stage.name));
}

/** What its parts are called: the far side runs steps. */
export function unitOf(run: Run): 'Step' | 'Stage' {
  return run.plan.kind === 'remote' ? 'Step' : 'Stage';
}

export function isServiceStage(run: Run, name: string): boolean {
  return run.plan.kind === 'lifecycle' && SERVICE_STAGES.has(name);
}

/** The stage that decided the verdict, if one did. */
export function culprit(run: Run): Stage | undefined {
  return (
    run.stages.find((stage) => stage.state === 'failed') ??
    run.stages.find((stage) => stage.state === 'errored') ??
    run.stages.find((stage) => stage.state === 'cancelled')
  );
}

/** `Failed in upgrade`, `Error`, `Passed`. `max` bounds the name of the stage. */
export function verdictWords(run: Run, verdict: Verdict, max = 40): string {
  const where = culprit(run)?.name;
  const named = verdict === 'failed' || verdict === 'errored' || verdict === 'timed_out';
  if (verdict === 'errored' && run.interruption?.outcome === 'gave_up') return 'Interrupted twice';
  return named && where !== undefined
    ? `${VERDICT_WORDS[verdict]} in ${oneLine(where, max)}`
    : VERDICT_WORDS[verdict];
}

/** How long it ran, ms; undefined before it is over. */
export function tookMs(run: Run): number | undefined {
  return run.finishedAt === undefined
    ? undefined
    : run.finishedAt - (run.startedAt ?? run.queuedAt);
}

/** `torn down clean`, `3 leftovers on docker-1`; undefined when there is nothing to tell. */
export function teardownWords(run: Run): string | undefined {
  if (!isTerminal(run.state)) return undefined;
  switch (run.cleanliness.state) {
    case 'not_needed':
      return undefined;
    case 'clean':
      return 'torn down clean';
    case 'dirty':
      return `${plural(run.cleanliness.residuals.length, 'leftover')} on ${run.runner}`;
    case 'unknown':
      return 'cleanup not verified';
  }
}

/** `5 stages, 41 tests`; undefined when the far side told no steps. */
export function amountWords(run: Run): string | undefined {
  const done = mainStages(run).filter((stage) => stage.state === 'passed').length;
  if (done === 0) return undefined;
  const tests = run.stages.reduce((sum, stage) => sum + (stage.tests?.passed ?? 0), 0);
  const stages = plural(done, uncapitalised(unitOf(run)));
  return tests === 0 ? stages : `${stages}, ${plural(tests, 'test')}`;
}

export type Progress = { readonly place: string; readonly stage?: string };

/** Where a run is: `stage 3 of 5` and its name, `2 of 5 stages done`, or nothing when no stage is known. */
export function progress(run: Run): Progress | undefined {
  const stages = mainStages(run);
  const now = currentStage(run);
  const word = uncapitalised(unitOf(run));
  if (now !== undefined && isServiceStage(run, now.name)) return { place: '', stage: now.name };
  if (now !== undefined) {
    return { place: `${word} ${stages.indexOf(now) + 1} of ${stages.length}`, stage: now.name };
  }
  if (stages.length === 0) return undefined;
  const done = stages.filter((stage) => stage.state !== 'pending').length;
  return { place: `${done} of ${plural(stages.length, word)} done` };
}

/** What became of a run in a few words: `failed in install`, `superseded by a push during upgrade`. */
export function outcomeWords(run: Run): string {
  const during =
    run.cancellation?.during === undefined ? '' : ` during ${oneLine(run.cancellation.during, 40)}`;
  if (!isTerminal(run.state)) return openWords(run);
  const took = tookMs(run);
  const cleaned = run.cleanliness.state === 'clean' ? '; cleaned up' : '';
  const left = run.cleanliness.state === 'dirty' ? `; ${teardownWords(run)}` : '';
  switch (run.state) {
    case 'superseded':
      return `superseded${run.cancellation?.sha === undefined ? '' : ' by a push'}${during}${cleaned}${left}`;
    case 'cancelled':
      return `cancelled${during}${cleaned}${left}`;
    case 'passed':
      return `passed${took === undefined ? '' : ` in ${duration(took)}`}${left}`;
    case 'failed':
    case 'errored':
    case 'timed_out':
      return `${uncapitalised(verdictWords(run, run.state))}${left}`;
  }
}

function openWords(run: Run): string {
  if (run.cancellation !== undefined) return 'is being cancelled';
  if (run.state === 'finishing') return 'cleaning up';
  if (run.state === 'queued') return 'queued';
  const at = progress(run);
  const place = [at?.place, at?.stage && oneLine(at.stage, 40)].filter(Boolean).join(': ');
  return place === '' ? 'running' : `running, ${place}`;
}
