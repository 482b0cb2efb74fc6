import type { Ending } from '../../../domain/diagnosis.ts';
import type { Line } from '../../../domain/recipe.ts';
import type { Residual } from '../../../domain/run.ts';

/** One checked out version of the app. */
export type Version = {
  /** For people: the tag, or the first seven digits of the commit. */
  readonly label: string;
  readonly sha: string;
  readonly directory: string;
};

export type Step = {
  readonly argv: Line;
  readonly version: Version;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

type ServiceState = {
  readonly service: string;
  readonly port: number;
  /** Absent while it runs. */
  readonly ending?: Ending;
};

type Destroyed = {
  /** How many of each kind were removed, e.g. `{ processes: 3 }`. */
  readonly removed: Readonly<Record<string, number>>;
};

/**
 * Brings one app up and takes it away. Its data stays from one version to the next until `destroy`. Calls that
 * take a signal reject with the signal's reason once nothing of the call is running any more.
 */
export type Deployer = {
  readonly kind: string;
  /** Starts all services of a version in their order; does not wait until they are healthy. */
  start(version: Version, signal: AbortSignal): Promise<void>;
  services(): readonly ServiceState[];
  /** Stops all services in reverse order, each with its grace, and proves that none of them is left. */
  stop(signal: AbortSignal): Promise<void>;
  /** Runs one command beside the app: a build, a hook, a test. It never outlives this call. */
  run(step: Step): Promise<Ending>;
  /** Where the health check of a service connects to. */
  endpoint(service: string): { readonly host: string; readonly port: number };
  /** What still runs from another version, one sentence each; empty proves the identity of `version`. */
  strangers(version: Version): readonly { readonly service: string; readonly problem: string }[];
  /** Packs the declared paths; the listing names the files in the archive. */
  archive(
    paths: readonly string[],
    step: Omit<Step, 'argv'>,
  ): Promise<{ readonly ending: Ending; readonly listing: readonly string[] }>;
  /** Replaces the declared paths by what the archive holds. The app must be stopped. */
  unarchive(paths: readonly string[], step: Omit<Step, 'argv'>): Promise<Ending>;
  /** What runs right now, for the artifacts. */
  snapshot(): readonly string[];
  /** Ends and removes everything; has its own budget. */
  destroy(budgetMs: number): Promise<Destroyed>;
  /** One look at what is left. */
  residuals(): Promise<readonly Residual[]>;
};
