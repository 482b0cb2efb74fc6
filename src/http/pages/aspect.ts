import type { Run, RunState, StageState } from '../../domain/run.ts';
import { progress, verdictWords } from '../../report/words.ts';
import { visibleTitle } from './hostile-text.ts';

/** The lamps of a signal, classes in the stylesheet. A lamp always carries a shape and a word. */
export type Aspect = 'clear' | 'danger' | 'caution' | 'shunt' | 'lunar' | 'infra';

export type Signal = {
  readonly aspect: Aspect;
  /** The shape inside the lamp. */
  readonly glyph: string;
  /** The shape for a window title, the same as in the comment. */
  readonly emoji: string;
  /** The words that the comment's first line begins with. */
  readonly headline: string;
  /** e.g. "stage 3 of 5: backup" */
  readonly detail?: string;
};

const LAMPS: Readonly<Record<RunState, { aspect: Aspect; glyph: string; emoji: string }>> = {
  queued: { aspect: 'caution', glyph: '…', emoji: '🕒' },
  running: { aspect: 'shunt', glyph: '▸', emoji: '🔄' },
  finishing: { aspect: 'shunt', glyph: '▸', emoji: '🔄' },
  passed: { aspect: 'clear', glyph: '✓', emoji: '✅' },
  failed: { aspect: 'danger', glyph: '✕', emoji: '❌' },
  errored: { aspect: 'infra', glyph: '!', emoji: '💥' },
  cancelled: { aspect: 'lunar', glyph: '–', emoji: '⚪' },
  timed_out: { aspect: 'danger', glyph: '⧗', emoji: '❌' },
  superseded: { aspect: 'lunar', glyph: '»', emoji: '⏭️' },
};

export const STAGE_LAMPS: Readonly<
  Record<StageState, { aspect: Aspect; glyph: string; word: string }>
> = {
  pending: { aspect: 'lunar', glyph: '○', word: 'to come' },
  running: { aspect: 'shunt', glyph: '▸', word: 'running' },
  passed: { aspect: 'clear', glyph: '✓', word: 'passed' },
  failed: { aspect: 'danger', glyph: '✕', word: 'failed' },
  errored: { aspect: 'infra', glyph: '!', word: 'errored' },
  skipped: { aspect: 'lunar', glyph: '○', word: 'not run' },
  not_applicable: { aspect: 'lunar', glyph: '○', word: 'not applicable' },
  cancelled: { aspect: 'lunar', glyph: '–', word: 'cancelled' },
};

/** State, verdict and cleanliness of a run in one glance. */
export function describeRun(run: Run): Signal {
  const headline = headlineOf(run);
  if (run.cleanliness.state === 'dirty') {
    const dirty = `${headline}, ${run.state === 'passed' ? 'but' : 'and'} not cleaned up`;
    // A failure stays a failure; only a verdict that is no alarm by itself gives its place to the leftovers.
    const lamp =
      LAMPS[run.state].aspect === 'clear' || LAMPS[run.state].aspect === 'lunar'
        ? { aspect: 'caution' as const, glyph: '!', emoji: '⚠️' }
        : LAMPS[run.state];
    return { ...lamp, headline: dirty };
  }
  const detail = detailOf(run);
  return { ...LAMPS[run.state], headline, ...(detail === undefined ? {} : { detail }) };
}

function headlineOf(run: Run): string {
  switch (run.state) {
    case 'queued':
      return run.attempt > 1 ? 'Queued again' : 'Queued';
    case 'running':
      return run.cancellation === undefined ? 'Running' : 'Cancelling';
    case 'finishing':
      return run.cancellation === undefined ? 'Cleaning up' : 'Cancelling';
    case 'passed':
    case 'failed':
    case 'errored':
    case 'cancelled':
    case 'timed_out':
    case 'superseded':
      return visibleTitle(verdictWords(run, run.state), 80);
  }
}

function detailOf(run: Run): string | undefined {
  if (run.state === 'finishing' && run.verdict !== undefined) {
    return `verdict: ${visibleTitle(verdictWords(run, run.verdict), 80).toLowerCase()}`;
  }
  const at = run.state === 'running' ? progress(run) : undefined;
  const words = [at?.place, at?.stage && visibleTitle(at.stage, 60)].filter(Boolean).join(': ');
  return words === '' ? undefined : words;
}
