import { setTimeout as delay } from 'node:timers/promises';

/** Time as a value, so that tests and the simulation own it. */
export type Clock = {
  /** ms since the epoch */
  readonly now: () => number;
  /** ms since some moment, by a clock that nobody can set: how long something took, while this process ran. */
  readonly steady: () => number;
  /** Rejects with the signal's reason when it is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal ? { signal } : {});
  },
};
