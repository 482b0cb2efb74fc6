import assert from 'node:assert/strict';
import test from 'node:test';
import type { Run } from '../../src/domain/run.ts';
import { HttpError } from '../../src/lib/http-client.ts';
import { createDroneRunner } from '../../src/runner/drone/index.ts';
import type { Observation, RemoteRunner, RunnerErrorCode } from '../../src/runner/runner.ts';
import { RunnerError } from '../../src/runner/runner.ts';
import { aDroneRun, SHA } from '../support/fake-drone/a-run.ts';
import { setUpDrone } from '../support/fake-drone/setup.ts';

async function created(runner: RemoteRunner, run: Run = aDroneRun()): Promise<Observation> {
  const result = await runner.create(run);
  if ('rejected' in result) assert.fail(`rejected: ${result.rejected.headline}`);
  return result;
}

async function rejected(runner: RemoteRunner, run: Run = aDroneRun()) {
  const result = await runner.create(run);
  if (!('rejected' in result)) assert.fail(`build ${result.id} was made`);
  return result.rejected;
}

function fails(code: RunnerErrorCode, retryable: boolean) {
  return (error: unknown) =>
    error instanceof RunnerError && error.code === code && error.retryable === retryable;
}

test('create asks for exactly the commit, with everything in the query and the token in none of it', async () => {
  await using setup = await setUpDrone();
  const seen = await created(setup.runner);
  assert.deepEqual(seen, {
    id: '1',
    url: `${setup.drone.url}/acme/app/1`,
    state: 'queued',
    waitsFor: 'waits for a free Drone runner',
    stages: [],
  });
  const [call] = setup.drone.calls;
  assert.equal(call?.method, 'POST');
  assert.equal(call?.query.get('branch'), 'feature/one');
  assert.equal(call?.query.get('commit'), SHA);
  assert.equal(call?.query.has('access_token'), false);
  const [build] = setup.drone.builds();
  assert.equal(build?.sha, SHA);
  assert.equal(build?.params.SIGNALBOX_RUN, aDroneRun().id);
  assert.equal(build?.params.RECIPE, 'shop');
});

test('the page for people is below the public address, not where the API is', async () => {
  await using setup = await setUpDrone();
  const runner = setup.runnerOf(setup.drone.adminToken, { publicUrl: 'https://ci.example.org/' });
  assert.equal((await created(runner)).url, 'https://ci.example.org/acme/app/1');
});

test('a hostile branch, parameter or fork head is rejected before anything is sent', async () => {
  await using setup = await setUpDrone();
  const params = (value: Record<string, string>): Run['plan'] => ({
    kind: 'remote',
    params: value,
    timeoutMs: 1,
  });
  await rejected(setup.runner, aDroneRun({ headRef: '$(id)' }));
  await rejected(setup.runner, aDroneRun({ headRef: 'refs/pull/7/head' }));
  await rejected(setup.runner, aDroneRun({ plan: params({ target: 'prod' }) }));
  await rejected(setup.runner, aDroneRun({ plan: params({ GREETING: '"; id; echo "' }) }));
  assert.deepEqual(setup.drone.calls, []);
});

test('a missing .drone.yml is told after 45 seconds as a 500, and means that there is none', async () => {
  await using setup = await setUpDrone();
  setup.drone.addCommit('acme/app', { sha: SHA, pipeline: { kind: 'missing' } });
  const problem = await rejected(setup.runner);
  assert.equal(problem.headline, 'there is no .drone.yml at this commit');
  assert.equal(problem.class, 'configuration');
  assert.deepEqual(setup.clock.slept, [45_000]);
  assert.equal(setup.drone.calls.length, 1);
});

test('the adapter waits longer for a create than Drone looks for a .drone.yml', async () => {
  await using setup = await setUpDrone();
  const timeouts: (number | undefined)[] = [];
  const runner = createDroneRunner({
    name: 'drone',
    url: setup.drone.url,
    token: 'x',
    webhookSecret: 'x',
    clock: setup.clock,
    http: {
      call: ({ timeoutMs }) => {
        timeouts.push(timeoutMs);
        return Promise.reject(new HttpError('timeout', 'no answer'));
      },
      close: () => Promise.resolve(),
    },
  });
  await assert.rejects(runner.create(aDroneRun()), fails('unavailable', true));
  assert.equal(timeouts.length, 1);
  assert.ok((timeouts[0] ?? 0) >= 60_000);
  assert.ok(runner.settleMs > 45_000);
});

test('200 with null means that no pipeline matches a custom build', async () => {
  await using setup = await setUpDrone();
  setup.drone.addCommit('acme/app', { sha: SHA, pipeline: { kind: 'no-match' } });
  const problem = await rejected(setup.runner);
  assert.equal(problem.headline, 'no pipeline of .drone.yml matches a custom build');
  assert.match(problem.hint, /custom/);
});

test('a build that is born in error is finished at once with the text of the error', async () => {
  await using setup = await setUpDrone();
  const error = 'yaml: line 2: did not find expected node content';
  setup.drone.addCommit('acme/app', { sha: SHA, pipeline: { kind: 'yaml-error', error } });
  const seen = await created(setup.runner);
  assert.deepEqual([seen.state, seen.verdict, seen.id], ['finished', 'errored', '1']);
  assert.equal(seen.diagnosis?.class, 'configuration');
  assert.match(seen.diagnosis?.hint ?? '', /yaml: line 2/);
});

test('a 404 because the forge is away is worth another try', async () => {
  await using setup = await setUpDrone();
  setup.drone.setForgeAway(true);
  await assert.rejects(setup.runner.create(aDroneRun()), (error) => {
    assert.ok(fails('unavailable', true)(error));
    assert.match(String(error), /could not reach the forge/);
    return true;
  });
});

test('a 404 for an unknown commit names the commit as what is missing', async () => {
  await using setup = await setUpDrone();
  setup.drone.addRepository('acme/strict', { anyCommit: null });
  const token = setup.drone.addUser('zoe', { access: { 'acme/strict': 'write' } });
  const run = aDroneRun({ repository: 'acme/strict' });
  assert.equal((await rejected(setup.runnerOf(token), run)).code, 'drone.commit_unknown');
  const admin = setup.runnerOf(setup.drone.adminToken);
  assert.equal((await rejected(admin, run)).code, 'drone.commit_unknown');
});

test('a 404 for want of write access names the account of the token', async () => {
  await using setup = await setUpDrone();
  const reader = setup.drone.addUser('eve', { access: { 'acme/app': 'read' } });
  const outsider = setup.drone.addUser('mallory');
  for (const token of [reader, outsider]) {
    const problem = await rejected(setup.runnerOf(token));
    assert.equal(problem.headline, 'the Drone token may not start builds of this repository');
  }
});

test('a 404 for a repository that Drone does not know or does not show says so', async () => {
  await using setup = await setUpDrone();
  for (const repository of ['acme/nothing', 'acme/vault']) {
    const problem = await rejected(setup.runner, aDroneRun({ repository }));
    assert.equal(problem.headline, 'Drone does not know this repository');
  }
});

test('a 404 for a repository that was never activated says so', async () => {
  await using setup = await setUpDrone();
  setup.drone.addRepository('acme/idle', { isActive: false });
  const runner = setup.runnerOf(setup.drone.adminToken);
  const problem = await rejected(runner, aDroneRun({ repository: 'acme/idle' }));
  assert.equal(problem.headline, 'the repository is not active in Drone');
});

test('a 404 stays a rejection with every possible reason when the reads that explain it fail', async () => {
  await using setup = await setUpDrone();
  setup.drone.faults.next({ method: 'GET' }, { kind: 'before', status: 503 });
  const problem = await rejected(setup.runner, aDroneRun({ repository: 'acme/nothing' }));
  assert.equal(problem.code, 'drone.not_found');
});

test('a wrong token is unauthorized, and neither it nor a right one is in the message', async () => {
  await using setup = await setUpDrone();
  const token = 'a-wrong-token-0123456789';
  await assert.rejects(setup.runnerOf(token).create(aDroneRun()), (error) => {
    assert.ok(fails('unauthorized', false)(error));
    assert.equal(String(error).includes(token), false);
    return true;
  });
});

test('statuses are told apart by whether another try can help', async () => {
  await using setup = await setUpDrone();
  const json = '{"message":"Some words"}';
  const html = '<html><body>no such page</body></html>';
  const table: [number, string, RunnerErrorCode, boolean][] = [
    [409, json, 'conflict', true],
    [500, json, 'unavailable', true],
    [502, html, 'unavailable', true],
    [429, json, 'unavailable', true],
    [400, json, 'invalid', false],
    [403, json, 'unauthorized', false],
    [404, html, 'unexpected', false],
    [301, html, 'unexpected', false],
    [200, html, 'unexpected', false],
  ];
  for (const [status, text, code, retryable] of table) {
    setup.drone.faults.next({ method: 'POST' }, { kind: 'before', status, text });
    await assert.rejects(setup.runner.create(aDroneRun()), fails(code, retryable), String(status));
  }
  assert.deepEqual(setup.drone.builds(), []);
});

test('a build of another commit than the one asked for is not taken for ours', async () => {
  await using setup = await setUpDrone();
  const other = JSON.stringify({
    number: 1,
    status: 'pending',
    event: 'custom',
    trigger: 'bot',
    after: 'd'.repeat(40),
    source: 'main',
    created: 1,
    started: 0,
    finished: 0,
  });
  setup.drone.faults.next({ method: 'POST' }, { kind: 'before', status: 200, text: other });
  await assert.rejects(setup.runner.create(aDroneRun()), fails('unexpected', false));
});

test('a guard that throws keeps the create from being sent', async () => {
  await using setup = await setUpDrone();
  const guard = () => {
    throw new Error('the lease has run out');
  };
  await assert.rejects(setup.runner.create(aDroneRun(), { guard }), fails('unavailable', true));
  assert.deepEqual(setup.drone.calls, []);
});

test('an aborted create ends at once', async () => {
  await using setup = await setUpDrone();
  const signal = AbortSignal.abort(new Error('shutting down'));
  await assert.rejects(setup.runner.create(aDroneRun(), { signal }), fails('unavailable', true));
});
