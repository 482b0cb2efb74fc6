import type { Plan } from './plan.ts';

/** Every state a run can be in; the last six are terminal. */
export const RUN_STATES = [
  'queued', // waits for a slot
  'running', // its runner works on it
  'finishing', // verdict known, teardown under way
  'passed',
  'failed', // the tested code's fault
  'errored', // our or the infrastructure's fault
  'cancelled', // a person stopped it
  'timed_out',
  'superseded', // a newer command or commit took its place
] as const;
export type RunState = (typeof RUN_STATES)[number];

export const VERDICTS = [
  'passed',
  'failed',
  'errored',
  'cancelled',
  'timed_out',
  'superseded',
] as const;
export type Verdict = (typeof VERDICTS)[number];

export function isTerminal(state: RunState): state is Verdict {
  return (VERDICTS as readonly string[]).includes(state);
}

/** What teardown left, as a fact separate from the verdict. `not_needed`: nothing of ours was ever started. */
export type Cleanliness =
  | { readonly state: 'unknown' }
  | { readonly state: 'not_needed' }
  | {
      readonly state: 'clean';
      readonly at: number;
      readonly removed: Readonly<Record<string, number>>;
    }
  | { readonly state: 'dirty'; readonly at: number; readonly residuals: readonly Residual[] };

export type Residual = { readonly kind: string; readonly name: string; readonly reason: string };

const STAGE_STATES = [
  'pending',
  'running',
  'passed',
  'failed',
  'errored',
  'skipped',
  'not_applicable',
  'cancelled',
] as const;
export type StageState = (typeof STAGE_STATES)[number];

/** One stage of one attempt, for a remote run one step of the far side. Times are ms since the epoch. */
export type Stage = {
  readonly name: string;
  readonly state: StageState;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** Shown beside the name, e.g. "`1.2.0` → `1.3.0`". */
  readonly detail?: string;
  /** Why it was skipped, is not applicable or failed, one short sentence without a full stop. */
  readonly reason?: string;
  readonly tests?: { readonly passed: number; readonly failed: number; readonly skipped: number };
};

export type FailedTest = {
  readonly name: string;
  readonly message: string;
  /** Where it stands in the checkout, if its report tells; the line counts from 1. */
  readonly path?: string;
  readonly line?: number;
};

/** Whose problem it is. */
export type FailureClass = 'change' | 'infrastructure' | 'configuration' | 'flaky' | 'unclear';

export type Diagnosis = {
  /** Stable snake_case or dotted code, e.g. `upgrade.data_survival`. */
  readonly code: string;
  readonly class: FailureClass;
  /** Headline without a full stop, e.g. "data did not survive the upgrade". */
  readonly headline: string;
  /** One or two sentences: what was seen and what to check. */
  readonly hint: string;
  readonly failedTests?: readonly FailedTest[];
  /** Raw log lines around the failure, hostile; rendered inside a fence. */
  readonly evidence?: { readonly lines: readonly LogLine[]; readonly total: number };
};

export type LogLine = {
  readonly n: number;
  readonly at: number;
  readonly stage: string;
  readonly text: string;
};

export type Cancellation = {
  readonly at: number;
  readonly by: string;
  /** `cancel`: a person asked. The others stop a run without anybody naming it. */
  readonly cause: 'cancel' | 'superseded' | 'pull_request_closed' | 'comment_deleted';
  /** Link to the comment that asked, if there is one. */
  readonly url?: string;
  /** Stage that was under way. */
  readonly during?: string;
  /** For `superseded`: the commit that took over. */
  readonly sha?: string;
};

/** What a remote runner knows of the run at the far side. */
export type Remote = {
  /** When we first meant to create it; looked for by our run id from then on, never created blindly again. */
  readonly intentAt?: number;
  /** The far side's own id, e.g. Drone's build number. */
  readonly id?: string;
  readonly url?: string;
  /** When cancel was last asked of the far side. */
  readonly cancelSentAt?: number;
};

export type Run = {
  readonly id: string;
  /** Human number, unique in this installation; used in links: `/r/<number>`. */
  readonly number: number;
  readonly forge: string;
  readonly repository: string;
  readonly pull: number;
  readonly commandId: string;
  readonly suite: string;
  readonly runner: string;
  readonly sha: string;
  readonly headRef: string;
  readonly plan: Plan;
  readonly state: RunState;
  readonly rev: number;
  /** 1 at first; 2 after one interruption. */
  readonly attempt: number;
  readonly queuedAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly verdict?: Verdict;
  readonly cleanliness: Cleanliness;
  readonly diagnosis?: Diagnosis;
  readonly cancellation?: Cancellation;
  /** The last time the bot or its host went away during this run. */
  readonly interruption?: {
    readonly at: number;
    readonly during?: string;
    readonly outcome: 'reattached' | 'requeued' | 'gave_up';
  };
  readonly remote: Remote;
  readonly stages: readonly Stage[];
};
