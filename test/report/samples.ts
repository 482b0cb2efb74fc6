import type { Recipe } from '../../src/domain/recipe.ts';
import type { Run, Stage, StageState } from '../../src/domain/run.ts';
import type { RichRunMessage } from '../../src/report/fields-common.ts';

/** Values from which the mock-ups must come out. All on the day of `at`, UTC. */

export const HOUR = 3_600_000;
export const FORGE = 'https://git.example.org';
export const CI = 'https://ci.example.org';
export const REPOSITORY = `${FORGE}/o/nextcloud`;

/** `05:21` or `05:21:30` as ms. */
export function at(clock: string): number {
  return Date.parse(`2026-11-21T${clock.length === 5 ? `${clock}:00` : clock}Z`);
}

/** `2m41` as ms. */
export function ms(text: string): number {
  const [minutes = '0', seconds = '0'] = text.split('m');
  return Number(minutes) * 60_000 + Number(seconds) * 1000;
}

export const RECIPE: Recipe = {
  version: 1,
  app: 'nextcloud',
  deploy: 'process',
  env: {},
  build: [],
  services: {},
  health: { stableForMs: 1000 },
  versions: { previous: 'semver' },
  data: { backup: { pre: [], paths: [], post: [] }, restore: { pre: [], post: [] } },
  stages: { expectedNa: {}, custom: [] },
  timeouts: { convergenceMs: 1, hookMs: 1, stageMs: 1, runMs: 1, teardownMs: 1 },
  resources: { memoryBytes: 1, pids: 1, fileBytes: 1 },
};

export const RUN: Run = {
  id: '01K9ZQ8',
  number: 902,
  forge: 'acme',
  repository: 'o/nextcloud',
  pull: 17,
  commandId: 'c555',
  suite: 'testme',
  runner: 'docker-1',
  sha: '4ca7f418aa00bb11cc22dd33ee44ff5566778899',
  headRef: 'bump',
  plan: {
    kind: 'lifecycle',
    stages: ['install', 'upgrade', 'backup', 'restore', 'custom'],
    recipe: RECIPE,
    timeoutMs: HOUR,
  },
  state: 'queued',
  rev: 1,
  attempt: 1,
  queuedAt: at('05:16'),
  cleanliness: { state: 'unknown' },
  remote: {},
  stages: [],
};

export const REMOTE_RUN: Run = {
  ...RUN,
  runner: 'drone',
  plan: { kind: 'remote', params: {}, timeoutMs: HOUR },
  cleanliness: { state: 'not_needed' },
};

/** A stage that is over; the times matter only by their difference. */
export function done(name: string, took: string, more: Partial<Stage> = {}): Stage {
  const startedAt = at('05:21');
  return { name, state: 'passed', startedAt, finishedAt: startedAt + ms(took), ...more };
}

export function stage(name: string, state: StageState, more: Partial<Stage> = {}): Stage {
  return { name, state, ...more };
}

export const UPGRADE = '`3.5.3` → `3.6.0`';

export const USUAL = {
  totalMs: 14 * 60_000,
  runs: 20,
  stages: {
    install: ms('2m30'),
    upgrade: ms('3m10'),
    backup: ms('1m10'),
    restore: ms('2m20'),
    custom: ms('4m00'),
  },
};

/** A message about `RUN` with some facts changed. */
export function runMessage(
  run: Partial<Run>,
  more: Partial<Omit<RichRunMessage, 'run' | 'kind'>> = {},
): RichRunMessage {
  const whole = { ...RUN, ...run };
  return {
    kind: 'run',
    command: '!testme',
    requester: { id: '1', login: 'alice' },
    run: whole,
    links: {
      commit: `${REPOSITORY}/commit/${whole.sha.slice(0, 8)}`,
      requester: `${FORGE}/alice`,
      canceller: `${FORGE}/alice`,
      page: `${CI}/r/${whole.number}`,
      help: `${CI}/help`,
    },
    history: [],
    ...more,
  };
}
