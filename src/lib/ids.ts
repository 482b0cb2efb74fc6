import { monotonicFactory } from 'ulid';

/** Makes ids that sort by time. `random` gives numbers in [0, 1). */
export function createIds(now: () => number, random: () => number = Math.random): () => string {
  const next = monotonicFactory(random);
  return () => next(now());
}
