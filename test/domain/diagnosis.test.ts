import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diagnose, type Ending, type Failure } from '../../src/domain/diagnosis.ts';
import { DIAGNOSIS_RULES } from '../../src/domain/diagnosis-rules.ts';

const EXIT: Ending = { code: 1, words: 'ended with exit 1' };

function failure(fact: Failure['fact'], texts: readonly string[] = []): Failure {
  const lines = texts.map((text, index) => ({ n: index + 1, at: 0, stage: 'upgrade', text }));
  return { stage: 'upgrade', fact, lines, total: 500 };
}

const crash = { kind: 'service-ended', service: 'web', port: 4_711, ending: EXIT } as const;
const hook = {
  kind: 'command',
  role: 'hook',
  name: 'data.backup.pre',
  command: 'dump',
  ending: EXIT,
} as const;
const lost = { kind: 'marker-lost', at: 'upgrade', dumps: false, replays: false } as const;
const unhealthy = { kind: 'not-healthy', path: '/health', waitedMs: 5_000 } as const;

const CASES: readonly [string, Failure][] = [
  ['source.unavailable', failure({ kind: 'source', message: 'no route' })],
  ['no_space', failure(hook, ['write error: No space left on device'])],
  ['no_space', failure({ kind: 'internal', message: 'ENOSPC: no space left on device, mkdir' })],
  ['oom', failure(crash, ['web | FATAL ERROR: JavaScript heap out of memory'])],
  ['oom', failure({ ...crash, ending: { ...EXIT, overMemory: true } })],
  ['process.limit', failure(hook, ['sh: fork: retry: Resource temporarily unavailable'])],
  ['file.limit', failure(hook, ['Error: EFBIG: file too large, write'])],
  [
    'port.conflict',
    failure(crash, ['web | Error: listen EADDRINUSE: address already in use :::80']),
  ],
  [
    'command.missing',
    failure({ ...hook, ending: { code: 127, words: 'ended with exit 127' } }, [
      'prlimit: failed to execute dump: No such file or directory',
    ]),
  ],
  ['upgrade.data_survival', failure(lost)],
  ['backup.marker_missing', failure({ ...lost, at: 'backup' })],
  ['restore.no_post_hook', failure({ ...lost, at: 'restore', dumps: true })],
  ['restore.incomplete', failure({ ...lost, at: 'restore', dumps: true, replays: true })],
  ['restore.incomplete', failure({ ...lost, at: 'restore' })],
  ['restore.marker_kept', failure({ kind: 'marker-kept' })],
  ['backup.empty', failure({ kind: 'archive', problem: 'The archive holds no file' })],
  ['upgrade.identity', failure({ kind: 'wrong-version', service: 'web', problem: 'old' })],
  ['crash.loop', failure(crash, ['web | TypeError: x is not a function'])],
  ['health.5xx', failure({ ...unhealthy, status: 502 })],
  ['health.timeout', failure({ ...unhealthy, status: 404 })],
  ['health.timeout', failure(unhealthy)],
  ['build.failed', failure({ ...hook, role: 'build', name: 'build' })],
  ['hook.failed', failure(hook)],
  [
    'test.failed',
    failure({ kind: 'tests', failed: [{ name: 'a', message: 'b' }], total: 3, endings: [EXIT] }),
  ],
  ['timeout', failure({ kind: 'timeout', of: 'run', limitMs: 60_000 })],
  ['runner.error', failure({ kind: 'internal', message: 'EACCES' })],
];

for (const [code, one] of CASES) {
  test(`${one.fact.kind} with "${one.lines[0]?.text ?? 'an empty log'}" is ${code}`, () => {
    const diagnosis = diagnose(one);
    assert.equal(diagnosis.code, code);
    assert.doesNotMatch(diagnosis.headline, /[.]$|undefined/);
    assert.match(diagnosis.hint, /[.?`]$/);
    assert.doesNotMatch(diagnosis.hint, /undefined/);
  });
}

test('every rule but the last resort has a case here', () => {
  const codes = new Set(CASES.map(([code]) => code));
  const missing = DIAGNOSIS_RULES.filter((rule) => !codes.has(rule.code)).map(({ code }) => code);
  assert.deepEqual(missing, ['unclassified']);
});

test('a full disk seen in the log does not explain lost data', () => {
  assert.equal(diagnose(failure(lost, ['ENOSPC'])).code, 'upgrade.data_survival');
});

test('a port that was set aside for the run and is taken is our fault, a fixed port is not', () => {
  const taken = (port: number) =>
    diagnose(failure(crash, [`web | listen EADDRINUSE: address already in use 127.0.0.1:${port}`]));
  assert.equal(taken(4_711).class, 'infrastructure');
  assert.equal(taken(80).class, 'change');
});

test('the crash is explained by the first error of the service, not by what a hook said', () => {
  const lines = [
    '$ hook',
    'Error: from a hook',
    'web | starting',
    'web | Error: no `key`',
    'web | Error: later',
  ];
  const { hint, evidence } = diagnose(failure(crash, lines));
  assert.equal(hint, 'The first error in its log: `Error: no  key`');
  assert.equal(evidence?.total, 500);
  assert.equal(evidence.lines.length, 5);
});

test('what the published version does wrong is not blamed on the change', () => {
  const { class: kind, hint } = diagnose({ ...failure(crash), published: '1.0.0' });
  assert.equal(kind, 'unclear');
  assert.match(hint, /^This was the published version `1\.0\.0`, not the head\. /);
});

test('failed tests are named', () => {
  const failed = [{ name: 'a', message: 'b' }];
  const fact = { kind: 'tests', failed, total: 3, endings: [EXIT] } as const;
  const diagnosis = diagnose(failure(fact));
  assert.deepEqual(diagnosis.failedTests, failed);
  assert.equal(diagnosis.headline, '1 of 3 tests failed');
});

test('whatever the log holds, the sentences stay short and on one line', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 5_000 }), (text) => {
      const { headline, hint } = diagnose(failure(crash, [`web | Error ${text}`]));
      assert.ok(headline.length + hint.length < 600);
      assert.doesNotMatch(`${headline}${hint}`, /[\n\r]/);
    }),
  );
});
