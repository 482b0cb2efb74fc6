import type { Clock } from '../../lib/clock.ts';
import type { Faults } from './faults.ts';
import type { Git } from './git.ts';
import type { Tongue } from './tongue.ts';
import type { Webhooks } from './webhooks.ts';
import type { World } from './world.ts';

/** What every part of the playground works with. */
export type Context = {
  readonly world: World;
  readonly git: Git;
  /** Which forge it is seen as. */
  readonly tongue: Tongue;
  readonly clock: Clock;
  /** Public address, no trailing slash. */
  readonly url: string;
  /** Where bare repositories live. */
  readonly directory: string;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  /** Address of the Signalbox beside it, for links in the pages. */
  readonly signalboxUrl: string | undefined;
  /** For all that moves git refs: one after the other. Not to be nested. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
};
