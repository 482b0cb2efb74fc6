import type { RichRunMessage } from '../../src/report/fields-common.ts';
import type { Message } from '../../src/report/message.ts';
import {
  at,
  CI,
  done,
  FORGE,
  REMOTE_RUN,
  REPOSITORY,
  RUN,
  runMessage,
  stage,
  USUAL,
} from './samples.ts';

/** What the mock-ups do not show: one realistic message for every other thing a comment can say. */

const BUILD = 'https://drone.example.org/o/nextcloud/118';
const STARTED = { startedAt: at('05:21') };
const OVER = { ...STARTED, finishedAt: at('05:24:10') };
const CLEAN = { state: 'clean', at: at('05:24'), removed: { process: 3, file: 41 } } as const;
const COMMENT = `${REPOSITORY}/pulls/17#issuecomment-555`;

const steps = (...names: readonly string[]) => names.map((name) => done(name, '0m09'));

const remote = (run: Parameters<typeof runMessage>[0]): RichRunMessage =>
  linked(runMessage({ ...REMOTE_RUN, ...run }, { history: ['passed', 'failed', 'passed'] }));

function linked(message: RichRunMessage): RichRunMessage {
  return { ...message, links: { ...message.links, remote: BUILD } };
}

const failedSmoke = runMessage(
  {
    ...OVER,
    number: 908,
    suite: 'smoke',
    state: 'failed',
    verdict: 'failed',
    cleanliness: CLEAN,
    stages: [
      done('install', '0m20'),
      stage('custom', 'failed', { startedAt: 0, finishedAt: 4_000, reason: 'exit 1' }),
    ],
    diagnosis: {
      code: 'custom.failed',
      class: 'change',
      headline: 'the checkout page answers 500',
      hint: 'The test `checkout` got 500 from `/checkout`. Look at the trace in the log.',
      evidence: {
        total: 2,
        lines: [{ n: 1, at: 0, stage: 'custom', text: 'TypeError: x is not a function' }],
      },
    },
  },
  { command: '!testme smoke' },
);

const passedRemote = remote({
  ...OVER,
  state: 'passed',
  verdict: 'passed',
  stages: steps('clone', 'build', 'test'),
});

export const GALLERY: Readonly<Record<string, Message | RichRunMessage>> = {
  'queued-free-slot': runMessage({}, { queue: { runner: 'local', ahead: [] } }),
  'queued-bare': runMessage({ ...REMOTE_RUN }),
  'queued-remote-waits': runMessage(
    { ...REMOTE_RUN },
    { queue: { runner: 'drone', ahead: [], waitsFor: 'waits for approval in Drone' } },
  ),
  'running-remote-no-steps': remote({ ...STARTED, state: 'running' }),
  'running-remote-many-steps': remote({
    ...STARTED,
    state: 'running',
    stages: [
      ...steps('clone', 'restore-cache', 'install', 'lint', 'typecheck', 'unit', 'build'),
      stage('integration | slow', 'running', { startedAt: at('05:24') }),
      ...['docs', 'publish', 'notify'].map((name) => stage(name, 'pending')),
    ],
  }),
  'running-prepare': runMessage(
    {
      ...STARTED,
      state: 'running',
      stages: [
        stage('prepare', 'running', STARTED),
        ...['install', 'upgrade', 'backup', 'restore', 'custom'].map((name) =>
          stage(name, 'pending'),
        ),
      ],
    },
    { usual: USUAL },
  ),
  'running-second-try': runMessage({
    ...STARTED,
    state: 'running',
    attempt: 2,
    stages: [stage('install', 'running', { startedAt: at('05:31') }), stage('upgrade', 'pending')],
    interruption: { at: at('05:30'), during: 'upgrade', outcome: 'requeued' },
  }),
  cancelling: runMessage({
    ...STARTED,
    state: 'running',
    stages: [done('install', '0m20'), stage('upgrade', 'running', { startedAt: at('05:22') })],
    cancellation: { at: 0, by: 'alice', cause: 'cancel', url: COMMENT, during: 'upgrade' },
  }),
  'cleaning-up': runMessage({
    ...STARTED,
    state: 'finishing',
    verdict: 'failed',
    stages: [
      done('install', '0m20'),
      stage('upgrade', 'failed', {
        startedAt: 0,
        finishedAt: 4_000,
        reason: 'did not become healthy in 60 s',
      }),
      stage('backup', 'skipped', { reason: 'upgrade failed' }),
      stage('teardown', 'running', { startedAt: at('05:23') }),
    ],
  }),
  'passed-remote': passedRemote,
  'passed-not-verified': runMessage({
    ...OVER,
    state: 'passed',
    verdict: 'passed',
    stages: [
      done('install', '0m20'),
      stage('upgrade', 'not_applicable', { reason: 'no earlier version' }),
    ],
  }),
  'failed-remote': remote({
    ...OVER,
    state: 'failed',
    verdict: 'failed',
    stages: [
      ...steps('clone', 'build'),
      stage('test', 'failed', { startedAt: 0, finishedAt: 42_000, reason: 'exit 1' }),
      stage('publish', 'skipped'),
    ],
    diagnosis: {
      code: 'remote.step_failed',
      class: 'unclear',
      headline: 'the step `test` ended with exit code 1',
      hint: 'The end of its log is below.',
      evidence: {
        total: 118,
        lines: ['$ npm test', '\u001b[31m✖ 1 failing\u001b[0m', 'npm error code 1'].map(
          (text, i) => ({
            n: 116 + i,
            at: 0,
            stage: 'test',
            text,
          }),
        ),
      },
    },
  }),
  'errored-remote': remote({
    ...STARTED,
    finishedAt: at('05:21:45'),
    state: 'errored',
    verdict: 'errored',
    diagnosis: {
      code: 'drone.create_failed',
      class: 'infrastructure',
      headline: 'Drone did not take the build',
      hint: 'It answered 500 after 45 s: most often the git host did not answer it.',
    },
  }),
  'errored-twice': runMessage({
    ...OVER,
    state: 'errored',
    verdict: 'errored',
    attempt: 2,
    cleanliness: CLEAN,
    interruption: { at: at('05:24'), during: 'backup', outcome: 'gave_up' },
    diagnosis: {
      code: 'runner.lost',
      class: 'infrastructure',
      headline: "the bot's host went down twice during this run",
      hint: 'This says nothing about your change. Ask for a new run once the host is well.',
    },
  }),
  'timed-out': runMessage({
    ...STARTED,
    finishedAt: at('06:21'),
    state: 'timed_out',
    verdict: 'timed_out',
    cleanliness: CLEAN,
    stages: [
      done('install', '2m41'),
      stage('upgrade', 'errored', {
        startedAt: 0,
        finishedAt: 3_400_000,
        reason: 'no end within 60 min',
      }),
      stage('backup', 'skipped', { reason: 'timed out' }),
    ],
    diagnosis: {
      code: 'run.timeout',
      class: 'unclear',
      headline: 'the run did not end within 60 min',
      hint: 'The migration was still writing. Raise `timeouts.run` if that is usual.',
    },
  }),
  'failed-and-dirty': runMessage({
    ...failedSmoke.run,
    suite: 'testme',
    cleanliness: {
      state: 'dirty',
      at: at('05:25'),
      residuals: [
        { kind: 'process', name: 'node server.js (pid 4711)', reason: 'still there after SIGKILL' },
      ],
    },
  }),
  'dirty-plain': runMessage({
    ...OVER,
    state: 'passed',
    verdict: 'passed',
    cleanliness: {
      state: 'dirty',
      at: at('05:25'),
      residuals: [
        { kind: 'process', name: 'node server.js (pid 4711)', reason: 'still there after SIGKILL' },
      ],
    },
  }),
  'cancelled-remote': remote({
    ...OVER,
    state: 'cancelled',
    verdict: 'cancelled',
    cancellation: { at: 0, by: 'alice', cause: 'cancel', url: COMMENT, during: 'test' },
  }),
  'cancelled-pull-closed': runMessage({
    ...OVER,
    state: 'cancelled',
    verdict: 'cancelled',
    cleanliness: CLEAN,
    cancellation: { at: 0, by: 'alice', cause: 'pull_request_closed', during: 'backup' },
  }),
  'cancelled-comment-deleted': runMessage({
    state: 'cancelled',
    verdict: 'cancelled',
    cleanliness: { state: 'not_needed' },
    cancellation: { at: 0, by: 'alice', cause: 'comment_deleted' },
  }),
  'superseded-not-started': {
    kind: 'superseded',
    run: { ...RUN, state: 'superseded' },
    by: { sha: '9d01be2a', commitUrl: `${REPOSITORY}/commit/9d01be2a`, cause: 'command' },
  },
  outdated: {
    kind: 'outdated',
    command: '!testme',
    run: { ...failedSmoke.run, number: 902, suite: 'testme' },
    links: {
      commit: `${REPOSITORY}/commit/4ca7f418`,
      page: `${CI}/r/902`,
      newer: `${REPOSITORY}/pulls/17#issuecomment-640`,
    },
  },
  'runs-running': {
    kind: 'runs',
    command: '!testme testme smoke',
    parts: [passedRemote, runMessage({ number: 908, suite: 'smoke' })],
  },
  'runs-failed': {
    kind: 'runs',
    command: '!testme testme smoke',
    parts: [passedRemote, failedSmoke],
  },
  'runs-passed': {
    kind: 'runs',
    command: '!testme testme smoke',
    parts: [
      passedRemote,
      { ...passedRemote, run: { ...passedRemote.run, suite: 'smoke', number: 908 } },
    ],
  },
  joined: {
    kind: 'joined',
    command: '!testme',
    run: { ...RUN, state: 'running' },
    links: { commit: `${REPOSITORY}/commit/4ca7f418`, page: `${CI}/r/902`, comment: COMMENT },
  },
  'denied-default': {
    kind: 'denied',
    command: '!cancel',
    account: { id: '3', login: 'mallory' },
    accountUrl: `${FORGE}/mallory`,
    required: 'write',
    present: 'none',
  },
  'not-understood-several': {
    kind: 'not_understood',
    problems: [
      { line: '!testme stages=upgrde', problem: 'unknown stage `upgrde`', suggestion: 'upgrade' },
      { line: '!cancel now', problem: '`now` is no run number' },
    ],
  },
  refused: {
    kind: 'refused',
    command: '!testme sha=9d01be2a',
    why: 'The commit `9d01be2` is not the head of this pull request any more.',
    next: 'Comment `!testme` to run the present head, `4ca7f41`.',
  },
  'config-blocking': {
    kind: 'config',
    file: '.signalbox.yml',
    sha: RUN.sha,
    commitUrl: `${REPOSITORY}/commit/4ca7f418`,
    branch: 'main',
    blocking: true,
    referenceUrl: `${CI}/help/config`,
    problems: [
      {
        line: 3,
        column: 13,
        url: `${REPOSITORY}/src/commit/4ca7f418/.signalbox.yml#L3`,
        path: 'suites.testme.runner',
        message: 'there is no runner `dron` here',
        suggestion: 'drone',
        source: '    runner: dron',
        length: 4,
      },
    ],
  },
  help: {
    kind: 'help',
    suites: ['testme', 'smoke'],
    url: `${CI}/help`,
    rows: [
      {
        usage: '!testme [suite…] [stages=a,b] [sha=…]',
        summary: 'run the suites on the head',
        required: 'write',
        allowed: true,
      },
      {
        usage: '!cancel [run]',
        summary: 'stop, tear down and prove it; `!stop` is the same',
        required: 'requester or write',
        allowed: false,
      },
      {
        usage: '!status',
        summary: 'what runs and waits on this pull request',
        required: 'read',
        allowed: true,
      },
    ],
  },
  status: {
    kind: 'status',
    runs: [
      {
        number: 902,
        suite: 'testme',
        sha: RUN.sha,
        state: 'running',
        stage: 'backup',
        since: at('05:27'),
        url: `${CI}/r/902`,
      },
      {
        number: 908,
        suite: 'smoke',
        sha: RUN.sha,
        state: 'queued',
        since: at('05:28'),
        url: `${CI}/r/908`,
      },
    ],
  },
  'status-nothing': { kind: 'status', runs: [] },
  'ping-passed': {
    kind: 'ping',
    login: 'alice',
    run: { ...passedRemote.run, finishedAt: at('05:35') },
    commentUrl: COMMENT,
  },
  'ping-errored': {
    kind: 'ping',
    login: 'alice',
    run: {
      ...RUN,
      ...OVER,
      state: 'errored',
      verdict: 'errored',
      diagnosis: {
        code: 'x',
        class: 'infrastructure',
        headline: 'Drone did not take the build',
        hint: '',
      },
    },
    commentUrl: COMMENT,
  },
};
