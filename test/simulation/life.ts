import type { Clock } from '../../src/lib/clock.ts';
import type { World } from './world.ts';

/** Where a planned crash strikes: between any two awaits, or at one of the places where it hurts most. */
export type Doom = { readonly at: 'query' | 'commit' | 'effect'; left: number };

/**
 * One process of the product, from boot to its end. Everything that it awaits comes back through here, so that a
 * crash is complete: what was awaited never comes back. A paused life gets it all later, as after SIGSTOP.
 */
export type Life = {
  readonly name: string;
  readonly owner: string;
  readonly clock: Clock;
  isAlive(): boolean;
  /** Like `World.after`, for this life only: later when it is paused, never once it is dead. */
  after(ms: number, action: () => void): () => void;
  /** Resolves when the life may go on; never when it is dead. `ms`: how long the thing itself takes. */
  pass(ms?: number): Promise<void>;
  kill(): void;
  pause(ms: number): void;
  isPaused(): boolean;
  /** A crash that strikes when the life next gets there. */
  plan(doom: Doom): void;
  /** Called at each place of `Doom`; true when the life ended there. */
  reach(place: Doom['at']): boolean;
  readonly onDeath: (() => void)[];
};

export function createLife(
  world: World,
  options: { name: string; owner: string; wall: () => number },
): Life {
  const { name, owner } = options;
  const onDeath: (() => void)[] = [];
  let alive = true;
  let pausedUntil = 0;
  let doom: Doom | undefined;

  const after = (ms: number, action: () => void) => {
    let cancelled = false;
    let off = () => {};
    const fire = () => {
      if (!alive || cancelled) return;
      if (world.now() < pausedUntil) off = world.after(pausedUntil - world.now(), fire);
      else action();
    };
    off = world.after(ms, fire);
    return () => {
      cancelled = true;
      off();
    };
  };
  const kill = () => {
    if (!alive) return;
    alive = false;
    world.note(() => `${name} DIES`);
    for (const action of onDeath) action();
  };
  const sleep: Clock['sleep'] = (ms, signal) =>
    new Promise((resolve, reject) => {
      if (!alive) return;
      const abort = () => {
        off();
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const off = after(Math.max(1, ms), () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });

  return {
    name,
    owner,
    clock: { now: () => Math.floor(options.wall()), steady: () => world.now(), sleep },
    isAlive: () => alive,
    after,
    pass: (ms = 0) =>
      new Promise((resolve) => {
        if (!alive) return;
        if (ms === 0 && world.now() >= pausedUntil) resolve();
        else after(ms, resolve);
      }),
    kill,
    pause: (ms) => {
      pausedUntil = world.now() + ms;
      world.note(() => `${name} is stopped for ${Math.round(ms)} ms`);
    },
    isPaused: () => world.now() < pausedUntil,
    plan: (next) => {
      doom = next;
    },
    reach: (place) => {
      if (doom?.at !== place) return false;
      doom.left -= 1;
      if (doom.left > 0) return false;
      kill();
      return true;
    },
    onDeath,
  };
}
