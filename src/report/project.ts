import { type Cancellation, isTerminal, type Run, type RunState } from '../domain/run.ts';
import type { CommitState, CommitStatus, Reaction } from '../forges/forge.ts';
import { oneLine } from './escape.ts';
import { duration, shortSha, time, unstopped } from './format.ts';
import { amountWords, progress, teardownWords, tookMs, verdictWords } from './words.ts';

/** Forges cut or refuse longer descriptions. Counted in code points. */
const MAX_DESCRIPTION = 140;

type StatusPart = Pick<CommitStatus, 'context' | 'state' | 'description'>;

const COMMIT_STATES = {
  queued: 'pending',
  running: 'pending',
  finishing: 'pending',
  passed: 'success',
  failed: 'failure',
  timed_out: 'failure',
  errored: 'error',
  // Without a verdict the commit must not look tested.
  cancelled: 'failure',
  superseded: 'failure',
} as const satisfies Record<RunState, CommitState>;

/** The commit status of a suite, in the words of the comment's line 1. */
export function statusOf(run: Run): StatusPart {
  return {
    context: `signalbox/${run.suite}`,
    state: COMMIT_STATES[run.state],
    description: oneLine(describe(run), MAX_DESCRIPTION),
  };
}

/** Whether anything is left on the host: told only when there is, and when a later sweep has mended it. */
export function teardownStatusOf(run: Run): StatusPart | undefined {
  const { cleanliness } = run;
  const context = 'signalbox/teardown';
  if (!isTerminal(run.state)) return undefined;
  if (cleanliness.state === 'dirty') {
    const names = cleanliness.residuals.map(({ kind, name }) => `${kind} ${name}`).join(', ');
    const description = oneLine(`${teardownWords(run)}: ${names}`, MAX_DESCRIPTION);
    return { context, state: 'warning', description };
  }
  // A teardown ends before its run does; what is clean only later was not clean at first.
  const isMended = cleanliness.state === 'clean' && cleanliness.at > (run.finishedAt ?? Infinity);
  return isMended
    ? { context, state: 'success', description: `Cleaned up at ${time(cleanliness.at)}` }
    : undefined;
}

/** The reaction on the comment that asked; undefined means none, so that an earlier one is taken away. */
export function reactionOf(
  of: Run | 'denied' | 'not_understood' | 'refused',
): Reaction | undefined {
  if (typeof of === 'string') return 'confused';
  switch (of.state) {
    case 'queued':
    case 'running':
    case 'finishing':
      return 'eyes';
    case 'passed':
      return 'rocket';
    case 'failed':
    case 'errored':
    case 'timed_out':
      return '-1';
    case 'cancelled':
    case 'superseded':
      return undefined;
  }
}

type PingThresholds = {
  /** A run that passed is told when its answer took at least this long, ms. Infinity: never. */
  readonly passedAfterMs: number;
};

const DEFAULT_PING_THRESHOLDS: PingThresholds = { passedAfterMs: 10 * 60_000 };

/** Whom a new comment should call: edits notify nobody, and an outcome that needs a person must. */
export function pingOf(
  run: Run,
  thresholds: PingThresholds = DEFAULT_PING_THRESHOLDS,
): 'requester' | undefined {
  if (run.state === 'failed' || run.state === 'errored' || run.state === 'timed_out') {
    return 'requester';
  }
  // Waiting for a slot is waiting too: who asked has turned to something else by then.
  const waitedMs = (run.finishedAt ?? run.queuedAt) - run.queuedAt;
  return run.state === 'passed' && waitedMs >= thresholds.passedAfterMs ? 'requester' : undefined;
}

const CANCEL_WORDS = {
  cancel: (by: string) => ` by ${by}`,
  pull_request_closed: (by: string) => `: ${by} closed the pull request`,
  comment_deleted: (by: string) => `: ${by} deleted the comment`,
  superseded: () => ': a newer command took over',
} as const satisfies Record<Cancellation['cause'], (by: string) => string>;

function describe(run: Run): string {
  if (!isTerminal(run.state)) return describeOpen(run);
  const took = tookMs(run);
  const after = took === undefined ? '' : ` after ${duration(took)}`;
  const why = run.diagnosis === undefined ? '' : `: ${unstopped(run.diagnosis.headline)}`;
  const { cancellation } = run;
  const during = cancellation?.during === undefined ? '' : ` during ${cancellation.during}`;
  switch (run.state) {
    case 'passed':
      return [
        run.cleanliness.state === 'dirty' ? 'Passed, but not cleaned up' : 'Passed',
        amountWords(run),
        took === undefined ? undefined : duration(took),
        teardownWords(run),
      ]
        .filter((part) => part !== undefined)
        .join(' · ');
    case 'failed':
    case 'errored':
    case 'timed_out':
      return `${verdictWords(run, run.state)}${after}${why}`;
    case 'cancelled':
      return `Cancelled${cancellation === undefined ? '' : CANCEL_WORDS[cancellation.cause](cancellation.by)}${during}`;
    case 'superseded':
      return cancellation?.sha === undefined
        ? `Superseded by a newer command${during}`
        : `Superseded by ${shortSha(cancellation.sha)}${during}`;
  }
}

function describeOpen(run: Run): string {
  if (run.cancellation !== undefined) {
    return run.cancellation.cause === 'cancel'
      ? `Cancelling, asked by ${run.cancellation.by}`
      : 'Cancelling';
  }
  if (run.state === 'finishing' && run.verdict !== undefined) {
    return `Cleaning up · ${verdictWords(run, run.verdict)}`;
  }
  if (run.state === 'queued') {
    return run.interruption?.outcome === 'requeued'
      ? `Interrupted, queued again on ${run.runner}`
      : `Queued on ${run.runner}`;
  }
  const at = progress(run);
  const words = [at?.place, at?.stage].filter(Boolean).join(': ');
  return words === '' ? 'Running' : `Running · ${words}`;
}
