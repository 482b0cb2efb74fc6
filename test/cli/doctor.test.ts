import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Finding } from '../../src/domain/finding.ts';
import { openSqliteLedger } from '../../src/ledger/database.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createHttpClient } from '../../src/lib/http-client.ts';
import { examineAll, exitCodeOf, tallyOf } from '../../src/maintenance/doctor.ts';
import { diskFinding } from '../../src/maintenance/doctor-host.ts';
import { postgresFinding } from '../../src/maintenance/doctor-ledger.ts';
import { redisFindings } from '../../src/maintenance/doctor-redis.ts';
import { createDroneRunner } from '../../src/runner/drone/index.ts';
import { eventually } from '../support/eventually.ts';
import { assertWellTold, findingOf, findingsOf, told } from '../support/findings.ts';
import { freePort } from '../support/free-port.ts';
import { createInstallation, type Installation, REPOSITORY } from './installation.ts';

type Report = { readonly findings: readonly Finding[]; readonly tally: Record<string, number> };

async function examine(
  place: Installation,
): Promise<Report & { readonly code: number; readonly find: (subject: string) => Finding }> {
  const { code, stdout, stderr } = await place.cli('doctor', '--json');
  assert.equal(stderr, '');
  const report = JSON.parse(stdout) as Report;
  assertWellTold(report.findings);
  return { ...report, code, find: (subject) => findingOf(report.findings, subject) };
}

/** Up, connected, and closed to the other accounts of the host. */
async function startWell(): Promise<Installation> {
  const place = await createInstallation();
  await mkdir(join(place.directory, 'data'), { mode: 0o711 });
  await place.serve();
  await chmod(join(place.directory, 'data/ledger.sqlite'), 0o600);
  await place.cli('connect', 'acme', REPOSITORY);
  return place;
}

test('an installation that is well has exit code 0, and looks so on a terminal', async () => {
  await using place = await startWell();
  const { code, stdout } = await place.tty({ NO_COLOR: '1' }, 'doctor');
  assert.equal(code, 0, stdout);
  const lines = stdout.replaceAll('\r', '').trimEnd().split('\n');
  assert.equal(lines[0], ' ✔ config             signalbox.yml valid (1 forge, 2 runners)');
  assert.ok(lines.every((line) => !line.startsWith(' ✖') && !line.startsWith(' !')));
  assert.ok(lines.includes(' – acme deliveries    skipped: none has come yet'), stdout);
  assert.equal(lines.at(-1), '20 are fine, 1 skipped.');
  // A comment that comes by webhook is the proof that they do.
  await place.forge.comment({ repository: REPOSITORY, pull: 1 }, 'alice', '!help');
  await eventually('an answer', () => place.answers().length > 0);
  const after = await examine(place);
  assert.equal(after.code, 0);
  assert.match(after.find('acme deliveries').text, /^the last one that mattered came 0 min ago$/);
});

test('it changes nothing: no ledger, no directory, no row', async () => {
  await using place = await createInstallation();
  const { code, find } = await examine(place);
  assert.equal(code, 2);
  assert.deepEqual(find('ledger').mend, ['signalbox migrate']);
  assert.match(find('data').text, /does not exist$/);
  assert.equal(find('disk').tier, 'skipped');
  assert.match(find('public address').text, /asked from this host: connect ECONNREFUSED/);
  assert.equal(find('acme webhook door').tier, 'skipped');
  assert.equal(find('acme webhook of demo/shop').text, 'is missing');
  assert.equal(find('acme deliveries').tier, 'skipped');
  assert.equal(find('local leftovers').tier, 'skipped');
  assert.deepEqual(await readdir(place.directory), ['signalbox.yml']);
  const piped = await place.cli('doctor');
  assert.match(piped.stdout, /^failure\tledger\tthere is none in .*\t.*\tsignalbox migrate$/m);
});

test('problems of signalbox.yml are findings, and everything else is skipped', async () => {
  await using place = await createInstallation();
  await place.configure({ url: 'nonsense', catchUpSeconds: 0 });
  const { code, findings } = await examine(place);
  assert.equal(code, 2);
  assert.equal(findings.length, 3);
  assert.match(findings[0]?.text ?? '', /^signalbox\.yml:1:\d+ url: must be an http/);
  assert.deepEqual(findings[0]?.mend, ['signalbox lint signalbox.yml']);
  assert.equal(findings.at(-1)?.tier, 'skipped');
  await rm(join(place.directory, 'signalbox.yml'));
  const absent = await examine(place);
  assert.ok(absent.findings.every(({ subject }) => /^config|^everything else/.test(subject)));
});

test('one broken part is a finding, and the others are still looked at', async () => {
  await using place = await startWell();
  await place.forge.refuse();
  await writeFile(join(place.directory, 'data/ledger.sqlite-x'), '');
  const { code, find } = await examine(place);
  assert.equal(code, 2);
  assert.match(find('acme server').text, /does not answer/);
  assert.equal(find('acme token').tier, 'skipped');
  assert.equal(find('acme webhook door').tier, 'ok');
  assert.equal(find('drone token').text, 'of bot');
  assert.equal(find('ledger').tier, 'ok');
  await place.forge.accept();
});

test('rights of the data directory, a broken ledger and an older one', async () => {
  await using place = await createInstallation();
  await place.cli('migrate');
  const data = join(place.directory, 'data');
  await chmod(data, 0o755);
  await chmod(join(data, 'ledger.sqlite'), 0o644);
  const open = (await examine(place)).find('data');
  assert.equal(open.tier, 'warning');
  assert.match(open.mend?.[0] ?? '', /^chmod o-rw .*\/data .*\/ledger\.sqlite$/);
  const ledger = openSqliteLedger(join(data, 'ledger.sqlite'));
  ledger.sqlite?.exec('delete from migrations');
  assert.equal((await examine(place)).find('ledger').text, 'it is of an older version');
  ledger.sqlite?.exec("insert into migrations (name, timestamp) values ('9999-later', 'x')");
  assert.match((await examine(place)).find('ledger').text, /written by a newer Signalbox/);
  await ledger.close();
  await rm(data, { recursive: true });
  await mkdir(data);
  await writeFile(join(data, 'ledger.sqlite'), 'this is no database, it is a text of some length');
  const broken = await examine(place);
  assert.match(broken.find('ledger').text, /cannot be opened: /);
  assert.equal(broken.find('acme token').tier, 'ok');
});

test('a PostgreSQL and a Redis that are away are told, and their versions when they are there', async (t) => {
  await using place = await createInstallation();
  const port = await freePort();
  await place.configure({
    database: `postgres://u:secret-of-pg@127.0.0.1:${port}/x`,
    redis: `redis://:secret-of-redis@127.0.0.1:${port}`,
  });
  const away = await examine(place);
  assert.match(away.find('ledger').text, /^it cannot be reached: .*ECONNREFUSED/);
  assert.match(away.find('redis').text, /^it does not answer: .*ECONNREFUSED/);
  assert.doesNotMatch(JSON.stringify(away.findings), /secret-of/);
  const { TEST_DATABASE_URL: database, TEST_REDIS_URL: redis } = process.env;
  if (redis === undefined || database === undefined) {
    t.diagnostic('without PostgreSQL and Redis');
    return;
  }
  await place.configure({ database, redis });
  const there = await examine(place);
  assert.match(there.find('redis').text, /^\d+\.\d+\.\d+, AOF (on|off), \w+/);
  assert.match(there.find('ledger').text, /^PostgreSQL 1\d|of an older version/);
});

test('the public address: another server, another version, a proxy in trouble', async () => {
  await using place = await createInstallation();
  const answers = { status: 200, body: '<html>' };
  const server = createServer((_request, response) => {
    response.writeHead(answers.status).end(answers.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await place.configure({ url: `http://127.0.0.1:${port}` });
  const look = async () => (await examine(place)).find('public address');
  assert.match((await look()).text, /→ 200, but it is not Signalbox$/);
  Object.assign(answers, { body: '{"status":"ok","version":"0.0.1"}' });
  const older = await look();
  assert.equal(older.tier, 'warning');
  assert.match(older.text, /is Signalbox 0\.0\.1, this is /);
  Object.assign(answers, { status: 502 });
  assert.match((await look()).text, /\/healthz → 502$/);
  const door = (await examine(place)).find('acme webhook door');
  assert.match(door.text, /→ 502, and that is not an answer of ours$/);
  server.close();
  server.closeAllConnections();
});

test('a webhook that never brings anything is told once listing has found what it should have brought', async () => {
  await using place = await createInstallation();
  await place.configure({ catchUpSeconds: 1 });
  await place.serve();
  await place.cli('connect', 'acme', REPOSITORY);
  const [hook] = [...place.forge.world.repositories.values()][0]?.hooks.values() ?? [];
  assert.ok(hook);
  hook.active = false;
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await place.forge.comment({ repository: REPOSITORY, pull: 1 }, 'alice', '!help');
  await eventually('an answer', () => place.answers().length > 0);
  hook.active = true;
  const finding = (await examine(place)).find('acme deliveries');
  assert.equal(finding.tier, 'warning');
  assert.match(finding.text, /^none has ever come, though 1 comment was found by listing$/);
  assert.ok(finding.mend?.some((line) => line.includes('ALLOWED_HOST_LIST')));
});

test('Drone: a wrong token, a repository that it may not build, another server', async () => {
  await using place = await createInstallation();
  const http = createHttpClient({ timeoutMs: 2_000 });
  const look = async (token: string, url = place.drone.url, repositories = [REPOSITORY, 'o/x']) => {
    const common = { name: 'drone', webhookSecret: 'x', http, clock: systemClock };
    const runner = createDroneRunner({ ...common, url, token });
    const findings = await findingsOf(runner.examine?.(repositories) ?? examineNothing());
    assertWellTold(findings);
    return findings;
  };
  assert.match(findingOf(await look('wrong'), 'token').text, /^refused by Drone \(401\)$/);
  const reader = place.drone.addUser('reader', { access: { [REPOSITORY]: 'read' } });
  assert.equal(
    findingOf(await look(reader), 'repositories').text,
    'the account does not see o/x; it may not build demo/shop',
  );
  const admin = await look(place.drone.adminToken, place.drone.url, [REPOSITORY]);
  assert.deepEqual(told(admin).slice(1), [
    'ok token: of ada, an administrator',
    'ok repositories: 1 seen, may be built',
  ]);
  assert.match(findingOf(await look('x', place.forge.url), 'server').text, /that is no Drone$/);
  await place.drone.close();
  assert.match(findingOf(await look('x'), 'server').text, /does not answer/);
  await http.close();
});

async function* examineNothing(): AsyncGenerator<Finding> {}

test('what an earlier run left on this host is told', async () => {
  await using place = await createInstallation();
  await place.cli('migrate');
  const workspaces = join(place.directory, 'data/workspaces/local');
  await mkdir(join(workspaces, '01J0000000000000000000DEAD.1'), { recursive: true });
  const finding = (await examine(place)).find('local leftovers');
  assert.equal(finding.text, '1 earlier run left something: 01J0000000000000000000DEAD');
});

test('limits of disk, PostgreSQL and Redis', () => {
  const disk = (free: number) =>
    diskFinding({ blocks: 100, bavail: free, bsize: 1_000_000_000 }, '/data').tier;
  assert.deepEqual([disk(21), disk(20), disk(6), disk(5)], ['ok', 'warning', 'warning', 'failure']);
  assert.equal(postgresFinding(140_000, '14.0').tier, 'ok');
  assert.equal(postgresFinding(130_012, '13.12 (Debian)').tier, 'failure');
  const redis = (policy: string) =>
    [...redisFindings(`redis_version:7.4.0\r\naof_enabled:1\r\nmaxmemory_policy:${policy}\r\n`)][0];
  assert.equal(redis('noeviction')?.text, '7.4.0, AOF on, noeviction');
  assert.equal(redis('allkeys-lru')?.tier, 'failure');
});

test('a check that hangs or breaks is a finding after its own deadline', async () => {
  const findings = await examineAll([
    {
      subject: 'slow',
      deadlineMs: 20,
      async *run(signal) {
        yield { tier: 'ok', subject: 'slow', text: 'first' };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        yield { tier: 'ok', subject: 'slow', text: 'too late' };
      },
    },
    {
      subject: 'broken',
      deadlineMs: 1_000,
      async *run() {
        yield await Promise.reject<Finding>(new Error('no\nway'));
      },
    },
  ]);
  assert.deepEqual(told(findings), [
    'ok slow: first',
    'failure slow: not done after 0 s; the rest was not looked at',
    'failure broken: no',
  ]);
  assert.equal(exitCodeOf(tallyOf(findings)), 2);
  assert.equal(exitCodeOf(tallyOf([])), 0);
  assert.equal(exitCodeOf({ ok: 1, warning: 1, failure: 0, skipped: 0 }), 1);
});
