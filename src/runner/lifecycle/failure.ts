import type { FailureFact } from '../../domain/diagnosis.ts';
import type { Stage } from '../../domain/run.ts';

/** Ends a stage with a known outcome: not a bug of ours, and not an interruption. */
export class StageFailure extends Error {
  override readonly name = 'StageFailure';
  readonly fact: FailureFact;
  readonly tests: Stage['tests'];

  /** `reason` is one short sentence without a full stop, shown beside the stage. */
  constructor(fact: FailureFact, reason: string, tests?: Stage['tests']) {
    super(reason);
    this.fact = fact;
    this.tests = tests;
  }
}

/** The worker stops before the run has a verdict. All of it on this host is removed; another may take it up. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Why an execution's signal was aborted. */
export type StopReason = { readonly kind: 'cancelled' | 'shutdown' | 'lease-lost' };

/** The stop reason of an aborted signal; anything unknown counts as a shutdown, which decides nothing. */
export function stopReason(signal: AbortSignal): StopReason | undefined {
  if (!signal.aborted) return undefined;
  const reason = signal.reason as { kind?: unknown } | undefined;
  const kind = reason?.kind;
  return kind === 'cancelled' || kind === 'lease-lost' ? { kind } : { kind: 'shutdown' };
}
