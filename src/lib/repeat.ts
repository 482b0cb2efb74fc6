import type { Clock } from './clock.ts';

export type Repeater = { stop(): Promise<void> };

/** Runs `action` again and again with `everyMs` between the end of one and the start of the next. */
export function repeat(
  options: { clock: Clock; everyMs: number; onError: (error: unknown) => void },
  action: (signal: AbortSignal) => Promise<unknown>,
): Repeater {
  const stopping = new AbortController();
  const loop = async () => {
    while (!stopping.signal.aborted) {
      try {
        await options.clock.sleep(options.everyMs, stopping.signal);
      } catch {
        return;
      }
      await action(stopping.signal).catch(options.onError);
    }
  };
  const running = loop();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
