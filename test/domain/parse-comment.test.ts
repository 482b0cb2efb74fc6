import assert from 'node:assert/strict';
import test from 'node:test';
import type { Command } from '../../src/domain/command.ts';
import {
  executionOrder,
  type ParsedLine,
  type Problem,
  parseComment,
} from '../../src/domain/parse-comment.ts';

const SHA = '4ca7f418aa00bb11cc22dd33ee44ff5566778899';

function parse(body: string): readonly ParsedLine[] {
  return parseComment(body, { botLogin: 'Signalbox' });
}

function only(body: string): ParsedLine {
  const lines = parse(body);
  assert.equal(lines.length, 1, JSON.stringify(lines));
  const [line] = lines;
  assert.ok(line);
  return line;
}

function commandOf(body: string): Command {
  const line = only(body);
  assert.ok('command' in line, JSON.stringify(line));
  return line.command;
}

function problemOf(body: string): Problem {
  const line = only(body);
  assert.ok('problem' in line, JSON.stringify(line));
  return line.problem;
}

const UNDERSTOOD: readonly [string, Command][] = [
  ['!testme', { name: 'testme', suites: [] }],
  ['/testme', { name: 'testme', suites: [] }],
  ['@signalbox testme', { name: 'testme', suites: [] }],
  ['@SignalBox: !TestMe', { name: 'testme', suites: [] }],
  ['@signalbox, /help', { name: 'help' }],
  ['!TESTME Smoke deep_test', { name: 'testme', suites: ['smoke', 'deep_test'] }],
  ['!testme "smoke" \'nightly\'', { name: 'testme', suites: ['smoke', 'nightly'] }],
  [
    '!testme stages=upgrade,Install',
    { name: 'testme', suites: [], stages: ['install', 'upgrade'] },
  ],
  ['!testme --stages="install"', { name: 'testme', suites: [], stages: ['install'] }],
  [`!testme SHA=${SHA.toUpperCase()} a`, { name: 'testme', suites: ['a'], sha: SHA }],
  ['!retest', { name: 'retest' }],
  ['!cancel', { name: 'cancel' }],
  ['!stop', { name: 'cancel' }],
  ['!cancel 902', { name: 'cancel', run: 902 }],
  ['!cancel #902', { name: 'cancel', run: 902 }],
  ['/stop run=902', { name: 'cancel', run: 902 }],
  ['!redeploy staging', { name: 'redeploy', environment: 'staging' }],
  ['!redeploy DEV Feature/x.1', { name: 'redeploy', environment: 'dev', ref: 'Feature/x.1' }],
  ['!redeploy dev ref=v1.4.0', { name: 'redeploy', environment: 'dev', ref: 'v1.4.0' }],
  ['!rollback staging', { name: 'rollback', environment: 'staging' }],
  ['!lock staging -- demo', { name: 'lock', environment: 'staging' }],
  ['!lock staging expires=2h', { name: 'lock', environment: 'staging', expires: '2h' }],
  ['!unlock staging', { name: 'unlock', environment: 'staging' }],
  ['!cleanup 7', { name: 'cleanup', run: 7 }],
  [`!approve ${SHA}`, { name: 'approve', sha: SHA }],
  ['!status', { name: 'status' }],
  ['!testme <!-- not for me -->', { name: 'testme', suites: [] }],
];

for (const [line, command] of UNDERSTOOD) {
  test(`understands ${line}`, () => {
    assert.deepEqual(commandOf(line), command);
  });
}

const SILENT = [
  '!important',
  '!',
  '! testme',
  '!==',
  '!!testme',
  '!1',
  '/s',
  '/',
  '//testme',
  '/usr',
  '/etc/passwd',
  '/help/foo',
  '/status.php',
  '/lgtm',
  '/hold',
  '/home',
  '/block',
  '/latest',
  '/assign @alice',
  '!$(id)',
  '!`id`',
  '!t\u0435stme', // Cyrillic
  '\uff01testme', // full width
  '!\u202etestme',
  '!test\u200bme',
  '!constructor',
  '!__proto__',
  '@alice testme',
  '@signalbox-dev testme',
  "@signalbox's testme",
  'mail@signalbox testme',
] as const;

for (const line of SILENT) {
  test(`says nothing to ${JSON.stringify(line)}`, () => {
    assert.deepEqual(parse(line), []);
  });
}

const NOT_UNDERSTOOD: readonly [string, Problem['code'], string | undefined][] = [
  ['!tesme', 'unknown_command', '!testme'],
  ['/tesmte smoke', 'unknown_command', '/testme smoke'],
  ['!test-me', 'unknown_command', '!testme'],
  ['!testme.', 'unknown_command', '!testme'],
  ['!tesme `id`', 'unknown_command', '!testme'],
  ['!cancle', 'unknown_command', '!cancel'],
  ['!sttop', 'unknown_command', '!stop'],
  ['!hepl x', 'unknown_command', '!help'],
  ['@signalbox tesme', 'unknown_command', '@signalbox testme'],
  ['@signalbox thank you', 'unknown_command', '@signalbox help'],
  ['@signalbox', 'unknown_command', '@signalbox help'],
  ['@signalbox $(id)', 'unknown_command', '@signalbox help'],
  ['!testme stages=install,upgrde', 'invalid_value', '!testme stages=install,upgrade'],
  ['!testme stages=', 'invalid_value', undefined],
  ['!testme stages=teardown', 'invalid_value', undefined],
  ['!testme --stages', 'invalid_value', undefined],
  ['!testme smoke\u2028nightly', 'invalid_value', undefined],
  ['!testme stage=install smoke', 'unknown_argument', '!testme stages=install smoke'],
  ['!testme colour=red', 'unknown_argument', undefined],
  ['!testme --verbose', 'unknown_argument', undefined],
  ['!testme __proto__=x', 'invalid_value', undefined],
  ['!testme constructor=x', 'unknown_argument', undefined],
  ['!testme sha=4ca7f41', 'invalid_value', undefined],
  [`!testme sha=${SHA} sha=${SHA}`, 'duplicate_argument', undefined],
  ['!testme smoke Smoke', 'duplicate_argument', undefined],
  ['!testme stages=install,install', 'duplicate_argument', undefined],
  ['!testme "smoke', 'invalid_value', undefined],
  ['!testme a b c d e f g h i', 'too_many_arguments', undefined],
  ['!testme a b c d e f g h i j k', 'too_many_arguments', undefined],
  ['!cancel all', 'invalid_value', undefined],
  ['!cancel 0', 'invalid_value', undefined],
  ['!cancel 12345678901', 'invalid_value', undefined],
  ['!cancel 1 2', 'too_many_arguments', undefined],
  ['!cancel 1 run=2', 'duplicate_argument', undefined],
  ['!status of this?', 'unknown_argument', undefined],
  ['!redeploy', 'missing_argument', undefined],
  ['!redeploy dev a ref=b', 'duplicate_argument', undefined],
  ['!approve', 'missing_argument', undefined],
  ['!approve 4ca7f41', 'invalid_value', undefined],
  ['!lock dev expires=soon', 'invalid_value', undefined],
];

for (const [line, code, suggestion] of NOT_UNDERSTOOD) {
  test(`answers ${line} with ${code}`, () => {
    const problem = problemOf(line);
    assert.equal(problem.code, code, problem.message);
    if (suggestion === undefined) assert.notEqual(problem.suggestion, line);
    else assert.equal(problem.suggestion, suggestion);
  });
}

const HOSTILE = [
  '$(id)',
  '`id`',
  ';id',
  'a|b',
  '../../etc/passwd',
  '/etc/passwd',
  '-x',
  'a..b',
  'a\u202eb',
  'a\u200bb',
  'a\u0000b',
  'sm\u043eke', // Cyrillic o
  'a\u2028b',
  '\u001b[31m',
  '$\u007benv:TOKEN}',
  '{{x}}',
  '%0a',
  'a'.repeat(400),
];

for (const value of HOSTILE) {
  test(`refuses ${JSON.stringify(value.slice(0, 20))} as a value everywhere`, () => {
    const places = [
      '!testme',
      '!testme sha=',
      '!testme stages=',
      '!cancel',
      '!redeploy',
      '!approve',
    ];
    for (const place of [...places, '!redeploy dev ref=', '!redeploy dev', '!lock dev expires=']) {
      for (const line of parse(`${place}${place.endsWith('=') ? '' : ' '}${value}`)) {
        assert.ok('problem' in line, `${place} ${JSON.stringify(line)}`);
        assert.match(line.problem.message, /^[ -~…]{1,200}$/);
      }
    }
  });
}

test('options for git are refused wherever they stand', () => {
  assert.equal(problemOf('!redeploy dev --upload-pack=id').code, 'unknown_argument');
  assert.equal(problemOf('!redeploy dev ref=--upload-pack=id').code, 'invalid_value');
  assert.equal(problemOf('!testme --upload-pack=id').code, 'unknown_argument');
});

test('a problem says in words what would be right', () => {
  assert.equal(problemOf('!tesme').message, "I don't know `!tesme`.");
  assert.match(problemOf('!approve 4ca7f41').message, /all 40 hexadecimal digits/);
  assert.match(problemOf('!redeploy').message, /which environment/);
});

test('a problem echoes at most 60 characters of hostile text, and none that breaks a code span', () => {
  const { message } = problemOf(`@signalbox ${'`\u202ex'.repeat(60)}`);
  assert.ok(message.length < 80, message);
  assert.match(message, /^[ -~]*$/);
  assert.equal(message.split('`').length, 3);
});

test('what stands behind two hyphens is the reason, without invisible characters', () => {
  const line = only('!lock staging -- demo \u202efor\u200b "them" -- really');
  assert.ok('command' in line);
  assert.equal(line.reason, 'demo for "them" -- really');
});

test('a reason may begin with the dash that a phone makes of two hyphens', () => {
  const line = only('!cancel — wrong branch');
  assert.ok('command' in line);
  assert.equal(line.reason, 'wrong branch');
});

test('a long reason is cut and an empty one is none', () => {
  const long = only(`!cancel -- ${'a'.repeat(500)}`);
  assert.ok('command' in long);
  assert.equal(long.reason?.length, 200);
  assert.ok(!('reason' in only('!cancel --')));
});

test('a line of more than 1,000 characters is answered and not obeyed', () => {
  assert.equal(problemOf(`!cancel -- ${'a'.repeat(1_000)}`).code, 'line_too_long');
});

test('lines keep their place, and what is silent has none', () => {
  const lines = parse('!testme\n/usr\n\ntext\n!tesme\n!cancel');
  assert.deepEqual(
    lines.map((line) => [line.ordinal, line.line, line.raw]),
    [
      [0, 1, '!testme'],
      [1, 5, '!tesme'],
      [2, 6, '!cancel'],
    ],
  );
});

test('cancel and stop are executed first and keep their ordinals', () => {
  const ordered = executionOrder(parse('!testme\n!tesme\n!stop\n!help\n!cancel 7'));
  assert.deepEqual(
    ordered.map((line) => line.ordinal),
    [2, 4, 0, 1, 3],
  );
});

test('the eleventh command is one problem and the rest is dropped', () => {
  const lines = parse('!status\n'.repeat(30));
  assert.equal(lines.length, 11);
  assert.equal(lines.filter((line) => 'command' in line).length, 10);
  const last = lines.at(-1);
  assert.ok(last && 'problem' in last);
  assert.equal(last.problem.code, 'too_many_commands');
  assert.equal(last.ordinal, 10);
});

test('the prefix tells how we were addressed', () => {
  const prefixes = parse('!help\n/help\n@signalbox help').map(
    (line) => 'prefix' in line && line.prefix,
  );
  assert.deepEqual(prefixes, ['!', '/', '@']);
});

test('the mention of a GitHub App has no [bot] at its end', () => {
  const lines = parseComment('@signalbox help', { botLogin: 'signalbox[bot]' });
  assert.ok(lines[0] && 'command' in lines[0]);
});

test('without a login of its own the bot answers no mention', () => {
  assert.deepEqual(parseComment('@ help', { botLogin: '' }), []);
});

test('a comment that is too long to be read is answered when it surely speaks to us', () => {
  const log = `\n\n${'/usr/lib\n'.repeat(10_000)}`;
  assert.equal(problemOf(`text\n!testme smoke${log}`).code, 'comment_too_long');
  assert.equal(only(`text\n!testme smoke${log}`).line, 2);
  assert.deepEqual(parse(`text${log}`), []);
});

test('a comment that is too complex to be read is answered when it surely speaks to us', () => {
  assert.equal(problemOf(`${'> '.repeat(300)}\n\n/cancel`).code, 'comment_too_complex');
  assert.deepEqual(parse(`${'> '.repeat(300)}\n\n/usr`), []);
});
