import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Diagnosis } from '../../src/domain/run.ts';
import { buildQuery } from '../../src/runner/drone/params.ts';
import { aDroneRun, SHA } from '../support/fake-drone/a-run.ts';

function withParams(params: Readonly<Record<string, string>>) {
  return aDroneRun({ plan: { kind: 'remote', params, timeoutMs: 1 } });
}

function refusal(run: Parameters<typeof buildQuery>[0]): Diagnosis {
  const result = buildQuery(run);
  if ('query' in result) assert.fail(`nothing was refused: ${result.query.toString()}`);
  return result.rejected;
}

test('the query names branch, full commit, the parameters of the plan and the run', () => {
  const result = buildQuery(aDroneRun());
  assert.ok('query' in result);
  assert.deepEqual(Object.fromEntries(result.query), {
    branch: 'feature/one',
    commit: SHA,
    RECIPE: 'shop',
    SIGNALBOX_RUN: '01K9ZQ8DRONERUN0000000001',
    SIGNALBOX_PULL: '7',
    SIGNALBOX_SUITE: 'testme',
  });
});

test('parameter names that Drone reads itself are refused in any case', () => {
  const names = [
    'target',
    'message',
    'action',
    'branch',
    'commit',
    'access_token',
    'debug',
    'DRONE_BUILD_NUMBER',
    'CI_COMMIT',
    'CI',
    'SIGNALBOX_RUN',
    'PATH',
    'BASH_ENV',
  ];
  for (const name of names.flatMap((word) => [word, word.toLowerCase(), word.toUpperCase()])) {
    const { code, class: whose } = refusal(withParams({ [name]: 'x' }));
    assert.deepEqual([code, whose], ['drone.param_name', 'configuration'], name);
  }
});

test('a parameter value that could leave its place in the YAML is refused and not repeated', () => {
  const values = [
    '"; echo injected; echo "',
    '$(id)',
    '`id`',
    'a b',
    'a\nb',
    "'",
    `$\{X}`,
    'ü',
    '#',
  ];
  for (const value of values) {
    const problem = refusal(withParams({ GREETING: value }));
    assert.equal(problem.code, 'drone.param_value', value);
    assert.equal(`${problem.headline}${problem.hint}`.includes(value) && value.length > 1, false);
  }
  assert.equal(refusal(withParams({ LONG: 'x'.repeat(257) })).code, 'drone.param_value');
});

test('of all characters below 256 exactly those of the whitelist may stand in a value or branch', () => {
  const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
  const allowed = characters.filter(
    (character) => 'query' in buildQuery(withParams({ A: character })),
  );
  assert.equal(
    allowed.join(''),
    '+-./0123456789:@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz',
  );
  const inBranch = characters.filter(
    (character) => 'query' in buildQuery(aDroneRun({ headRef: `a${character}b` })),
  );
  assert.equal(inBranch.join(''), allowed.join('').replace(':', ''));
});

test('a hostile branch name is refused as something to change in the pull request', () => {
  for (const headRef of ['$(id)', 'a"b', '`id`', 'a b', 'a\nb', '--upload-pack=x', '', 'x/../y']) {
    const { code, class: whose, headline } = refusal(aDroneRun({ headRef }));
    assert.deepEqual([code, whose], ['drone.branch_name', 'change'], headRef);
    assert.equal(headline, 'the branch name cannot be passed to Drone safely');
  }
});

test('the head of a fork is refused, as the clone step of Drone cannot fetch it', () => {
  for (const headRef of ['refs/pull/1/head', 'mallory:main']) {
    const problem = refusal(aDroneRun({ headRef }));
    assert.equal(problem.code, 'drone.fork');
    assert.equal(problem.headline, 'Drone cannot check out the head of a fork');
  }
});

test('an abbreviated commit is refused, as Drone would expand it to whatever it finds', () => {
  assert.equal(refusal(aDroneRun({ sha: '2d6deb33' })).code, 'drone.commit');
});

test('a suite name that Drone could misread is refused', () => {
  assert.equal(refusal(aDroneRun({ suite: '$(id)' })).code, 'drone.suite_name');
});

test('parameters that would not fit into an address are refused', () => {
  const many = Array.from({ length: 40 }, (_, n) => [`P${n}`, 'x'.repeat(200)]);
  assert.equal(
    refusal(withParams(Object.fromEntries(many) as Record<string, string>)).code,
    'drone.params_too_long',
  );
});

test('nothing outside the whitelist ever reaches the query, whatever a run holds', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.stringMatching(/^[A-Za-z0-9._/@:+-]{0,20}$/),
    fc.constantFrom('$(id)', '";id;"', '`id`', 'a&b=c', 'a\r\nb', 'refs/pull/1/head', 'main'),
  );
  const name = fc.oneof(
    hostile,
    fc.stringMatching(/^[A-Z_]{1,12}$/),
    fc.constantFrom('target', 'DRONE_X', 'branch', 'commit', '__proto__', 'access_token'),
  );
  let sent = 0;
  fc.assert(
    fc.property(
      fc.dictionary(name, hostile, { maxKeys: 3 }),
      hostile,
      fc.oneof(hostile, fc.constant('testme')),
      (params, headRef, suite) => {
        const run = { ...withParams(params), headRef, suite };
        const result = buildQuery(run);
        if ('rejected' in result) return;
        sent += 1;
        const names = result.query.keys().toArray();
        assert.equal(new Set(names).size, names.length);
        assert.match(result.query.toString(), /^[A-Za-z0-9._*%&=+-]{1,4000}$/);
        for (const [key, value] of result.query) {
          assert.match(key, /^[A-Za-z_][A-Za-z0-9_]*$/);
          assert.match(value, /^[A-Za-z0-9._/@:+-]*$/);
          assert.doesNotMatch(key, /^(drone_|ci_|access_token$|target$|message$|action$)/i);
        }
        assert.equal(result.query.get('branch'), headRef);
        assert.equal(result.query.get('commit'), SHA);
        assert.equal(result.query.get('SIGNALBOX_RUN'), run.id);
      },
    ),
    { numRuns: 2_000 },
  );
  assert.ok(sent > 50, `only ${sent} of the runs were sent: the property says nothing`);
});
