import type { Clock } from '../../src/lib/clock.ts';

/** The real time plus what a test has let pass: sleepers whose time has come wake up at once. */
export type ShiftedClock = Clock & { readonly pass: (ms: number) => void };

/** Timers of the platform hold no longer delay. */
const LONGEST_MS = 2 ** 31 - 1;

export function createShiftedClock(): ShiftedClock {
  let offsetMs = 0;
  const sleepers = new Set<() => void>();
  const now = () => Date.now() + offsetMs;
  return {
    now,
    steady: now,
    pass: (ms) => {
      offsetMs += ms;
      for (const look of sleepers) look();
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const until = now() + ms;
        let timer: NodeJS.Timeout | undefined;
        const end = (settle: () => void) => {
          clearTimeout(timer);
          sleepers.delete(look);
          signal?.removeEventListener('abort', onAbort);
          settle();
        };
        const onAbort = () => end(() => reject(signal?.reason as Error));
        const look = () => {
          clearTimeout(timer);
          const left = until - now();
          if (left <= 0) end(resolve);
          else timer = setTimeout(look, Math.min(left, LONGEST_MS));
        };
        if (signal?.aborted) return reject(signal.reason as Error);
        signal?.addEventListener('abort', onAbort, { once: true });
        sleepers.add(look);
        timer = setTimeout(look, Math.min(ms, LONGEST_MS));
      }),
  };
}
