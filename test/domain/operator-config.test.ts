import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { loadConfig } from '../../src/config.ts';
import { OPERATOR_EXAMPLE } from '../../src/domain/config-examples.ts';
import type { Config } from '../../src/domain/operator-schema.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
const SMALLEST = `url: https://ci.example.org/
forges:
  acme:
    kind: gitea
    url: https://git.example.org
    token: t0ken
    webhookSecret: ${SECRET}
    repositories: ["acme/*"]
runners:
  local: { kind: lifecycle }
`;

type From = { text?: string; env?: Record<string, string>; files?: Record<string, string> };

function load({ text, env = {}, files = {} }: From, file?: string) {
  const all: Record<string, string> = { ...files };
  if (text !== undefined) all['/srv/signalbox.yml'] = text;
  return loadConfig({
    ...(file === undefined ? {} : { file }),
    env,
    cwd: '/srv',
    readFile: (path) => {
      const found = all[path];
      if (found === undefined) throw Object.assign(new Error('no'), { code: 'ENOENT' });
      return found;
    },
  });
}

function configOf(from: From, file?: string): Config {
  const result = load(from, file);
  assert.ok('config' in result, 'error' in result ? result.error.message : '');
  return result.config;
}

function errorOf(from: From, file?: string) {
  const result = load(from, file);
  assert.ok('error' in result, 'the configuration was accepted');
  return result.error;
}

/** `line:column path: message`, or `VARIABLE path: message`. */
function problemsOf(from: From): string[] {
  return errorOf(from).problems.map(
    ({ line, column, variable, path, message, suggestion }) =>
      `${variable ?? `${line}:${column}`} ${path}: ${message}${suggestion ? ` [${suggestion}]` : ''}`,
  );
}

suite('the operator file', () => {
  test('of the smallest kind has every default', () => {
    assert.deepEqual(configOf({ text: SMALLEST }), {
      listen: { host: '127.0.0.1', port: 8080 },
      url: 'https://ci.example.org',
      data: '/srv/data',
      forges: {
        acme: {
          kind: 'gitea',
          url: 'https://git.example.org',
          token: 't0ken',
          webhookSecret: SECRET,
          repositories: ['acme/*'],
        },
      },
      runners: {
        local: { kind: 'lifecycle', deployers: ['process'], slots: 2, uidBase: 71_000 },
      },
      limits: { maxBodyBytes: 5 * 2 ** 20, maxUnfinished: 10_000, keepDays: 90 },
      log: { level: 'info' },
      timings: {
        leaseMs: 15_000,
        pollMs: 500,
        backoffMs: 300_000,
        quietMs: 3_000,
        editMs: 10_000,
        commentSettleMs: 15_000,
        buildSettleMs: 60_000,
      },
      catchUpSeconds: 60,
    });
  });

  test('in the docs is accepted with its secrets given', () => {
    const env = { GITEA_TOKEN: 'gt', DRONE_TOKEN: 'dt', DRONE_WEBHOOK_SECRET: SECRET };
    const files = { '/run/secrets/gitea-webhook': `${SECRET}x\n` };
    const result = load({ text: OPERATOR_EXAMPLE, env, files });
    assert.ok('config' in result, 'error' in result ? result.error.message : '');
    assert.equal(result.config.forges.acme?.webhookSecret, `${SECRET}x`);
    assert.equal(result.config.database, undefined);
    assert.deepEqual([...result.secrets].sort(), [SECRET, `${SECRET}x`, 'dt', 'gt']);
  });

  test('cannot be changed once it is loaded', () => {
    const config = configOf({ text: SMALLEST });
    assert.throws(() => Object.assign(config.log, { level: 'debug' }), TypeError);
  });

  test('is looked for by option, then by variable, then in the working directory', () => {
    const at = (port: number) => `${SMALLEST}listen: ":${port}"\n`;
    const files = { '/etc/a.yml': at(1), '/srv/b.yml': at(2) };
    const env = { SIGNALBOX_CONFIG: 'b.yml' };
    assert.equal(configOf({ text: at(3), env, files }, '/etc/a.yml').listen.port, 1);
    assert.equal(configOf({ text: at(3), env, files }).listen.port, 2);
    assert.equal(configOf({ text: at(3), files }).listen.port, 3);
    assert.equal(errorOf({ text: at(3) }, 'c.yml').message, 'c.yml: does not exist');
  });

  test('accepts the usual ways to write where to listen, and no others', () => {
    const listenOf = (value: string) =>
      load({ text: `${SMALLEST}listen: ${JSON.stringify(value)}` });
    for (const [value, host, port] of [
      [':8080', '0.0.0.0', 8080],
      ['[::1]:8080', '::1', 8080],
      ['localhost:0', 'localhost', 0],
    ] as const) {
      const result = listenOf(value);
      assert.deepEqual('config' in result && result.config.listen, { host, port }, value);
    }
    for (const value of [
      '8080',
      'host',
      'host:',
      'a:b',
      '::1:80',
      'h:65536',
      'http://h:80',
      ' :1',
    ]) {
      assert.ok('error' in listenOf(value), value);
    }
  });

  test('counts an empty database and Redis as none, and masks their passwords', () => {
    const text = `${SMALLEST}database: \${env:DATABASE_URL}\nredis: \${env:REDIS_URL}\n`;
    const none = configOf({ text, env: { REDIS_URL: '' } });
    assert.deepEqual([none.database, none.redis], [undefined, undefined]);
    const env = { DATABASE_URL: 'postgres://u:p%40ss@h/d', REDIS_URL: '/run/redis.sock' };
    const result = load({ text, env });
    assert.ok('config' in result);
    assert.equal(result.config.redis, '/run/redis.sock');
    assert.deepEqual(result.secrets.slice(-2), ['p%40ss', 'p@ss']);
  });
});

suite('the environment', () => {
  test('alone is enough', () => {
    const env = {
      SIGNALBOX_URL: 'http://127.0.0.1:1',
      SIGNALBOX_FORGES__ACME__KIND: 'playground',
      SIGNALBOX_FORGES__ACME__URL: 'http://127.0.0.1:2',
      SIGNALBOX_FORGES__ACME__TOKEN: `\${file:token}`,
      SIGNALBOX_FORGES__ACME__WEBHOOKSECRET: SECRET,
      SIGNALBOX_FORGES__ACME__REPOSITORIES: 'demo/*, a/b',
      SIGNALBOX_RUNNERS__MY_BOX__KIND: 'lifecycle',
      SIGNALBOX_RUNNERS__MY_BOX__SLOTS: '3',
      SIGNALBOX_LIMITS__MAX_BODY_BYTES: '1k',
    };
    const config = configOf({ env, files: { '/srv/token': 'abc\n' } });
    assert.deepEqual(config.forges.acme, {
      kind: 'playground',
      url: 'http://127.0.0.1:2',
      token: 'abc',
      webhookSecret: SECRET,
      repositories: ['demo/*', 'a/b'],
    });
    assert.equal(config.limits.maxBodyBytes, 1024);
    const box = config.runners['my-box'];
    assert.ok(box?.kind === 'lifecycle' && box.slots === 3);
  });

  test('wins over the file, whatever the case', () => {
    const env = { signalbox_Forges__aCmE__Token: 'other', SIGNALBOX_LOG__LEVEL: 'debug' };
    const config = configOf({ text: SMALLEST, env });
    const { acme } = config.forges;
    assert.ok(acme?.kind === 'gitea' && acme.token === 'other');
    assert.equal(config.log.level, 'debug');
  });

  test('may hold variables with our prefix that are no configuration', () => {
    configOf({
      text: SMALLEST,
      env: { SIGNALBOX_RUN: '01ABC', SIGNALBOX_: 'x', SIGNALBOX_A__B: '1' },
    });
  });

  test('is named when a value of it is wrong', () => {
    const env = {
      SIGNALBOX_LISTEN: 'nowhere',
      SIGNALBOX_LOG__LEVL: 'info',
      SIGNALBOX_FORGES__ACME__REPOSITORIES: 'acme',
    };
    assert.deepEqual(problemsOf({ text: SMALLEST, env }).sort(), [
      'SIGNALBOX_FORGES__ACME__REPOSITORIES forges.acme.repositories[0]: must be `owner/name`; ' +
        '`*` stands for any name',
      'SIGNALBOX_LISTEN listen: must be host:port such as `127.0.0.1:8080`, `:8080` or `[::1]:8080`',
      'SIGNALBOX_LOG__LEVL log: unknown key `levl` [level]',
    ]);
  });

  test('that is not enough without a file brings the next step', () => {
    const { message } = errorOf({});
    assert.match(message, /^There is no signalbox\.yml here, .*\n.*docs\/configuration\.md/);
    assert.match(message, /^SIGNALBOX_URL {2}url: is missing$/m);
    assert.match(message, /^SIGNALBOX_FORGES__<NAME>__KIND {2}forges: is missing$/m);
  });
});

suite('problems of the operator file', () => {
  const withForge = (from: string, to: string) => SMALLEST.replace(from, to);
  const cases: readonly [about: string, text: string, ...problems: string[]][] = [
    [
      'a missing key',
      withForge('    token: t0ken\n', ''),
      '3:3 forges.acme.token: is missing; write it, or set SIGNALBOX_FORGES__ACME__TOKEN',
    ],
    ['an unknown key', `${SMALLEST}databse: x\n`, '11:1 file: unknown key `databse` [database]'],
    [
      'an unknown kind of forge',
      withForge('gitea', 'gitae'),
      '4:11 forges.acme.kind: unknown kind `gitae` [gitea]',
    ],
    [
      'half of an App',
      SMALLEST.replace(/ {4}kind[\s\S]*Secret.*$/m, '    kind: github\n    appId: 7'),
      '5:12 forges.acme.appId: goes with `privateKey` and `webhookSecret`: write all of them or none',
    ],
    [
      'an unknown kind of runner',
      withForge('kind: lifecycle', 'kind: dron'),
      '10:18 runners.local.kind: unknown kind `dron` [drone]',
    ],
    [
      'a runner without a kind',
      withForge('{ kind: lifecycle }', '{ slots: 1 }'),
      '10:3 runners.local.kind: is missing; write it, or set SIGNALBOX_RUNNERS__LOCAL__KIND',
    ],
    [
      'a deployer of a later version',
      withForge('lifecycle }', 'lifecycle, deployers: [process, swarm] }'),
      '10:50 runners.local.deployers[1]: `swarm` is not in this version yet',
    ],
    [
      'no slot',
      withForge('lifecycle }', 'lifecycle, slots: 0 }'),
      '10:36 runners.local.slots: must be at least 1',
    ],
    [
      'a part of a slot',
      withForge('lifecycle }', 'lifecycle, slots: 1.5 }'),
      '10:36 runners.local.slots: must be a whole number',
    ],
    [
      'an address without scheme',
      withForge('https://git.example.org', 'git.example.org'),
      '5:10 forges.acme.url: must be an http:// or https:// address without user, query or fragment',
    ],
    [
      'an address with a password',
      withForge('https://git', 'https://a:b@git'),
      '5:10 forges.acme.url: must be an http:// or https:// address without user, query or fragment',
    ],
    [
      'a pattern that would match nothing',
      withForge('"acme/*"', '"*"'),
      '8:20 forges.acme.repositories[0]: must be `owner/name`; `*` stands for any name',
    ],
    [
      'a database that is no PostgreSQL',
      `${SMALLEST}database: mysql://h/d\n`,
      '11:11 database: must be a postgres:// address, or empty for SQLite',
    ],
    [
      'a variable that is not set',
      withForge('t0ken', `\${env:NOPE}`),
      '6:12 forges.acme.token: the environment variable it refers to is not set',
    ],
    [
      'a file that does not exist',
      withForge(SECRET, `"\${file:/run/nope}"`),
      '7:20 forges.acme.webhookSecret: the file it refers to does not exist',
    ],
    [
      'an unknown reference',
      withForge('t0ken', `\${vault:x}`),
      `6:12 forges.acme.token: a reference must be \${env:NAME} or \${file:PATH}`,
    ],
    [
      'a duplicate and a wrong value',
      `${SMALLEST}url: ftp://x\n`,
      '11:1 file: the same key stands in line 1 already',
      '11:6 url: must be an http:// or https:// address without user, query or fragment',
    ],
  ];
  for (const [about, text, ...problems] of cases) {
    test(`${about} is reported at its place`, () => {
      assert.deepEqual(problemsOf({ text }), problems);
    });
  }

  test('secrets that are empty, well known or short are refused, on a playground too', () => {
    for (const kind of ['gitea', 'forgejo', 'playground']) {
      for (const value of [
        '',
        'changeme',
        'CHANGEME',
        'development',
        'secret',
        'test',
        'a'.repeat(15),
      ]) {
        const text = withForge(SECRET, JSON.stringify(value)).replace('gitea', kind);
        assert.match(problemsOf({ text })[0] ?? '', /^7:20 forges.acme.webhookSecret: /, value);
      }
      for (const value of ['', 'changeme', 'two words']) {
        const text = withForge('t0ken', JSON.stringify(value)).replace('gitea', kind);
        assert.match(problemsOf({ text })[0] ?? '', /^6:12 forges.acme.token: /, value);
      }
    }
  });

  test('an empty secret out of a variable or a file is refused too', () => {
    const text = withForge('t0ken', `\${env:T}`).replace(SECRET, `\${file:s}`);
    const problems = problemsOf({ text, env: { T: '' }, files: { '/srv/s': '\n' } });
    assert.deepEqual(
      problems.map((problem) => problem.slice(0, 5).trim()),
      ['6:12', '7:20'],
    );
  });

  test('the terminal text holds no secret, however broken the file is', () => {
    const line = `d: { kind: drone, url: ftp://x, token: s3cr3t-one, webhookSecret: "s3cr3t-two" }`;
    const whole = `${SMALLEST}  ${line}\nredis: s3cr3t://x\n`;
    for (const text of [whole, `${whole}x: "open\n`, `${whole.replace('one,', 'one]')}`]) {
      const { message } = errorOf({ text });
      assert.ok(!message.includes('s3cr3t'), message);
      assert.match(message, /^signalbox\.yml:1/);
    }
  });

  test('all are reported at once, with place and caret', () => {
    const text = `${SMALLEST.replace('https://ci', 'ftp://ci').replace('gitea', 'gitlab')}lsten: x\n`;
    assert.equal(
      errorOf({ text }).message,
      [
        'signalbox.yml:1:6  url: must be an http:// or https:// address without user, query or fragment',
        '    1 | url: ftp://ci.example.org/',
        '      |      ^^^^^^^^^^^^^^^^^^^^^',
        'signalbox.yml:4:11  forges.acme.kind: unknown kind `gitlab`. Did you mean `gitea`?',
        '    4 |     kind: gitlab',
        '      |           ^^^^^^',
        'signalbox.yml:11:1  file: unknown key `lsten`. Did you mean `listen`?',
        '   11 | lsten: x',
        '      | ^^^^^',
      ].join('\n'),
    );
  });

  test('no text and no environment crashes the loader', () => {
    const text = fc
      .tuple(
        fc.nat(OPERATOR_EXAMPLE.length),
        fc.nat(30),
        fc.string({ unit: 'binary', maxLength: 8 }),
      )
      .map(
        ([at, n, piece]) => OPERATOR_EXAMPLE.slice(0, at) + piece + OPERATOR_EXAMPLE.slice(at + n),
      );
    const key = fc
      .array(fc.constantFrom('FORGES', 'ACME', '__', 'URL', '_', '__PROTO__', 'LIMITS', 'x'))
      .map((parts) => `SIGNALBOX_${parts.join('')}`);
    const env = fc.dictionary(key, fc.oneof(fc.string(), fc.constant(`\${env:A}`)), { maxKeys: 4 });
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), env, (file, variables) => {
        load({ text: file, env: variables });
      }),
      { numRuns: 200 },
    );
  });
});
