import type { Verdict } from '../../src/domain/run.ts';
import type { RichRunMessage } from '../../src/report/fields-common.ts';
import type { Message } from '../../src/report/message.ts';
import {
  at,
  CI,
  done,
  FORGE,
  ms,
  REPOSITORY,
  RUN,
  runMessage,
  stage,
  UPGRADE,
  USUAL,
} from './samples.ts';

const HISTORY: readonly Verdict[] = [
  'passed',
  'passed',
  'passed',
  'failed',
  ...Array.from({ length: 6 }, () => 'passed' as const),
];
const SUCCESSOR = '9d01be2a00000000000000000000000000000000';
const CLEAN = {
  state: 'clean',
  at: at('05:30'),
  removed: { service: 4, volume: 3, secret: 2 },
} as const;
const INSTALLED = done('install', '2m41');
const UPGRADED = done('upgrade', '3m05', { detail: UPGRADE });
const BACKING_UP = stage('backup', 'running', { startedAt: at('05:27') });

const failed = runMessage(
  {
    state: 'failed',
    verdict: 'failed',
    startedAt: at('05:21'),
    finishedAt: at('05:30:04'),
    cleanliness: CLEAN,
    stages: [
      INSTALLED,
      stage('upgrade', 'failed', {
        startedAt: 0,
        finishedAt: ms('4m02'),
        detail: UPGRADE,
        tests: { passed: 2, failed: 1, skipped: 0 },
      }),
      ...['backup', 'restore', 'custom'].map((name) =>
        stage(name, 'skipped', { reason: 'upgrade failed' }),
      ),
      done('teardown', '0m21'),
    ],
    diagnosis: {
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
      evidence: {
        total: 2341,
        lines: [
          [2311, 'upgrade', 'docker stack services next-3fa9c1: 4/4 converged'],
          [2312, 'upgrade', 'GET /status.php → 200 (installed: true)'],
          [2318, 'upgrade', 'FAILED test_upgrade.py::test_data_survives'],
          [
            2319,
            'upgrade',
            'E  psycopg.errors.UndefinedTable: relation "ci_marker" does not exist',
          ],
          [2320, 'upgrade', '1 failed, 2 passed in 11.42s'],
          [2341, 'run', 'exit 1'],
        ].map(([n, name, text]) => ({
          n: Number(n),
          at: 0,
          stage: String(name),
          text: String(text),
        })),
      },
    },
  },
  {
    history: HISTORY,
    more: {
      advice: `${CI}/help/failures#data-survival`,
      rerunsOnPush: true,
      historyOf: 'main',
      flake: { failed: 1, of: 20 },
      actions: [
        { name: 'retry-failed', label: 'Run the failed stage again' },
        { name: 'keep-2h', label: 'Run it again and keep the environment 2 h for debugging' },
      ],
    },
  },
);

const running = {
  state: 'running',
  startedAt: at('05:21'),
  stages: [
    INSTALLED,
    UPGRADED,
    BACKING_UP,
    stage('restore', 'pending'),
    stage('custom', 'pending'),
  ],
} as const;

const passed = {
  state: 'passed',
  verdict: 'passed',
  startedAt: at('05:21'),
  finishedAt: at('05:34:52'),
} as const;

/** File of the mock-up → the message it must come out of. Read in the order of a run's life. */
export const MOCK_UPS: Readonly<Record<string, Message | RichRunMessage>> = {
  '01-queued': runMessage(
    {},
    {
      usual: USUAL,
      queue: {
        runner: 'docker-1',
        ahead: [{ number: 901, repository: 'o/discourse', url: `${CI}/r/901`, leftMs: 6 * 60_000 }],
        startsAt: at('05:21'),
      },
    },
  ),
  '02-running': runMessage(
    {
      ...running,
      stages: running.stages.map((one) =>
        one.name === 'custom' ? { ...one, detail: '(12 tests)' } : one,
      ),
    },
    { usual: USUAL },
  ),
  '03-failed': failed,
  '04-passed': runMessage(
    {
      ...passed,
      cleanliness: CLEAN,
      stages: [
        { ...INSTALLED, tests: { passed: 10, failed: 0, skipped: 0 } },
        { ...UPGRADED, tests: { passed: 19, failed: 0, skipped: 0 } },
        done('backup', '1m12'),
        done('restore', '2m25'),
        done('custom', '4m08', { tests: { passed: 12, failed: 0, skipped: 0 } }),
        done('teardown', '0m21'),
        done('verify', '0m02'),
      ],
    },
    { usual: USUAL, history: HISTORY, more: { historyOf: 'main' } },
  ),
  '05-cancelled': runMessage({
    state: 'cancelled',
    verdict: 'cancelled',
    startedAt: at('05:21'),
    finishedAt: at('05:30'),
    cleanliness: {
      state: 'clean',
      at: at('05:30'),
      removed: { service: 4, volume: 3, network: 2 },
    },
    cancellation: {
      at: at('05:29'),
      by: 'alice',
      cause: 'cancel',
      url: `${REPOSITORY}/pulls/17#issuecomment-555`,
      during: 'backup',
    },
  }),
  '06-superseded': runMessage(
    {
      number: 905,
      sha: SUCCESSOR,
      state: 'running',
      startedAt: at('05:33'),
      stages: [
        stage('install', 'running', { startedAt: at('05:33') }),
        ...['upgrade', 'backup', 'restore', 'custom'].map((name) => stage(name, 'pending')),
      ],
    },
    {
      usual: { ...USUAL, stages: { ...USUAL.stages, custom: ms('4m20') } },
      more: {
        earlier: [
          {
            run: {
              ...RUN,
              state: 'superseded',
              cleanliness: CLEAN,
              cancellation: {
                at: 0,
                by: 'bob',
                cause: 'superseded',
                during: 'upgrade',
                sha: SUCCESSOR,
              },
            },
            commitUrl: `${REPOSITORY}/commit/4ca7f418`,
            url: `${CI}/r/902`,
          },
          {
            run: {
              ...RUN,
              number: 897,
              sha: '1b22d10f00000000000000000000000000000000',
              state: 'failed',
              cleanliness: CLEAN,
              stages: [stage('install', 'failed')],
            },
            commitUrl: `${REPOSITORY}/commit/1b22d10f`,
            url: `${CI}/r/897`,
          },
        ],
      },
    },
  ),
  '06b-superseded-old': {
    kind: 'superseded',
    run: { ...RUN, cancellation: { at: 0, by: 'bob', cause: 'superseded', during: 'upgrade' } },
    by: {
      sha: SUCCESSOR,
      commitUrl: `${REPOSITORY}/commit/9d01be2a`,
      commentUrl: `${REPOSITORY}/pulls/17#issuecomment-640`,
      cause: 'push',
    },
  },
  '07-dirty': runMessage(
    {
      ...passed,
      cleanliness: {
        state: 'dirty',
        at: at('05:35'),
        residuals: [
          { kind: 'container', name: 'next-3fa9c1_db.1', reason: 'did not stop within 600 s' },
          { kind: 'volume', name: 'next-3fa9c1_data', reason: 'in use by the container above' },
          {
            kind: 'secret',
            name: 'next-3fa9c1_db_pw',
            reason: 'referenced by service `next-3fa9c1_db`',
          },
        ],
      },
    },
    {
      more: {
        cleanup: {
          nextTry: { at: at('05:41'), nth: 2, of: 12 },
          canForce: true,
          byHand: [
            'docker rm -f $(docker ps -aq --filter label=signalbox.run=01K9ZQ8)',
            'docker volume rm next-3fa9c1_data',
            'docker secret rm next-3fa9c1_db_pw',
            'signalbox cleanup 902 --verify',
          ],
        },
      },
    },
  ),
  '08-denied': {
    kind: 'denied',
    command: '/redeploy production',
    account: { id: '2', login: 'bob' },
    accountUrl: `${FORGE}/bob`,
    required: 'maintain',
    present: 'write',
    rule: {
      file: '.signalbox.yml',
      line: 22,
      url: `${REPOSITORY}/src/branch/main/.signalbox.yml#L22`,
    },
  },
  '08b-approval': {
    kind: 'approval',
    sha: '4ca7f41',
    changesUrl: `${REPOSITORY}/pulls/17/files`,
    source: 'fork',
  },
  '09-unknown': {
    kind: 'not_understood',
    problems: [{ line: '!tesme', problem: "I don't know `!tesme`", suggestion: '!testme' }],
  },
  '10-restart': runMessage(
    { ...running, interruption: { at: at('05:31'), during: 'backup', outcome: 'reattached' } },
    { usual: { ...USUAL, totalMs: 15 * 60_000 }, more: { awayMs: 40_000 } },
  ),
  '10b-interrupted': runMessage(
    {
      number: 906,
      attempt: 2,
      interruption: { at: at('05:34'), during: 'backup', outcome: 'requeued' },
    },
    { usual: USUAL },
  ),
  '11-config': {
    kind: 'config',
    file: '.signalbox.yml',
    sha: RUN.sha,
    commitUrl: `${REPOSITORY}/commit/4ca7f418`,
    branch: 'main',
    blocking: false,
    referenceUrl: `${CI}/help/config`,
    problems: [
      {
        line: 6,
        column: 23,
        url: `${REPOSITORY}/src/commit/4ca7f418/.signalbox.yml#L6`,
        path: 'commands.testme.stages[1]',
        message: 'unknown stage `upgrde`',
        suggestion: 'upgrade',
        source: '    stages: [install, upgrde, backup]',
        length: 6,
      },
      {
        line: 9,
        column: 5,
        url: `${REPOSITORY}/src/commit/4ca7f418/.signalbox.yml#L9`,
        path: 'commands.cancel',
        message: 'unknown key `alow`',
        suggestion: 'allow',
        source: '    alow: [maintain]',
        length: 4,
      },
    ],
  },
  '12-ping': {
    kind: 'ping',
    login: 'alice',
    run: failed.run,
    commentUrl: `${REPOSITORY}/pulls/17#issuecomment-555`,
  },
};
