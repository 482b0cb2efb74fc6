import type { Clock } from '../../lib/clock.ts';
import type { LogStore } from '../../lib/log-store.ts';
import type { Mask } from '../../lib/redact.ts';
import type { OutputLimits } from './output.ts';

export type LifecycleOptions = {
  readonly name: string;
  /** Runs at the same time on this host. */
  readonly slots: number;
  /** Holds the workspaces and nothing else. As root: every directory above must let others pass. */
  readonly directory: string;
  /** Id of this installation: what carries another one is never touched. */
  readonly installation: string;
  readonly logs: LogStore;
  readonly clock: Clock;
  readonly mask: Mask;
  /** First of 100 user ids that only runs use; only as root. Default 61000. */
  readonly uidBase?: number;
  /** Put first in the children's PATH. */
  readonly path?: string;
  /** Allowed in clone addresses. Default http and https. */
  readonly protocols?: readonly string[];
  readonly limits?: Partial<LifecycleLimits>;
};

type LifecycleLimits = {
  /** How long nothing must be seen until it counts as gone, ms. */
  readonly quietMs: number;
  /** Between SIGTERM and SIGKILL where the recipe names no grace, ms. */
  readonly killGraceMs: number;
  /** Of one command or service. */
  readonly output: OutputLimits;
};

export type Settings = Omit<LifecycleOptions, 'limits'> &
  Required<Pick<LifecycleOptions, 'uidBase' | 'protocols'>> & { readonly limits: LifecycleLimits };

const DEFAULT_LIMITS: LifecycleLimits = {
  quietMs: 250,
  killGraceMs: 500,
  output: { bytes: 4 * 1024 * 1024, lines: 20_000 },
};

export function completeOptions(options: LifecycleOptions): Settings {
  return {
    uidBase: 61_000,
    protocols: ['http', 'https'],
    ...options,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  };
}
