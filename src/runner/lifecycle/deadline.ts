import type { Clock } from '../../lib/clock.ts';

export type Deadline = { readonly signal: AbortSignal; readonly limitMs: number; clear(): void };

/** A signal that aborts after a time of this clock. */
export function startDeadline(clock: Clock, limitMs: number): Deadline {
  const over = new AbortController();
  const cleared = new AbortController();
  clock.sleep(limitMs, cleared.signal).then(
    () => over.abort(new Error(`no end after ${limitMs} ms`)),
    () => {},
  );
  return { signal: over.signal, limitMs, clear: () => cleared.abort() };
}
