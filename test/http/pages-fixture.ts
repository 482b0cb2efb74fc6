import { Readable } from 'node:stream';
import type { Diagnosis, Run, Stage } from '../../src/domain/run.ts';
import type { DeliveryRow, PagesSource, RunRow } from '../../src/http/pages/source.ts';
import type { StoredLine } from '../../src/lib/log-store.ts';

/** 2026-11-21 05:16:30 UTC */
export const T0 = Date.UTC(2026, 10, 21, 5, 16, 30);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export function stage(name: string, state: Stage['state'], more: Partial<Stage> = {}): Stage {
  return { name, state, ...more };
}

export function run(number: number, more: Partial<RunRow> = {}): RunRow {
  return {
    id: `run-${number}`,
    number,
    forge: 'acme',
    repository: 'o/nextcloud',
    pull: 17,
    commandId: `command-${number}`,
    suite: 'testme',
    runner: 'docker-1',
    sha: '4ca7f418b0c9d8e7f6a5b4c3d2e1f00112233445',
    headRef: 'bump-3.6',
    plan: { kind: 'remote', params: { RECIPE: 'nextcloud' }, timeoutMs: 30 * MINUTE },
    state: 'queued',
    rev: 1,
    attempt: 1,
    queuedAt: T0,
    cleanliness: { state: 'unknown' },
    remote: {},
    stages: [],
    requester: { id: '7', login: 'alice' },
    commandText: '!testme',
    pullTitle: 'Bump to 3.6.0',
    ...more,
  };
}

const usual = {
  totalMs: 14 * MINUTE,
  stages: { install: 150 * SECOND, upgrade: 190 * SECOND, backup: 70 * SECOND },
};
const INSTALL = T0 + 310 * SECOND;
const UPGRADE = INSTALL + 161 * SECOND;
const AFTER = UPGRADE + 242 * SECOND;
const END = AFTER + 21 * SECOND;
const installed = stage('install', 'passed', { startedAt: INSTALL, finishedAt: UPGRADE });

const lostData: Diagnosis = {
  code: 'upgrade.data_survival',
  class: 'change',
  headline: 'data did not survive the upgrade',
  hint: 'The marker row written before the upgrade was gone after it. Most often a volume is missing from the backup labels, or no restore hook replays the dump.',
  failedTests: [
    {
      name: 'test_upgrade.py::test_data_survives',
      message: 'relation "ci_marker" does not exist',
    },
  ],
};

/** One run for each thing that a page can show. */
export const RUNS = {
  queued: run(901),
  running: run(905, {
    state: 'running',
    startedAt: INSTALL,
    usual,
    stages: [
      installed,
      stage('upgrade', 'running', { startedAt: UPGRADE }),
      stage('backup', 'pending'),
      stage('restore', 'pending'),
    ],
  }),
  failed: run(902, {
    state: 'failed',
    verdict: 'failed',
    startedAt: INSTALL,
    finishedAt: END,
    usual,
    diagnosis: lostData,
    cleanliness: { state: 'clean', at: END, removed: { service: 4, volume: 3, network: 2 } },
    stages: [
      installed,
      stage('upgrade', 'failed', {
        startedAt: UPGRADE,
        finishedAt: AFTER,
        reason: '1 of 3 tests failed',
        tests: { passed: 2, failed: 1, skipped: 0 },
      }),
      stage('backup', 'skipped', { reason: 'upgrade failed' }),
      stage('restore', 'skipped', { reason: 'upgrade failed' }),
      stage('custom', 'skipped', { reason: 'upgrade failed' }),
      stage('teardown', 'passed', { startedAt: AFTER, finishedAt: END }),
    ],
  }),
  passed: run(903, { ...shortStages(), state: 'passed', verdict: 'passed', runner: 'local' }),
  dirty: run(904, {
    ...shortStages(),
    state: 'passed',
    verdict: 'passed',
    cleanliness: {
      state: 'dirty',
      at: T0 + 9 * SECOND,
      residuals: [
        { kind: 'process', name: 'node server.js (4711)', reason: 'did not stop within 10 s' },
        { kind: 'directory', name: 'shop-904', reason: 'in use by the process above' },
      ],
    },
  }),
  cancelled: run(906, {
    state: 'cancelled',
    verdict: 'cancelled',
    startedAt: INSTALL,
    finishedAt: UPGRADE + MINUTE,
    cleanliness: { state: 'clean', at: UPGRADE + MINUTE, removed: { service: 4 } },
    cancellation: {
      at: UPGRADE + 50 * SECOND,
      by: 'bob',
      cause: 'cancel',
      during: 'upgrade',
      url: 'https://git.example.org/o/nextcloud/pulls/17#issuecomment-9',
    },
    stages: [
      installed,
      stage('upgrade', 'cancelled', { startedAt: UPGRADE, finishedAt: UPGRADE + 50 * SECOND }),
    ],
  }),
  errored: run(907, {
    state: 'errored',
    verdict: 'errored',
    startedAt: INSTALL,
    finishedAt: UPGRADE,
    cleanliness: { state: 'not_needed' },
    interruption: { at: INSTALL + MINUTE, outcome: 'requeued', during: 'install' },
    attempt: 2,
    diagnosis: {
      code: 'drone.unreachable',
      class: 'infrastructure',
      headline: 'Drone did not answer',
      hint: 'It was asked for ten minutes. Ask for a new run once it is well.',
    },
  }),
} as const satisfies Record<string, RunRow>;

/** All nine stages of a lifecycle run within nine seconds: the hardest case for labels. */
function shortStages(): Partial<Run> {
  const names = [
    ['prepare', 300],
    ['install', 1_900],
    ['upgrade', 2_400],
    ['backup', 120],
    ['restore', 900],
    ['custom', 2_100],
    ['capture', 40],
    ['teardown', 220],
    ['verify', 410],
  ] as const;
  let at = T0 + 150;
  const stages = names.map(([name, took]) => {
    const startedAt = at;
    at += took;
    return stage(name, 'passed', { startedAt, finishedAt: at });
  });
  const clean = { state: 'clean', at, removed: { process: 3, directory: 1 } } as const;
  return { startedAt: T0 + 150, finishedAt: at, stages, cleanliness: clean };
}

export const DELIVERIES: readonly DeliveryRow[] = [
  {
    id: '01K9ZQ8C',
    at: T0,
    forge: 'acme',
    event: 'issue_comment',
    source: 'webhook',
    outcome: 'accepted',
    commands: ['!testme smoke'],
  },
  {
    id: '01K9ZQ8B',
    at: T0 - MINUTE,
    forge: 'acme',
    event: 'issue_comment',
    source: 'catch-up',
    outcome: 'ignored',
    reason: { code: 'bot_author', explanation: 'another bot wrote it' },
    commands: [],
  },
  {
    id: '01K9ZQ8A',
    at: T0 - 2 * MINUTE,
    forge: 'acme',
    event: 'issue_comment',
    source: 'webhook',
    outcome: 'failed',
    reason: { code: 'forge_unavailable', explanation: 'the forge did not answer' },
    commands: ['!testme'],
  },
];

export function line(n: number, text: string, stageName = 'install'): StoredLine {
  return { n, at: T0 + 310 * SECOND + n * 113, stage: stageName, text };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export type MemorySource = Writable<PagesSource> & {
  readonly runs: Map<number, RunRow>;
  readonly logs: Map<string, StoredLine[]>;
  readonly calls: { readLog: number; findRun: number };
};

/** A source that holds everything in memory and counts how often it is asked. */
export function createMemorySource(rows: readonly RunRow[] = Object.values(RUNS)): MemorySource {
  const runs = new Map(rows.map((row) => [row.number, row]));
  const logs = new Map<string, StoredLine[]>();
  const calls = { readLog: 0, findRun: 0 };
  const files = new Map([['junit.xml', '<script>alert(1)</script>']]);
  const isDirty = (row: RunRow) => row.cleanliness.state === 'dirty' || row.state === 'errored';
  return {
    runs,
    logs,
    calls,
    listRuns: async ({ state, repository, before = Infinity, limit }) =>
      [...runs.values()]
        .filter((row) => (state === 'attention' ? isDirty(row) : !state || row.state === state))
        .filter((row) => !repository || row.repository === repository)
        .filter((row) => row.number < before)
        .sort((a, b) => b.number - a.number)
        .slice(0, limit),
    findRun: async (number) => {
      calls.findRun += 1;
      return runs.get(number);
    },
    listDeliveries: async ({ before = '~', limit }) =>
      DELIVERIES.filter(({ id }) => id < before).slice(0, limit),
    readLog: async (id, after, limit) => {
      calls.readLog += 1;
      return (logs.get(id) ?? []).filter(({ n }) => n > after).slice(0, limit);
    },
    countLog: async (id) => logs.get(id)?.length ?? 0,
    listArtifacts: async () => [...files].map(([name, text]) => ({ name, bytes: text.length })),
    openArtifact: async (_id, name) => {
      const text = files.get(name);
      return text === undefined ? undefined : Readable.from([text]);
    },
    links: (row) => ({
      commit: `https://git.example.org/${row.repository}/commit/${row.sha}`,
      pull: `https://git.example.org/${row.repository}/pulls/${row.pull}`,
      requester: `https://git.example.org/${row.requester.login}`,
    }),
  };
}

export const HELP = [
  {
    id: 'commands',
    title: 'Commands',
    text: 'Every command stands at the start of a line.\n\n!testme [suite…]\truns the suites on the pinned head\twrite\n/cancel [run]\tstops it, tears it down, proves it\trequester or write',
  },
  {
    id: 'upgrade.data_survival',
    title: 'Data did not survive the upgrade',
    text: 'Check that every volume is in the backup.',
  },
] as const;

/** The log of the failed run of the reference page. */
export function fillLog(source: MemorySource): void {
  source.logs.set('run-902', [
    line(1, 'docker stack services next-3fa9c1: 4/4 converged'),
    line(2, 'GET /status.php → 200 (installed: true)'),
    line(3, 'test_upgrade.py::test_version PASSED', 'upgrade'),
    line(4, 'test_upgrade.py::test_data_survives FAILED', 'upgrade'),
    line(5, 'E  psycopg.errors.UndefinedTable: relation "ci_marker" does not exist', 'upgrade'),
    line(6, '1 failed, 2 passed in 11.42s', 'upgrade'),
    line(7, 'nothing left', 'teardown'),
  ]);
  source.logs.set(
    'run-905',
    Array.from({ length: 700 }, (_, i) => line(i + 1, `step ${i + 1} is done`)),
  );
}
