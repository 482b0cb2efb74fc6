import { decodeTime, isValid, monotonicFactory } from 'ulid';

/** Makes ids that sort by time. `random` gives numbers in [0, 1). */
export function createIds(now: () => number, random: () => number = Math.random): () => string {
  const next = monotonicFactory(random);
  return () => next(now());
}

/** When an id was made, ms since the epoch; undefined when it is none of ours. */
export function timeOfId(id: string): number | undefined {
  return isValid(id) ? decodeTime(id) : undefined;
}
