import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { createInstallation, type Installation, REPOSITORY } from './installation.ts';

const PULL = `${REPOSITORY}#1`;

const json = (text: string): unknown => JSON.parse(text);

async function finishBuild(place: Installation, number: number, how: 'success' | 'failure') {
  await eventually(`build ${number}`, () =>
    place.drone.builds().some((build) => build.number === number),
  );
  await place.drone.finish(number, how);
}

test('the commands that read refuse to make a ledger where there is none', async () => {
  await using place = await createInstallation();
  for (const argv of [
    ['runs'],
    ['deliveries'],
    ['show', '1'],
    ['trigger', 'acme', PULL, '!testme'],
  ]) {
    const { code, stderr, stdout } = await place.cli(...argv);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /there is no ledger in .*\n→ Make it: signalbox migrate\n$/);
  }
});

test('migrate makes the ledger once and says what it did', async () => {
  await using place = await createInstallation();
  const first = await place.cli('migrate', '--json');
  assert.equal(first.code, 0);
  assert.match(first.stdout, /0001-init/);
  assert.deepEqual(json((await place.cli('migrate', '--json')).stdout), { done: [] });
  assert.equal((await place.cli('migrate')).stdout, 'The ledger is up to date.\n');
});

test('connect creates the webhook, leaves a right one alone and repairs a wrong one', async () => {
  await using place = await createInstallation();
  await place.cli('migrate');
  const connect = () => place.cli('connect', 'acme', REPOSITORY, '--json');
  const outcomes: unknown[] = [];
  outcomes.push(json((await connect()).stdout), json((await connect()).stdout));
  const [repository] = place.forge.world.repositories.values();
  const [hook] = repository?.hooks.values() ?? [];
  assert.ok(hook);
  hook.active = false;
  outcomes.push(json((await connect()).stdout));
  assert.deepEqual(
    outcomes.map((outcome) => (outcome as { outcome: string }).outcome),
    ['created', 'unchanged', 'repaired'],
  );
  assert.equal(repository?.hooks.size, 1);
  assert.match(
    (await place.cli('connect', 'acme', REPOSITORY)).stdout,
    /unchanged, delivers to http/,
  );
  const unknown = await place.cli('connect', 'acmee', REPOSITORY);
  assert.match(unknown.stderr, /no forge "acmee".*\n→ There is: acme\.\n$/);
  const outside = await place.cli('connect', 'acme', 'other/shop');
  assert.match(
    outside.stderr,
    /→ Add it under `forges\.acme\.repositories` in signalbox\.yml\.\n$/,
  );
  assert.deepEqual([unknown.code, outside.code], [2, 2]);
});

test('trigger --wait ends with the verdict: 0 passed, 1 failed, 2 anything else', async () => {
  await using place = await createInstallation();
  await place.serve();
  const trigger = () => place.cli('trigger', 'acme', PULL, '!testme', '--wait');
  const passed = trigger();
  await finishBuild(place, 1, 'success');
  assert.deepEqual(await passed, {
    code: 0,
    stdout: `run 1: passed ${place.url}/r/1\n`,
    stderr: '',
  });
  const failed = trigger();
  await finishBuild(place, 2, 'failure');
  assert.equal((await failed).code, 1);
  const cancelled = trigger();
  await eventually('build 3', () => place.drone.builds().length === 3);
  const asked = await place.cli('cancel', '3', '--json');
  assert.equal((json(asked.stdout) as { number: number }).number, 3);
  const { code, stdout } = await cancelled;
  assert.equal(code, 2);
  assert.match(stdout, /^run 3: cancelled /);
  assert.match((await place.cli('cancel', '#3')).stdout, /over already: cancelled/);
  const refused = await place.cli('trigger', 'acme', PULL, '!testme nosuch', '--wait', '--json');
  assert.equal(refused.code, 2);
  assert.match(refused.stdout, /"outcome": "unknown_suite"/);
  const help = await place.cli('trigger', 'acme', PULL, '!help', '--wait');
  assert.deepEqual([help.code, help.stdout], [0, '!help: answered\n']);

  const runs = await place.cli('runs');
  assert.deepEqual(
    runs.stdout.split('\n').map((line) => line.split('\t').slice(0, 4)),
    [
      ['3', 'cancelled', 'testme', PULL],
      ['2', 'failed', 'testme', PULL],
      ['1', 'passed', 'testme', PULL],
      [''],
    ],
  );
  const failedOnes = await place.cli('runs', '--state', 'failed', '--json');
  assert.deepEqual(
    (json(failedOnes.stdout) as { number: number }[]).map((run) => run.number),
    [2],
  );
  const show = json((await place.cli('show', '2', '--json')).stdout) as {
    run: { state: string };
    operations: unknown[];
  };
  assert.equal(show.run.state, 'failed');
  assert.ok(show.operations.length >= 3);
  assert.match((await place.cli('show', '2')).stdout, /^run 2 failed · testme on demo\/shop#1 at /);
  assert.match((await place.cli('show', '99')).stderr, /no run 99\n→ List them: signalbox runs\n$/);
  const deliveries = await place.cli('deliveries', '--json');
  assert.match(deliveries.stdout, /"!testme → accepted"/);
  assert.match((await place.cli('deliveries')).stdout, /\tcli\taccepted\t!testme → accepted$/m);
});

test('trigger --wait says so when nobody takes the command up', async () => {
  await using place = await createInstallation();
  await place.cli('migrate');
  const lost = await place.cli('trigger', 'acme', PULL, '!testme', '--wait', '--patience', '1');
  assert.equal(lost.code, 2);
  assert.match(
    lost.stderr,
    /nobody has taken the command up.*\n→ Is a worker running\? signalbox serve\n$/,
  );
});

test('trigger refuses at once what is no command, no pull request or not ours', async () => {
  await using place = await createInstallation();
  await place.cli('migrate');
  const cases = [
    { argv: ['acme', PULL, 'hello'], code: 64, says: /"hello" is no command\n→ .*!testme\n$/ },
    { argv: ['acme', PULL, '!tesmte'], code: 64, says: /→ A command looks like this: !testme\n$/ },
    {
      argv: ['acme', 'demo/shop', '!testme'],
      code: 64,
      says: /names no pull request\n→ Write it so: /,
    },
    {
      argv: ['acme', 'other/x#1', '!testme'],
      code: 2,
      says: /repository_not_allowed\n→ Is other\/x under/,
    },
  ];
  for (const { argv, code, says } of cases) {
    const ended = await place.cli('trigger', ...argv);
    assert.equal(ended.code, code);
    assert.match(ended.stderr, says);
  }
});

test('lint checks the file of a repository and the file of an installation', async () => {
  await using place = await createInstallation();
  const put = (name: string, text: string) => writeFile(join(place.directory, name), text);
  await put('.signalbox.yml', 'suites:\n  testme: { runnner: drone }\n');
  const broken = await place.cli('lint');
  assert.equal(broken.code, 1);
  assert.match(broken.stdout, /^\.signalbox\.yml:2:13 .*runnner.*Did you mean `runner`/m);
  await put('.signalbox.yml', 'suites:\n  testme: { runner: drone }\n');
  assert.equal((await place.cli('lint')).stdout, '.signalbox.yml is right.\n');
  assert.equal((await place.cli('lint', 'signalbox.yml')).stdout, 'signalbox.yml is right.\n');
  await put('other.yml', 'listen: nowhere\nforges: {}\nrunnerz: {}\n');
  const other = await place.cli('lint', 'other.yml');
  assert.equal(other.code, 1);
  assert.match(other.stdout, /^other\.yml:1:9 /m);
  assert.match(other.stdout, /Did you mean `runners`/);
  assert.ok(Array.isArray(json((await place.cli('lint', 'other.yml', '--json')).stdout)));
  assert.equal((await place.cli('lint', 'nowhere.yml')).code, 2);
});

test('wrong configuration ends with 78 and every problem at once', async () => {
  await using place = await createInstallation();
  await place.configure({ listen: 'nowhere', forges: {}, typo: 1 });
  for (const argv of [['serve'], ['runs'], ['migrate']]) {
    const { code, stderr } = await place.cli(...argv);
    assert.equal(code, 78);
    for (const problem of [/listen/, /forges/, /typo/]) assert.match(stderr, problem);
    assert.match(stderr, /\n→ Mend that .*signalbox lint signalbox\.yml\n$/);
  }
});

test('wrong use ends with 64, the nearest name and where to look', async () => {
  await using place = await createInstallation();
  const cases = [
    {
      argv: ['rns'],
      says: /unknown command 'rns'\n\(Did you mean runs\?\)\nType `signalbox --help`/,
    },
    { argv: ['runs', '--jsno'], says: /unknown option '--jsno'\n\(Did you mean --json\?\)/ },
    { argv: ['runs', '--state', 'green'], says: /Allowed choices are queued, / },
    { argv: ['runs', '--limit', '-1'], says: /a number from 1 on/ },
    { argv: ['show'], says: /missing required argument 'run'/ },
  ];
  for (const { argv, says } of cases) {
    const { code, stderr } = await place.cli(...argv);
    assert.equal(code, 64);
    assert.match(stderr, says);
  }
});

test('what a stranger wrote cannot reach the terminal as a control sequence', async () => {
  await using place = await createInstallation();
  await place.serve();
  await place.cli('connect', 'acme', REPOSITORY);
  const pull = { repository: REPOSITORY, pull: 1 };
  await place.forge.comment(pull, 'alice', '!testme \u001b]0;owned\u0007\u009b2J \u202e');
  await eventually('the answer', () => place.answers().length === 1);
  const shown = await place.tty({ NO_COLOR: '1' }, 'deliveries');
  assert.match(shown.stdout, /comment-created.*!testme/);
  assert.doesNotMatch(shown.stdout.replaceAll(/[\r\n]/g, ''), /[\p{Cc}\p{Cf}]/u);
});

test('on a terminal there are heads and colours, and none of the colours with NO_COLOR', async () => {
  await using place = await createInstallation();
  await place.serve();
  await place.cli('trigger', 'acme', PULL, '!testme');
  await finishBuild(place, 1, 'success');
  await eventually('the end', async () => /passed/.test((await place.cli('runs')).stdout));
  const coloured = await place.tty({}, 'runs');
  assert.match(coloured.stdout, /run.*state.*pull request/);
  assert.ok(coloured.stdout.includes('\u001b[32mpassed\u001b['));
  const plain = await place.tty({ NO_COLOR: '1' }, 'runs');
  assert.ok(!plain.stdout.includes('\u001b'));
  assert.match(plain.stdout, /^1\s+passed\s+testme\s+demo\/shop#1/m);
});
