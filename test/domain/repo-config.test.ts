import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { REPOSITORY_EXAMPLE } from '../../src/domain/config-examples.ts';
import { type ConfigProblem, formatProblems } from '../../src/domain/config-problems.ts';
import { parseRepoConfig, type RepoConfigOptions } from '../../src/domain/repo-config.ts';

const TODAY = '2026-11-21';
const RUNNERS = { drone: 'remote', local: 'lifecycle' } as const;

function problemsOf(text: string, options: Partial<RepoConfigOptions> = {}) {
  const result = parseRepoConfig(text, { today: TODAY, ...options });
  assert.ok('problems' in result, 'the text was accepted');
  return result.problems;
}

function configOf(text: string, options: Partial<RepoConfigOptions> = {}) {
  const result = parseRepoConfig(text, { today: TODAY, ...options });
  assert.ok('config' in result, 'problems' in result ? formatProblems('f', result.problems) : '');
  return result.config;
}

/** `line:column+length path: message [suggestion]` */
function brief(problem: ConfigProblem): string {
  const { line, column, length, path, message, suggestion } = problem;
  return `${line}:${column}+${length} ${path}: ${message}${suggestion ? ` [${suggestion}]` : ''}`;
}

const GOOD = 'suites: { testme: { runner: drone } }\n';

suite('the repository file', () => {
  test('a suite with params goes to a remote runner, and what is not written has its default', () => {
    assert.deepEqual(
      configOf('suites:\n  testme: { runner: drone, params: { RECIPE: shop }, timeout: 90s }\n'),
      {
        suites: {
          testme: {
            kind: 'remote',
            runner: 'drone',
            params: { RECIPE: 'shop' },
            timeoutMs: 90_000,
          },
        },
        commands: {},
        comments: 'all',
        pings: 'all',
      },
    );
    assert.deepEqual(configOf(GOOD).suites.testme, {
      kind: 'remote',
      runner: 'drone',
      params: {},
      timeoutMs: 3_600_000,
    });
  });

  test('rules name roles and users, and remember the line they stand in', () => {
    const text = `${GOOD}commands:
  testme: { allow: write }
  cancel:
    allow:
      - maintain
      - "user:carol"
`;
    assert.deepEqual(configOf(text).commands, {
      testme: { allow: [{ role: 'write' }], line: 3 },
      cancel: { allow: [{ role: 'maintain' }, { user: 'carol' }], line: 5 },
    });
  });

  test('the example in the docs is accepted', () => {
    const config = configOf(REPOSITORY_EXAMPLE, { runners: RUNNERS });
    assert.deepEqual(Object.keys(config.suites), ['testme', 'smoke']);
    const smoke = config.suites.smoke;
    assert.ok(smoke?.kind === 'lifecycle');
    assert.deepEqual(smoke.stages, ['install', 'upgrade']);
    assert.deepEqual(smoke.recipe.services.web?.run, ['node', 'server.js']);
  });

  test('anchors and aliases work, and a problem behind one is shown where it is written', () => {
    const text =
      'suites:\n  a: { runner: drone, params: &p { X: "a b" } }\n  b: { runner: drone, params: *p }\n';
    assert.deepEqual(problemsOf(text).map(brief), [
      '2:39+5 suites.a.params.X: may hold only letters, digits and `.` `_` `/` `@` `:` `+` `-`',
      '2:39+5 suites.b.params.X: may hold only letters, digits and `.` `_` `/` `@` `:` `+` `-`',
    ]);
    const good = configOf(text.replace('a b', 'ab')).suites.b;
    assert.deepEqual(good?.kind === 'remote' && good.params, { X: 'ab' });
  });

  test('a byte order mark and Windows line ends shift no column', () => {
    const text = '\uFEFFsuites:\r\n  testme: { runner: drone }\r\ncomments: alle\r\n';
    assert.deepEqual(problemsOf(text), [
      {
        path: 'comments',
        line: 3,
        column: 11,
        length: 4,
        source: 'comments: alle',
        message: 'unknown level `alle`',
        suggestion: 'all',
      },
    ]);
  });
});

suite('problems of the repository file', () => {
  const cases: readonly [about: string, text: string, ...problems: string[]][] = [
    ['an empty file', '', '1:1+1 file: is empty'],
    ['a file of comments', '# nothing\n', '1:1+1 file: is empty'],
    ['a list', '- a\n', '1:1+3 file: must be a set of `key: value` lines'],
    ['a missing section', 'comments: all\n', '1:1+8 suites: is missing'],
    ['no suite at all', 'suites: {}\n', '1:9+2 suites: must not be empty'],
    ['a key without value', 'suites:\n', '1:1+6 suites: must be a set of `key: value` lines'],
    ['a missing key', 'suites:\n  a: { timeout: 1m }\n', '2:3+1 suites.a.runner: is missing'],
    [
      'an unknown key at the top',
      `${GOOD}coments: all\n`,
      '2:1+7 file: unknown key `coments` [comments]',
    ],
    [
      'an unknown key that resembles none',
      `${GOOD}xylophone: 1\n`,
      '2:1+9 file: unknown key `xylophone`; known: suites, commands, comments, pings',
    ],
    [
      'an unknown key below',
      `${GOOD}commands:\n  cancel: { alow: [maintain] }\n`,
      '3:3+6 commands.cancel.allow: is missing',
      '3:13+4 commands.cancel: unknown key `alow` [allow]',
    ],
    [
      'an unknown command',
      `${GOOD}commands: { tesme: { allow: write } }\n`,
      '2:13+5 commands: unknown key `tesme` [testme]',
    ],
    [
      'an unknown role',
      `${GOOD}commands: { testme: { allow: [wirte] } }\n`,
      '2:31+5 commands.testme.allow[0]: must be `user:<login>` or a role (read, triage, write, ' +
        'maintain, admin, owner), not `wirte` [write]',
    ],
    [
      'a team',
      `${GOOD}commands: { testme: { allow: "team:ops" } }\n`,
      '2:30+10 commands.testme.allow[0]: teams are not in this version yet',
    ],
    [
      'nobody allowed',
      `${GOOD}commands: { testme: { allow: [] } }\n`,
      '2:30+2 commands.testme.allow: must not be empty',
    ],
    [
      'a value out of no list',
      `${GOOD}comments: outcome\n`,
      '2:11+7 comments: unknown level `outcome` [outcomes]',
    ],
    [
      'a value of the wrong type',
      `${GOOD}comments: [all]\n`,
      '2:11+5 comments: must be one of `all`, `outcomes`, `failures`, `off`',
    ],
    [
      'a number where text belongs',
      'suites: { a: { runner: drone, params: { V: 1.10 } } }\n',
      '1:44+4 suites.a.params.V: must be text: put it in quotes',
    ],
    [
      'a bad suite name',
      'suites: { "My Suite": { runner: drone } }\n',
      '1:11+10 suites.My Suite: must be small letters, digits, `-` and `_`, begin with a letter, ' +
        'have at most 40 characters',
    ],
    [
      'a bad duration',
      'suites: { a: { runner: drone, timeout: 5 minutes } }\n',
      '1:40+9 suites.a.timeout: must be a duration such as `500ms`, `90s`, `10m` or `1h`',
    ],
    [
      'a duration of more than a day',
      'suites: { a: { runner: drone, timeout: 25h } }\n',
      '1:40+3 suites.a.timeout: must be at most `24h`',
    ],
    [
      'stages of a remote suite',
      'suites: { a: { runner: drone, stages: [install] } }\n',
      '1:31+6 suites.a.stages: only a suite with a `recipe` has stages',
    ],
    [
      'a duplicate key',
      `${GOOD}pings: all\npings: off\n`,
      '3:1+5 file: the same key stands in line 2 already',
    ],
    ['a key of a list', `${GOOD}? [a]\n: 1\n`, '2:3+3 file: a key must be plain text'],
    [
      'a prototype',
      'suites:\n  a: { runner: d, __proto__: 1 }\n',
      '2:19+9 file: is no name for a key',
    ],
    [
      'a tab as indentation',
      'suites:\n\ttestme: 1\n',
      '2:1+1 file: a tab cannot indent; use spaces',
    ],
    [
      'an open quote',
      'suites: "x\n',
      '1:11+1 file: something is missing here: a closing quote or bracket, a comma, or a colon',
    ],
    [
      'an open bracket',
      'suites: { a: 1\npings: all\n',
      '2:1+1 file: the indentation is wrong, or a bracket is not closed',
    ],
    [
      'a second document',
      `${GOOD}---\na: 1\n`,
      '3:1+4 file: is a second document; one file holds one',
    ],
    [
      'a tag',
      'suites: !x {}\n',
      '1:9+2 file: tags are not used here; put text that starts with `!` in quotes',
    ],
    [
      'an alias without an anchor',
      'suites: *x\n',
      '1:9+2 file: this alias has no anchor, or repeats too much',
    ],
    ['bytes that are no UTF-8', `${GOOD}pings: \uFFFD\n`, '2:8+1 file: is not UTF-8 text'],
    [
      'a control character',
      `${GOOD}pi\u001bngs: 1\n`,
      '2:3+1 file: is a control character; is the file UTF-8 text?',
    ],
    ['deep nesting', `a: ${'['.repeat(60_000)}`, '1:66+1 file: is nested too deeply'],
    ['a huge file', '#'.repeat(200_000), '1:1+1 file: is larger than 128 KiB'],
  ];
  for (const [about, text, ...problems] of cases) {
    test(`${about} is reported at its place`, () => {
      assert.deepEqual(problemsOf(text).map(brief), problems);
    });
  }

  test('names that Drone reads itself and reserved ones are refused as params', () => {
    for (const name of [
      'target',
      'message',
      'action',
      'branch',
      'commit',
      'access_token',
      'TARGET',
      'PATH',
    ]) {
      const text = `suites: { a: { runner: drone, params: { ${name}: x } } }\n`;
      assert.match(problemsOf(text)[0]?.message ?? '', /reads itself/, name);
    }
    for (const name of ['DRONE_BUILD_NUMBER', 'CI_X', 'CI', 'DRONE', 'SIGNALBOX_RUN']) {
      const text = `suites: { a: { runner: drone, params: { ${name}: x } } }\n`;
      assert.match(problemsOf(text)[0]?.message ?? '', /reserved/, name);
    }
    for (const name of ['recipe', 'A-B', '_A', 'É', 'A'.repeat(65)]) {
      const text = `suites: { a: { runner: drone, params: { ${name}: x } } }\n`;
      assert.match(problemsOf(text)[0]?.message ?? '', /capital letters/, name);
    }
  });

  test('params that no request line could carry are refused', () => {
    const params = Array.from({ length: 13 }, (_, at) => `P${at}: ${'x'.repeat(250)}`).join(', ');
    const text = `suites: { a: { runner: drone, params: { ${params} } } }\n`;
    assert.deepEqual(
      problemsOf(text).map(({ message }) => message),
      ['must together have at most 3000 characters'],
    );
  });

  test('a param value that could leave its place in the YAML of a pipeline is refused', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (value) => {
        const text = `suites: { a: { runner: drone, params: { X: ${JSON.stringify(value)} } } }\n`;
        const isAccepted = 'config' in parseRepoConfig(text, { today: TODAY });
        assert.equal(isAccepted, /^[A-Za-z0-9._/@:+-]*$/.test(value) && !value.includes('\n'));
      }),
    );
  });

  test('with the runners known, an unknown one and one of the other kind are refused', () => {
    const text = `suites:
  a: { runner: dron }
  b: { runner: local, params: { X: y } }
`;
    assert.deepEqual(problemsOf(text, { runners: RUNNERS }).map(brief), [
      '2:16+4 suites.a.runner: unknown runner `dron` [drone]',
      '3:16+5 suites.b.runner: `local` is a lifecycle runner: the suite needs a `recipe`',
    ]);
    assert.ok('config' in parseRepoConfig(text, { today: TODAY }));
  });

  test('all problems are reported at once, in the order of the file', () => {
    const text = `suites:
  a: { runer: drone, params: { target: x } }
comments: outcome
comments: al
extra: 1
`;
    assert.deepEqual(
      problemsOf(text).map(({ line, column }) => [line, column]),
      [
        [2, 3],
        [2, 8],
        [2, 32],
        [4, 1],
        [4, 11],
        [5, 1],
      ],
    );
  });

  test('the terminal shows place, sentence, source line and carets', () => {
    const text = 'suites:\n  testme:\n    runner: local\n    stages: [install, upgrde, backup]\n';
    assert.equal(
      formatProblems('.signalbox.yml', problemsOf(text).slice(1)),
      [
        '.signalbox.yml:4:23  suites.testme.stages[1]: unknown stage `upgrde`. Did you mean `upgrade`?',
        '    4 |     stages: [install, upgrde, backup]',
        '      |                       ^^^^^^',
      ].join('\n'),
    );
  });

  test('text of the file cannot break out of a message', () => {
    const [problem] = problemsOf(`${GOOD}"a\`b\\e[31m${'x'.repeat(100)}": 1\n`);
    assert.equal(problem?.message.match(/`/g)?.length, 2);
    assert.ok(!/[\p{Cc}]/u.test(problem?.message ?? ''));
    assert.ok((problem?.message.length ?? 0) < 150);
  });

  test('aliases cannot be expanded into a bomb', () => {
    const nine = (name: string) => `[${Array(9).fill(name).join(', ')}]`;
    const rows = 'bcdefgh'
      .split('')
      .map((key, at) => `${key}: &${key} ${nine(`*${'abcdefg'[at]}`)}`);
    const messages = problemsOf(`a: &a ${nine('x')}\n${rows.join('\n')}\n`).map((p) => p.message);
    assert.deepEqual(messages, ['there are too many aliases']);
    const few = problemsOf(`a: &a ${nine('x')}\n${rows.slice(0, 4).join('\n')}\n`);
    assert.match(few[0]?.message ?? '', /repeats too much/);
  });
});

suite('no text whatever', () => {
  const words = 'suites commands testme recipe runner << __proto__ constructor null 1e3 ~ 😀';
  const signs = ': |:|\n|  |- |[|]|{|}|,|"|\'|&a |*a|!x |>|? |#|---\n|...\n|%|\t|\r\n|\0|\uD800';
  const pieces = fc.constantFrom(...words.split(' '), ...signs.split('|'), '|\n');
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
    fc
      .tuple(fc.nat(REPOSITORY_EXAMPLE.length), fc.nat(40), pieces)
      .map(
        ([at, n, piece]) =>
          REPOSITORY_EXAMPLE.slice(0, at) + piece + REPOSITORY_EXAMPLE.slice(at + n),
      ),
  );

  test('crashes the parser, and each problem points into the text', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const result = parseRepoConfig(text, { today: TODAY, runners: RUNNERS });
        if ('config' in result) return;
        assert.ok(result.problems.length > 0);
        const lines = text.split('\n').length;
        for (const { line, column, length, message, path } of result.problems) {
          assert.ok(line >= 1 && line <= lines, `line ${line} of ${lines}`);
          assert.ok(column >= 1 && length >= 1);
          assert.ok(message !== '' && path !== '');
        }
        formatProblems('f', result.problems);
      }),
      { numRuns: 400 },
    );
  });
});
