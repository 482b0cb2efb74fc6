import { request } from 'node:http';
import type { Recipe } from '../../domain/recipe.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Deployer } from './deployers/deployer.ts';
import { StageFailure } from './failure.ts';

const POLL_MS = 60;
const PROBE_TIMEOUT_MS = 2_000;

type Probe = { readonly status?: number; readonly problem?: string };

/**
 * Waits until the app is healthy, and stays so for `health.stableForMs`. Throws `StageFailure` as soon as a
 * service has ended, or when `timeouts.convergenceMs` is over; rejects with the signal's reason.
 */
export async function converge(options: {
  deployer: Deployer;
  recipe: Recipe;
  clock: Clock;
  signal: AbortSignal;
}): Promise<void> {
  const { deployer, recipe, clock, signal } = options;
  const startedAt = clock.now();
  let healthySince: number | undefined;
  for (;;) {
    signal.throwIfAborted();
    assertRunning(deployer);
    const probe = await probeHealth(deployer, recipe, signal);
    assertRunning(deployer);
    const now = clock.now();
    if (isHealthy(probe, recipe)) {
      healthySince ??= now;
      if (now - healthySince >= recipe.health.stableForMs) return;
    } else {
      healthySince = undefined;
      const waitedMs = now - startedAt;
      if (waitedMs >= recipe.timeouts.convergenceMs) throw notHealthy(probe, recipe, waitedMs);
    }
    await clock.sleep(POLL_MS, signal);
  }
}

/** One look, without waiting. */
export async function isAppHealthy(
  deployer: Deployer,
  recipe: Recipe,
  signal: AbortSignal,
): Promise<boolean> {
  const states = deployer.services();
  if (states.length === 0 || states.some((state) => state.ending !== undefined)) return false;
  const probe = await probeHealth(deployer, recipe, signal);
  signal.throwIfAborted();
  return isHealthy(probe, recipe);
}

function assertRunning(deployer: Deployer): void {
  for (const { service, port, ending } of deployer.services()) {
    if (ending === undefined) continue;
    throw new StageFailure(
      { kind: 'service-ended', service, port, ending },
      `${service} ${ending.words}`,
    );
  }
}

function isHealthy(probe: Probe, recipe: Recipe): boolean {
  const { http } = recipe.health;
  return http === undefined || (probe.status !== undefined && http.ok.includes(probe.status));
}

function notHealthy(probe: Probe, recipe: Recipe, waitedMs: number): StageFailure {
  const path = recipe.health.http?.path ?? '/';
  const seen = probe.status === undefined ? 'no answer' : `HTTP ${probe.status}`;
  return new StageFailure(
    { kind: 'not-healthy', path, waitedMs, ...probe },
    `not healthy after ${Math.round(waitedMs / 1000)} s: ${seen}`,
  );
}

/** The status alone counts: the body is hostile and may never end, so it is not read. */
function probeHealth(deployer: Deployer, recipe: Recipe, signal: AbortSignal): Promise<Probe> {
  const { http } = recipe.health;
  if (http === undefined) return Promise.resolve({});
  const { host, port } = deployer.endpoint(http.service);
  const stop = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
  return new Promise((resolve) => {
    const call = request(
      { host, port, path: http.path, agent: false, signal: stop, maxHeaderSize: 16_384 },
      (answer) => {
        resolve({ status: answer.statusCode ?? 0 });
        answer.on('error', () => {});
        call.destroy();
      },
    );
    call.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ problem: error.code ?? error.message }),
    );
    call.end();
  });
}
