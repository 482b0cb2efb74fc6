import type { Finding } from '../domain/finding.ts';
import type { Diagnosis, LogLine, Run, Stage, Verdict } from '../domain/run.ts';

export type RunnerCallOptions = { readonly signal?: AbortSignal; readonly guard?: () => void };

/** What the far side said about one build, translated. */
export type Observation = {
  readonly id: string;
  /** Page of the build for people. */
  readonly url: string;
  readonly state: 'queued' | 'running' | 'finished';
  /** Why it waits, when the far side tells, e.g. "waits for approval in Drone". */
  readonly waitsFor?: string;
  readonly stages: readonly Stage[];
  /** Present when finished. */
  readonly verdict?: Verdict;
  readonly diagnosis?: Diagnosis;
  readonly startedAt?: number;
  readonly finishedAt?: number;
};

/** The far side will not build this, and asking again does not help. */
export type Rejection = { readonly rejected: Diagnosis };

/**
 * A system that executes runs elsewhere: creates a build, is observed, is cancelled. None of the calls waits
 * for the build to end. All throw `RunnerError` and nothing else.
 */
export type RemoteRunner = {
  readonly kind: 'remote';
  readonly name: string;
  /** Creates the build for exactly `run.sha`. Not idempotent: call `find` first when an intent exists. */
  create(run: Run, options?: RunnerCallOptions): Promise<Observation | Rejection>;
  /** Looks for a build that carries `run.id`; undefined when there is surely none among the recent ones. */
  find(run: Run, options?: RunnerCallOptions): Promise<Observation | undefined>;
  observe(run: Run, options?: RunnerCallOptions): Promise<Observation>;
  /** Idempotent; the proof that it stopped is a later `observe`. */
  cancel(run: Run, options?: RunnerCallOptions): Promise<void>;
  /** Whole log so far of one stage, by its name in `Observation.stages`; empty when there is none yet. */
  readLog(run: Run, stage: string, options?: RunnerCallOptions): Promise<readonly LogLine[]>;
  /** Longest time between an accepted create and the moment `find` must see it, ms. */
  readonly settleMs: number;
  /** Webhook of the far side: signature check, then the run it speaks about. */
  readonly webhook?: {
    verify(
      request: { headers: Readonly<Record<string, string | undefined>>; body: Buffer },
      nowMs: number,
    ): boolean;
    /** Run id in the payload, or undefined when the build is not ours. Throws `SyntaxError` on bad JSON. */
    runIdOf(body: Buffer): string | undefined;
  };
  /**
   * Everything that could keep it from building these repositories, for `signalbox doctor`. Changes nothing; never
   * throws. Absent: there is nothing to look at.
   */
  examine?(repositories: readonly string[], options?: RunnerCallOptions): AsyncIterable<Finding>;
};

export type RunnerErrorCode =
  | 'not_found'
  | 'unauthorized'
  | 'invalid'
  | 'conflict'
  | 'unavailable'
  | 'unexpected';

export class RunnerError extends Error {
  override readonly name = 'RunnerError';
  readonly code: RunnerErrorCode;
  readonly retryable: boolean;

  constructor(code: RunnerErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.retryable = code === 'unavailable' || code === 'conflict';
  }
}
