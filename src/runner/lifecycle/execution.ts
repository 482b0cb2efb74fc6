import type { Residual, Run } from '../../domain/run.ts';
import type { RunEvent } from '../../domain/run-machine.ts';

export type Execution = {
  /** With a plan of kind `lifecycle`. */
  readonly run: Run;
  readonly source: {
    readonly cloneUrl: string;
    readonly gitEnvironment: Readonly<Record<string, string>>;
  };
  /** Applies one fact to the ledger; throws when our lease is lost. */
  record(event: RunEvent): Promise<Run>;
  /** Aborted with a `StopReason` of `failure.ts` when the run must stop. */
  readonly signal: AbortSignal;
};

export type Swept = {
  readonly runId: string;
  readonly removed: Readonly<Record<string, number>>;
  readonly residuals: readonly Residual[];
};
