import type { Random } from './random.ts';

type Cancel = () => void;

/**
 * Virtual time: it stands still while anything can run, and then jumps to the next thing that was planned. Which of
 * several things at the same moment comes first is decided by the seed.
 */
export type World = {
  /** ms since the epoch, by a clock that nobody can set. May have fractions. */
  now(): number;
  readonly random: Random;
  after(ms: number, action: () => void): Cancel;
  /** Advances until `isOver` says so or `untilMs` is reached; resolves with whether it was over. */
  run(untilMs: number, isOver: () => boolean): Promise<boolean>;
  /** One line of what happened; kept only when the run is traced, always part of `digest`. */
  note(line: () => string): void;
  readonly trace: readonly string[];
  readonly events: number;
};

type Planned = {
  readonly at: number;
  readonly tie: number;
  readonly action: () => void;
  off: boolean;
};

const START = Date.UTC(2026, 0, 5, 9);

export function createWorld(random: Random, options: { traced: boolean }): World {
  const queue = createQueue();
  const trace: string[] = [];
  let now = START;
  let events = 0;

  const run = (untilMs: number, isOver: () => boolean) =>
    new Promise<boolean>((resolve, reject) => {
      const end = START + untilMs;
      let rested = false;
      const step = () => {
        const next = queue.peek();
        const isDone = isOver();
        if (isDone || !next || next.at > end) {
          if (!isDone) now = Math.max(now, end);
          resolve(isDone);
          return;
        }
        if (next.at > now && !rested) {
          // Whatever still runs in this turn goes first, so that time never passes over work.
          rested = true;
          setImmediate(step);
          return;
        }
        queue.pop();
        rested = false;
        now = Math.max(now, next.at);
        try {
          if (!next.off) {
            events += 1;
            next.action();
          }
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        setImmediate(step);
      };
      setImmediate(step);
    });

  return {
    now: () => now,
    random,
    after: (ms, action) => {
      const planned: Planned = {
        at: now + Math.max(0, ms),
        tie: random.next(),
        action,
        off: false,
      };
      queue.push(planned);
      return () => {
        planned.off = true;
      };
    },
    run,
    note: (line) => {
      if (options.traced) trace.push(`${((now - START) / 1000).toFixed(3).padStart(9)}  ${line()}`);
    },
    trace,
    get events() {
      return events;
    },
  };
}

/** A binary heap by time, then by the seed's choice. */
function createQueue() {
  const heap: Planned[] = [];
  const isBefore = (a: Planned, b: Planned) => a.at < b.at || (a.at === b.at && a.tie < b.tie);
  const at = (index: number) => heap[index] as Planned;
  const swap = (a: number, b: number) => {
    const kept = at(a);
    heap[a] = at(b);
    heap[b] = kept;
  };
  return {
    peek: (): Planned | undefined => heap[0],
    push: (planned: Planned) => {
      heap.push(planned);
      let child = heap.length - 1;
      while (child > 0) {
        const parent = (child - 1) >> 1;
        if (!isBefore(at(child), at(parent))) return;
        swap(child, parent);
        child = parent;
      }
    },
    pop: () => {
      const last = heap.pop();
      if (heap.length === 0 || last === undefined) return;
      heap[0] = last;
      for (let parent = 0; ; ) {
        const left = 2 * parent + 1;
        if (left >= heap.length) return;
        const right = left + 1;
        const child = right < heap.length && isBefore(at(right), at(left)) ? right : left;
        if (!isBefore(at(child), at(parent))) return;
        swap(child, parent);
        parent = child;
      }
    },
  };
}
