import { createHttpClient } from '../../../src/lib/http-client.ts';
import { createDroneRunner } from '../../../src/runner/drone/index.ts';
import type { RemoteRunner } from '../../../src/runner/runner.ts';
import { type FakeDrone, type FakeDroneOptions, startFakeDrone } from '../fake-drone.ts';

export const WEBHOOK_SECRET = 'a secret of the webhook';

/** A clock whose `sleep` returns at once and takes down what was slept. */
export function tirelessClock(atMs: number): {
  now(): number;
  steady(): number;
  sleep(ms: number): Promise<void>;
  slept: number[];
  set(atMs: number): void;
  onSleep: () => void;
} {
  let now = atMs;
  const slept: number[] = [];
  const clock = {
    slept,
    onSleep: () => {},
    now: () => now,
    steady: () => now,
    set: (ms: number) => {
      now = ms;
    },
    sleep: (ms: number) => {
      slept.push(ms);
      clock.onSleep();
      return Promise.resolve();
    },
  };
  return clock;
}

export type DroneSetup = AsyncDisposable & {
  readonly drone: FakeDrone;
  readonly runner: RemoteRunner;
  readonly clock: ReturnType<typeof tirelessClock>;
  /** A runner that speaks with another token. */
  runnerOf(token: string, options?: { url?: string; publicUrl?: string }): RemoteRunner;
};

/** A fake Drone with the public `acme/app` and the private `acme/vault`, and our adapter as the writer `bot`. */
export async function setUpDrone(options: FakeDroneOptions = {}): Promise<DroneSetup> {
  const clock = tirelessClock(1_795_265_100_000);
  const drone = await startFakeDrone({ clock, ...options });
  const http = createHttpClient({ timeoutMs: 5_000 });
  drone.addRepository('acme/app');
  drone.addRepository('acme/vault', { isPrivate: true });
  const token = drone.addUser('bot', { access: { 'acme/app': 'write' } });
  const runnerOf: DroneSetup['runnerOf'] = (other, { url = drone.url, publicUrl } = {}) =>
    createDroneRunner({
      name: 'drone',
      url,
      token: other,
      webhookSecret: WEBHOOK_SECRET,
      http,
      clock,
      ...(publicUrl === undefined ? {} : { publicUrl }),
    });
  return {
    drone,
    clock,
    runner: runnerOf(token),
    runnerOf,
    [Symbol.asyncDispose]: async () => {
      await http.close();
      await drone.close();
    },
  };
}
