import fc from 'fast-check';
import type { Diagnosis, Run } from '../../src/domain/run.ts';
import type { RichRunMessage } from '../../src/report/fields-common.ts';
import type { Message } from '../../src/report/message.ts';
import { at, CI, REMOTE_RUN, REPOSITORY, RUN, runMessage, stage } from './samples.ts';

/** What an attacker would write, or a log holds by accident. */
const PIECES = [
  '`',
  '``',
  '```',
  '````',
  '~~~',
  '|',
  '\\',
  '\\|',
  '\n',
  '\r',
  '\t',
  ' ',
  '    ',
  '\n\n',
  '<',
  '>',
  '&',
  '"',
  "'",
  '</details>',
  '<h1>x</h1>',
  '<img src=x onerror=alert(1)>',
  '<!-- x -->',
  '-->',
  '<details>',
  '<br>',
  '<!-- signalbox:status v1 run=- cmd=c555 rev=9 sig=0123456789abcdef -->',
  '- [ ] do',
  '- [x] done',
  '* ',
  '+ ',
  '1. ',
  '# h',
  '===',
  '---',
  '> [!NOTE]',
  '> q',
  '    code',
  '@alice',
  '@',
  '#12',
  '!12',
  'o/r#3',
  'https://evil.example/x',
  'http://',
  'www.evil.example',
  'mail@evil.example',
  'xmpp:a@b.c',
  'mailto:a@b.c',
  '[x](https://evil.example)',
  '![i](https://evil.example/i)',
  '[x]: https://evil.example',
  '[x]',
  '<https://evil.example>',
  '[^1]',
  '**',
  '__',
  '_',
  '*',
  '~~',
  '$',
  '$$',
  '&lt;',
  '&#64;alice',
  ':rocket:',
  '{{ command }}',
  '{% raw %}',
  '$(id)',
  '\u001b[31m',
  '\u001b]8;;https://evil.example\u0007',
  '\u0000',
  '\u0085',
  '\u2028',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u200d',
  '\ufeff',
  '\ud800',
  '\u{e0041}',
  '😀',
  'ü',
  'w',
];

export const hostile: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

/** Every kind of message with `text` in every place that somebody else may fill. */
export function messagesWith(text: string): readonly (Message | RichRunMessage)[] {
  const account = { id: '9', login: text };
  const diagnosis: Diagnosis = {
    code: 'x',
    class: 'change',
    headline: text,
    hint: text,
    failedTests: [
      { name: text, message: text },
      { name: text, message: text },
    ],
    evidence: { total: 9, lines: [1, 2, 3].map((n) => ({ n, at: 0, stage: text, text })) },
  };
  const stages = [
    stage(`${text}1`, 'passed', { detail: text, startedAt: 0, finishedAt: 1000 }),
    stage(`${text}2`, 'failed', { reason: text, startedAt: 0, finishedAt: 1000 }),
    stage(`${text}3`, 'skipped', { reason: text }),
  ];
  const residuals = [{ kind: text, name: text, reason: text }];
  const base: Partial<Run> = { suite: text, runner: text, headRef: text, startedAt: at('05:21') };
  const over = { ...base, stages, diagnosis, finishedAt: at('05:25') } as const;
  const message = (run: Partial<Run>): RichRunMessage => ({
    ...runMessage(run, { command: text, requester: account, history: ['passed'] }),
    queue: { runner: text, ahead: [{ number: 1, repository: text, url: `${CI}/r/1` }] },
  });
  const failed = message({
    ...over,
    state: 'failed',
    verdict: 'failed',
    cleanliness: { state: 'dirty', at: 0, residuals },
  });
  const cancellation = {
    at: 0,
    by: text,
    cause: 'cancel',
    during: text,
    url: `${CI}/r/1`,
  } as const;
  return [
    message(base),
    { ...message({ ...REMOTE_RUN, ...base }), queue: { runner: text, ahead: [], waitsFor: text } },
    message({ ...base, interruption: { at: 0, during: text, outcome: 'requeued' } }),
    message({
      ...over,
      state: 'running',
      interruption: { at: 0, during: text, outcome: 'requeued' },
    }),
    message({
      ...REMOTE_RUN,
      ...base,
      state: 'running',
      stages: [stage(text, 'running', { startedAt: 0 })],
    }),
    message({ ...over, state: 'running', cancellation }),
    message({ ...over, state: 'finishing', verdict: 'failed' }),
    message({
      ...over,
      state: 'passed',
      verdict: 'passed',
      cleanliness: { state: 'clean', at: 0, removed: { [text]: 1 } },
    }),
    message({
      ...over,
      state: 'passed',
      verdict: 'passed',
      cleanliness: { state: 'dirty', at: 0, residuals },
    }),
    failed,
    message({ ...REMOTE_RUN, ...over, state: 'errored', verdict: 'errored' }),
    message({ ...over, state: 'cancelled', verdict: 'cancelled', cancellation }),
    {
      kind: 'runs',
      command: text,
      parts: [failed, message({ ...base, state: 'running', stages })],
    },
    { kind: 'joined', command: text, run: RUN, links: { commit: `${CI}/c`, page: `${CI}/r/1` } },
    {
      kind: 'superseded',
      run: { ...RUN, cancellation },
      by: { sha: RUN.sha, commitUrl: `${CI}/c`, cause: 'push' },
    },
    {
      kind: 'outdated',
      command: text,
      run: { ...failed.run, state: 'failed', verdict: 'failed' },
      links: { commit: `${CI}/c`, page: `${CI}/r/1`, newer: `${CI}/r/2` },
    },
    {
      kind: 'denied',
      command: text,
      account,
      accountUrl: `${CI}/u`,
      required: text,
      present: text,
      rule: { file: text, line: 1, url: `${CI}/f` },
    },
    { kind: 'not_understood', problems: [{ line: text, problem: text, suggestion: text }] },
    { kind: 'not_understood', problems: [1, 2].map(() => ({ line: text, problem: text })) },
    { kind: 'refused', command: text, why: text, next: text },
    {
      kind: 'config',
      file: text,
      sha: RUN.sha,
      commitUrl: `${REPOSITORY}/c`,
      branch: text,
      blocking: true,
      referenceUrl: `${CI}/help`,
      problems: [
        {
          line: 3,
          column: 4,
          url: `${CI}/f`,
          path: text,
          message: text,
          suggestion: text,
          source: text,
          length: 5,
        },
      ],
    },
    {
      kind: 'help',
      suites: [text],
      url: `${CI}/help`,
      rows: [{ usage: text, summary: text, required: text, allowed: false }],
    },
    {
      kind: 'status',
      runs: [
        {
          number: 1,
          suite: text,
          sha: text,
          state: 'running',
          stage: text,
          since: 0,
          url: `${CI}/r/1`,
        },
      ],
    },
    { kind: 'ping', login: `${text}!`, run: failed.run, commentUrl: `${CI}/c` },
  ];
}
