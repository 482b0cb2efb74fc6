import {
  type Cancellation,
  type Cleanliness,
  type Diagnosis,
  isTerminal,
  type Remote,
  type Run,
  type Stage,
  type Verdict,
} from './run.ts';

/** Facts that change a run. Times are ms since the epoch. */
export type RunEvent =
  | { readonly kind: 'remote-intended'; readonly at: number }
  | {
      readonly kind: 'started';
      readonly at: number;
      readonly stages: readonly Stage[];
      readonly remote?: Remote;
    }
  | { readonly kind: 'stage-changed'; readonly stage: Stage }
  | { readonly kind: 'stages-observed'; readonly stages: readonly Stage[] }
  | { readonly kind: 'cancel-requested'; readonly cancellation: Cancellation }
  | { readonly kind: 'cancel-sent'; readonly at: number }
  | {
      readonly kind: 'concluded';
      readonly at: number;
      readonly verdict: Verdict;
      readonly diagnosis?: Diagnosis;
      readonly stages?: readonly Stage[];
    }
  | { readonly kind: 'torn-down'; readonly at: number; readonly cleanliness: Cleanliness }
  /** A later sweep removed what a teardown had left. */
  | { readonly kind: 'cleaned'; readonly at: number; readonly cleanliness: Cleanliness }
  /** The worker that held the run is gone; its leftovers are already removed. */
  | { readonly kind: 'interrupted'; readonly at: number }
  /** The bot came back and found the run still going at the far side. */
  | { readonly kind: 'reattached'; readonly at: number };

export type Transition =
  | { readonly outcome: 'changed'; readonly run: Run }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'illegal'; readonly why: string };

/** One interruption is forgiven; a second one needs a person. */
const MAX_ATTEMPTS = 2;

/**
 * The only function that decides what a fact does to a run. `rev` rises by one with every change.
 * A fact that arrives again, or too late to matter, is `unchanged`; one that must never happen is `illegal`.
 */
export function transition(run: Run, event: RunEvent): Transition {
  if (event.kind === 'cleaned') {
    return isTerminal(run.state)
      ? change(run, { cleanliness: event.cleanliness })
      : illegal(run, event);
  }
  if (isTerminal(run.state)) return { outcome: 'unchanged' };
  switch (event.kind) {
    case 'remote-intended':
      return run.state === 'queued'
        ? change(run, { remote: { ...run.remote, intentAt: event.at } })
        : illegal(run, event);
    case 'started':
      return run.state === 'queued' ? start(run, event) : illegal(run, event);
    case 'stage-changed':
      return run.state === 'queued' ? illegal(run, event) : changeStage(run, event.stage);
    case 'stages-observed':
      return run.state === 'running' ? observeStages(run, event.stages) : { outcome: 'unchanged' };
    case 'cancel-requested':
      return cancel(run, event.cancellation);
    case 'cancel-sent':
      return change(run, { remote: { ...run.remote, cancelSentAt: event.at } });
    case 'concluded':
      return conclude(run, event);
    case 'torn-down':
      return tearDown(run, event);
    case 'interrupted':
      return interrupt(run, event.at);
    case 'reattached':
      return run.state === 'running'
        ? change(run, { interruption: { at: event.at, outcome: 'reattached', ...during(run) } })
        : { outcome: 'unchanged' };
  }
}

/** The stage that is under way, if any. */
export function currentStage(run: Run): Stage | undefined {
  return run.stages.find((stage) => stage.state === 'running');
}

function start(run: Run, event: Extract<RunEvent, { kind: 'started' }>): Transition {
  return change(run, {
    state: 'running',
    startedAt: run.startedAt ?? event.at,
    stages: event.stages,
    remote: { ...run.remote, ...event.remote },
  });
}

function changeStage(run: Run, stage: Stage): Transition {
  const known = run.stages.some((other) => other.name === stage.name);
  const stages = known
    ? run.stages.map((other) => (other.name === stage.name ? stage : other))
    : [...run.stages, stage];
  return change(run, { stages });
}

function observeStages(run: Run, stages: readonly Stage[]): Transition {
  return JSON.stringify(stages) === JSON.stringify(run.stages)
    ? { outcome: 'unchanged' }
    : change(run, { stages });
}

function cancel(run: Run, cancellation: Cancellation): Transition {
  if (run.cancellation !== undefined || run.state === 'finishing') return { outcome: 'unchanged' };
  const noted = { cancellation: { ...cancellation, ...during(run) } };
  const startedFar = run.remote.intentAt !== undefined;
  if (run.state !== 'queued' || startedFar) return change(run, noted);
  return change(run, {
    ...noted,
    state: verdictOfCancellation(cancellation),
    verdict: verdictOfCancellation(cancellation),
    finishedAt: cancellation.at,
    cleanliness: run.attempt > 1 ? run.cleanliness : { state: 'not_needed' },
  });
}

/** What a stopped run is called in the end. */
export function verdictOfCancellation(cancellation: Cancellation): 'cancelled' | 'superseded' {
  return cancellation.cause === 'superseded' ? 'superseded' : 'cancelled';
}

function conclude(run: Run, event: Extract<RunEvent, { kind: 'concluded' }>): Transition {
  if (run.state === 'finishing') return { outcome: 'unchanged' };
  return change(run, {
    state: 'finishing',
    verdict: event.verdict,
    ...(event.diagnosis ? { diagnosis: event.diagnosis } : {}),
    ...(event.stages ? { stages: event.stages } : {}),
  });
}

function tearDown(run: Run, event: Extract<RunEvent, { kind: 'torn-down' }>): Transition {
  if (run.state !== 'finishing' || run.verdict === undefined) return illegal(run, event);
  return change(run, { state: run.verdict, finishedAt: event.at, cleanliness: event.cleanliness });
}

function interrupt(run: Run, at: number): Transition {
  if (run.state === 'queued') return { outcome: 'unchanged' };
  // The verdict was already known: only the teardown was cut short, and it is done by now.
  if (run.state === 'finishing') return { outcome: 'unchanged' };
  const cancelled = run.cancellation !== undefined;
  const verdict =
    run.cancellation === undefined ? 'errored' : verdictOfCancellation(run.cancellation);
  if (cancelled) return change(run, { state: 'finishing', verdict });
  if (run.attempt < MAX_ATTEMPTS) {
    return change(run, {
      state: 'queued',
      attempt: run.attempt + 1,
      stages: [],
      interruption: { at, outcome: 'requeued', ...during(run) },
    });
  }
  return change(run, {
    state: 'finishing',
    verdict,
    interruption: { at, outcome: 'gave_up', ...during(run) },
    diagnosis: {
      code: 'runner.lost',
      class: 'infrastructure',
      headline: "the bot's host went down twice during this run",
      hint: 'This says nothing about your change. Ask for a new run once the host is well.',
    },
  });
}

function during(run: Run): { during?: string } {
  const stage = currentStage(run);
  return stage === undefined ? {} : { during: stage.name };
}

function change(run: Run, fields: Partial<Run>): Transition {
  return { outcome: 'changed', run: { ...run, ...fields, rev: run.rev + 1 } };
}

function illegal(run: Run, event: RunEvent): Transition {
  return { outcome: 'illegal', why: `${event.kind} in state ${run.state}` };
}
