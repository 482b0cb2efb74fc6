import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { formatProblems } from '../../src/domain/config-problems.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import { parseRepoConfig } from '../../src/domain/repo-config.ts';

const TODAY = '2026-11-21';
const SMALLEST =
  'version: 1, app: shop, deploy: process, services: { web: { run: [node, app.js] } }';

/** The recipe as the inside of a flow mapping. */
function parse(recipe: string) {
  return parseRepoConfig(`suites:\n  smoke:\n    runner: local\n    recipe: { ${recipe} }\n`, {
    today: TODAY,
  });
}

function recipeOf(recipe: string): Recipe {
  const result = parse(recipe);
  assert.ok('config' in result, 'problems' in result ? formatProblems('f', result.problems) : '');
  const smoke = result.config.suites.smoke;
  assert.ok(smoke?.kind === 'lifecycle');
  return smoke.recipe;
}

/** `marked text » path below the recipe: message [suggestion]` of each problem. */
function problemsOf(recipe: string): string[] {
  const result = parse(recipe);
  assert.ok('problems' in result, 'the recipe was accepted');
  return result.problems.map(({ line, column, length, source, path, message, suggestion }) => {
    const below = path.replace(/^suites\.smoke\.recipe\.?/, '');
    assert.equal(line, 4);
    const marked = source.slice(column - 1, column - 1 + length);
    return `${marked} » ${below}: ${message}${suggestion ? ` [${suggestion}]` : ''}`;
  });
}

suite('a recipe', () => {
  test('of the smallest kind has every default', () => {
    assert.deepEqual(recipeOf(SMALLEST), {
      version: 1,
      app: 'shop',
      deploy: 'process',
      env: {},
      build: [],
      services: { web: { run: ['node', 'app.js'], env: {}, stopGraceMs: 10_000 } },
      health: { stableForMs: 1000 },
      versions: { previous: 'semver' },
      data: { backup: { pre: [], paths: [], post: [] }, restore: { pre: [], post: [] } },
      stages: { expectedNa: {}, custom: [] },
      timeouts: {
        convergenceMs: 300_000,
        hookMs: 120_000,
        stageMs: 900_000,
        runMs: 3_600_000,
        teardownMs: 60_000,
      },
      resources: { memoryBytes: 2 ** 30, pids: 256, fileBytes: 2 ** 30 },
    });
  });

  test('keeps all that is written, in ms and bytes', () => {
    const recipe = recipeOf(
      `${SMALLEST}, env: { A: "1" }, build: [[npm, ci]], ` +
        'health: { http: { service: web, path: /up }, stable_for: 500ms }, versions: { previous: none }, ' +
        'data: { marker: { seed: [s], drop: [d], assert: [a] }, ' +
        'backup: { pre: [[b]], paths: [db/files], post: [] }, restore: { post: [[r, x]] } }, ' +
        'stages: { install: {}, upgrade: { expected_na: { reason: moving tag, until: 2026-11-21 } }, ' +
        'custom: [{ name: api, run: [npm, t], junit: out/j.xml, timeout: 90s }] }, ' +
        'timeouts: { run: 2h }, resources: { memory: 512m, pids: 64, file: 1048576 }',
    );
    assert.deepEqual(recipe.env, { A: '1' });
    assert.deepEqual(recipe.build, [['npm', 'ci']]);
    assert.deepEqual(recipe.health, {
      http: { service: 'web', path: '/up', ok: [200] },
      stableForMs: 500,
    });
    assert.deepEqual(recipe.versions, { previous: 'none' });
    assert.deepEqual(recipe.data, {
      marker: { seed: ['s'], drop: ['d'], assert: ['a'] },
      backup: { pre: [['b']], paths: ['db/files'], post: [] },
      restore: { pre: [], post: [['r', 'x']] },
    });
    assert.deepEqual(recipe.stages, {
      expectedNa: { upgrade: { reason: 'moving tag', until: '2026-11-21' } },
      custom: [{ name: 'api', run: ['npm', 't'], junit: 'out/j.xml', timeoutMs: 90_000 }],
    });
    assert.equal(recipe.timeouts.runMs, 7_200_000);
    assert.deepEqual(recipe.resources, {
      memoryBytes: 512 * 2 ** 20,
      pids: 64,
      fileBytes: 2 ** 20,
    });
  });

  test('gives its own limit to the run, unless the suite has one', () => {
    const limitOf = (suiteLine: string) => {
      const text = `suites: { s: { runner: local${suiteLine}, recipe: { ${SMALLEST}, timeouts: { run: 5m } } } }`;
      const result = parseRepoConfig(text, { today: TODAY });
      assert.ok('config' in result);
      return result.config.suites.s?.timeoutMs;
    };
    assert.equal(limitOf(''), 300_000);
    assert.equal(limitOf(', timeout: 7m'), 420_000);
  });

  test('runs all stages when the suite names none, and named ones in their order', () => {
    const stagesOf = (stages: string) => {
      const text = `suites: { s: { runner: local${stages}, recipe: { ${SMALLEST} } } }`;
      const result = parseRepoConfig(text, { today: TODAY });
      assert.ok('config' in result);
      const suiteOf = result.config.suites.s;
      return suiteOf?.kind === 'lifecycle' ? suiteOf.stages : undefined;
    };
    assert.deepEqual(stagesOf(''), ['install', 'upgrade', 'backup', 'restore', 'custom']);
    assert.deepEqual(stagesOf(', stages: [custom, install]'), ['install', 'custom']);
  });
});

suite('a wrong recipe', () => {
  const cases: readonly [about: string, recipe: string, ...problems: string[]][] = [
    [
      'without what it needs',
      'version: 1',
      'recipe » app: is missing',
      'recipe » deploy: is missing',
      'recipe » services: is missing',
    ],
    [
      'of another version',
      SMALLEST.replace('version: 1', 'version: 2'),
      '2 » version: must be the number 1',
    ],
    [
      'with a bad name',
      SMALLEST.replace('shop', 'Shop_1'),
      'Shop_1 » app: must be small letters, digits and `-`, begin with a letter, have at most 31 characters',
    ],
    [
      'for a deployer of a later version',
      SMALLEST.replace('process', 'compose'),
      'compose » deploy: `compose` is not in this version yet',
    ],
    [
      'for a misspelt deployer',
      SMALLEST.replace('process', 'proces'),
      'proces » deploy: unknown deployer `proces` [process]',
    ],
    [
      'with keys of a later version',
      `${SMALLEST}, warm: {}`,
      'warm » : `warm` is not in this version yet',
    ],
    [
      'without services',
      SMALLEST.replace('{ web: { run: [node, app.js] } }', '{}'),
      '{} » services: must not be empty',
    ],
    [
      'with a shell line',
      SMALLEST.replace('[node, app.js]', 'node app.js'),
      'node app.js » services.web.run: must be a list of words such as [npm, ci]: no shell is involved',
    ],
    [
      'with one command where a list of commands belongs',
      `${SMALLEST}, build: [npm]`,
      'npm » build[0]: must be a list of words such as [npm, ci]: no shell is involved',
    ],
    [
      'with a command of no words',
      `${SMALLEST}, build: [[]]`,
      '[] » build[0]: must be a list of words such as [npm, ci]: no shell is involved',
    ],
    [
      'that sets a variable of ours',
      `${SMALLEST}, env: { APP_PORT: "1" }`,
      'APP_PORT » env.APP_PORT: is set by Signalbox itself',
    ],
    [
      'that asks a service which is not there',
      `${SMALLEST}, health: { http: { service: wbe, path: / } }`,
      'wbe » health.http.service: unknown service `wbe` [web]',
    ],
    [
      'with a path that is none',
      `${SMALLEST}, health: { http: { service: web, path: up } }`,
      'up » health.http.path: must begin with `/` and be an encoded path',
    ],
    [
      'with an unknown previous version',
      `${SMALLEST}, versions: { previous: last }`,
      'last » versions.previous: must be `none` or { tag: "semver:<head" }',
    ],
    [
      'that backs up what is not its own',
      `${SMALLEST}, data: { backup: { paths: [/etc, a/../../b] } }`,
      '/etc » data.backup.paths[0]: must be a relative path without `..`',
      'a/../../b » data.backup.paths[1]: must be a relative path without `..`',
    ],
    [
      'with half a marker',
      `${SMALLEST}, data: { marker: { seed: [s], drop: [d] } }`,
      'marker » data.marker.assert: is missing',
    ],
    [
      'whose exception has expired',
      `${SMALLEST}, stages: { upgrade: { expected_na: { reason: r, until: 2026-11-20 } } }`,
      '2026-11-20 » stages.upgrade.expected_na.until: has passed: look at it again',
    ],
    [
      'whose exception has no last day',
      `${SMALLEST}, stages: { upgrade: { expected_na: { reason: r, until: 2026-02-30 } } }`,
      '2026-02-30 » stages.upgrade.expected_na.until: must be a date such as 2027-01-31',
    ],
    [
      'whose exception has no reason',
      `${SMALLEST}, stages: { upgrade: { expected_na: { until: 2027-01-31 } } }`,
      'expected_na » stages.upgrade.expected_na.reason: is missing',
    ],
    [
      'with two tests of one name',
      `${SMALLEST}, stages: { custom: [{ name: a, run: [x] }, { name: a, run: [x] }] }`,
      'a » stages.custom[1].name: a second test is named `a`',
    ],
    [
      'with a size that is none',
      `${SMALLEST}, resources: { memory: lots }`,
      'lots » resources.memory: must be a size such as `512m` or `2g`, or a number of bytes',
    ],
    [
      'with a timeout of nothing',
      `${SMALLEST}, timeouts: { hook: 0s }`,
      '0s » timeouts.hook: must be longer than nothing',
    ],
  ];
  for (const [about, recipe, ...problems] of cases) {
    test(`${about} is refused at the right place`, () => {
      assert.deepEqual(problemsOf(recipe), problems);
    });
  }

  test('tells of an unknown service also when something else is wrong in it', () => {
    const problems = problemsOf(
      `${SMALLEST}, extra: 1, health: { http: { service: db, path: up } }`,
    );
    assert.equal(problems.length, 3);
  });

  test('is refused from the day after its exception ends, and accepted until then', () => {
    const na = 'stages: { upgrade: { expected_na: { reason: r, until: 2026-11-21 } } }';
    const text = `suites: { s: { runner: local, recipe: { ${SMALLEST}, ${na} } } }`;
    assert.ok('config' in parseRepoConfig(text, { today: '2026-11-21' }));
    assert.ok('problems' in parseRepoConfig(text, { today: '2026-11-22' }));
    assert.ok('config' in parseRepoConfig(text, { today: '2026-11-21' }));
  });
});
