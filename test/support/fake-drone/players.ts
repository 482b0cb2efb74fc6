import type { Clock } from '../../../src/lib/clock.ts';
import { type BuildState, type DroneState, isOver } from './model.ts';
import { advance } from './progress.ts';
import type { Webhooks } from './webhooks.ts';

/** The runners: they play builds step by step, by hand or by themselves. */
export type Players = {
  /** One step, then its webhook. False when nothing is left to do. */
  step(build: BuildState): Promise<boolean>;
  /** From now on builds are played as they come. */
  start(stepMs: number, waiting: readonly BuildState[]): void;
  /** A runner takes the build, when one is there. */
  offer(build: BuildState): void;
  close(): Promise<void>;
};

export function createPlayers(state: DroneState, webhooks: Webhooks, clock: Clock): Players {
  const stop = new AbortController();
  const playing = new Map<BuildState, Promise<void>>();
  let pace: number | undefined;
  const step = async (build: BuildState) => {
    if (!advance(state, build)) return false;
    await webhooks.send(build, { action: 'updated' });
    return !isOver(build.status);
  };
  const play = async (build: BuildState, stepMs: number) => {
    do await clock.sleep(stepMs, stop.signal);
    while (await step(build));
  };
  const offer = (build: BuildState) => {
    if (pace === undefined || isOver(build.status) || playing.has(build)) return;
    const played = play(build, pace)
      .catch(() => {})
      .finally(() => playing.delete(build));
    playing.set(build, played);
  };
  return {
    step,
    offer,
    start: (stepMs, waiting) => {
      pace = stepMs;
      waiting.forEach(offer);
    },
    close: async () => {
      stop.abort(new Error('the fake Drone is closed'));
      await Promise.all(playing.values());
    },
  };
}
