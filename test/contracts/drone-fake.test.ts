import assert from 'node:assert/strict';
import test from 'node:test';
import { aDroneRun, SHA } from '../support/fake-drone/a-run.ts';
import { startReceiver } from '../support/fake-drone/receiver.ts';
import { recordedBody, recordedCase } from '../support/fake-drone/recorded.ts';
import { type DroneSetup, setUpDrone, WEBHOOK_SECRET } from '../support/fake-drone/setup.ts';

/** Every path to a value with the value's type: `stages[].steps[].name:string`. Free keys count as one. */
function shape(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) {
    return [...new Set(value.flatMap((item) => shape(item, `${at}[]`)))].toSorted();
  }
  if (typeof value !== 'object' || value === null) return [`${at}:${typeof value}`];
  const isFree = at.endsWith('params');
  const paths = Object.entries(value).flatMap(([key, inner]) =>
    shape(inner, `${at}.${isFree ? '*' : key}`),
  );
  return [...new Set(paths)].toSorted();
}

async function ask(
  setup: DroneSetup,
  path: string,
  { method = 'GET', token = setup.drone.adminToken as string | undefined } = {},
): Promise<{ status: number; body: unknown }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${setup.drone.url}${path}`, { method, headers });
  return { status: answer.status, body: await answer.json() };
}

const BUILDS = '/api/repos/acme/app/builds';
const CREATE = `${BUILDS}?branch=main&commit=${SHA}&RECIPE=x`;

test('answers of the fake have the keys and types of the recorded ones, in every state', async () => {
  await using setup = await setUpDrone();
  const { drone } = setup;
  const fail = {
    kind: 'stages',
    stages: [
      {
        name: 'default',
        steps: [
          { name: 'test', exitCode: 3 },
          { name: 'never' },
          { name: 'report', runsOnFailure: true },
        ],
      },
    ],
  } as const;
  const several = {
    kind: 'stages',
    stages: [
      { name: 'build', steps: [{ name: 'one' }] },
      { name: 'ship', steps: [{ name: 'ship' }], dependsOn: ['build'] },
      { name: 'mourn', steps: [{ name: 'mourn' }], dependsOn: ['build'], on: 'failure' },
    ],
  } as const;
  const sha = (digit: string) => digit.repeat(40);
  drone.addCommit('acme/app', { sha: sha('b'), pipeline: fail });
  drone.addCommit('acme/app', { sha: sha('c'), pipeline: several });
  drone.addCommit('acme/app', { sha: sha('d'), pipeline: { kind: 'yaml-error', error: 'x' } });
  drone.addCommit('acme/app', { sha: sha('e'), pipeline: { kind: 'runner-refuses', error: 'x' } });
  const same = async (path: string, name: string, index: number, method = 'GET') => {
    const { body } = await ask(setup, path, { method });
    assert.deepEqual(shape(body), shape(recordedBody(name, index)), `${name} ${index}`);
  };

  await same(CREATE, 'build-create', 0, 'POST');
  await same(`${BUILDS}/1`, 'build-get-pending', 1);
  await same(`${BUILDS}/1`, 'cancel-pending', 0, 'DELETE');
  await ask(setup, CREATE, { method: 'POST' });
  await drone.finish(2, 'success');
  await same(`${BUILDS}/2`, 'build-get-success', 0);
  await same(`${BUILDS}?per_page=1`, 'list-paging', 3);
  await same(`${BUILDS}/2/logs/1/2`, 'logs-finished', 1);
  await ask(setup, `${BUILDS}?branch=main&commit=${sha('b')}&RECIPE=x`, { method: 'POST' });
  while (await drone.advance(3));
  await same(`${BUILDS}/3`, 'build-get-failure', 0);
  await ask(setup, `${BUILDS}?branch=main&commit=${sha('c')}`, { method: 'POST' });
  while (await drone.advance(4));
  await same(`${BUILDS}/4`, 'build-get-multi-stage', 1);
  await same(`${BUILDS}?branch=x&commit=${sha('d')}&K=v`, 'build-create-yaml-error', 0, 'POST');
  await same(`${BUILDS}/5`, 'build-create-yaml-error', 1);
  await ask(setup, `${BUILDS}?branch=main&commit=${sha('e')}&RECIPE=x`, { method: 'POST' });
  while (await drone.advance(6));
  await same(`${BUILDS}/6`, 'build-create-runner-refuses', 1);
  await ask(setup, `${BUILDS}?branch=main&commit=${SHA}`, { method: 'POST' });
  for (let n = 0; n < 3; n += 1) await drone.advance(7);
  await same(`${BUILDS}/7`, 'build-get-running', 0);
  await same(`${BUILDS}/7`, 'cancel-running', 0, 'DELETE');
  await same(`${BUILDS}/2?EXTRA=new`, 'restart', 0, 'POST');
  await same('/api/user', 'account-and-repository', 1);
  await same('/api/repos/acme/app', 'account-and-repository', 11);
  await same('/version', 'account-and-repository', 0);
});

test('refusals of the fake are the recorded ones, word for word', async () => {
  await using setup = await setUpDrone();
  const { drone } = setup;
  const writer = drone.addUser('rob', { access: { 'acme/app': 'write' } });
  const outsider = drone.addUser('mallory');
  drone.addRepository('acme/idle', { isActive: false });
  drone.addRepository('acme/strict', { anyCommit: null });
  drone.addCommit('acme/strict', { sha: SHA, branch: 'main', pipeline: { kind: 'no-match' } });
  drone.addCommit('acme/strict', { sha: 'b'.repeat(40), pipeline: { kind: 'missing' } });
  const strict = '/api/repos/acme/strict/builds';
  await ask(setup, CREATE, { method: 'POST' });
  const same = async (
    name: string,
    index: number,
    path: string,
    { token = drone.adminToken as string | undefined } = {},
  ) => {
    const exchange = recordedCase(name).exchanges[index];
    const method = exchange?.request.method ?? '';
    const { status, body } = await ask(setup, path, { method, token });
    assert.equal(status, exchange?.response.status, `${name} ${index}`);
    assert.deepEqual(body, recordedBody(name, index), `${name} ${index}`);
  };
  const bad = { token: 'wrong' };
  await same('auth-bad-token', 0, '/api/user', bad);
  await same('auth-bad-token', 3, `${BUILDS}?branch=main`, bad);
  await same('auth-bad-token', 4, `${BUILDS}/1`, bad);
  await same('auth-bad-token', 5, '/api/repos/acme/vault', bad);
  await same('auth-bad-token', 6, '/api/repos/acme/nothing', bad);
  await same('auth-no-permission', 1, `${BUILDS}?branch=main`, { token: outsider });
  await same('auth-no-permission', 2, `${BUILDS}/1`, { token: outsider });
  await same('auth-no-permission', 3, '/api/repos/acme/vault', { token: outsider });
  await same('repo-unknown', 1, '/api/repos/acme/nothing/builds?branch=main', { token: writer });
  await same('repo-unknown', 4, '/api/repos/acme/idle/builds?branch=main');
  await same('build-create-unknown-commit', 0, `${strict}?branch=main&commit=${'d'.repeat(40)}`);
  await same('build-create-unknown-branch', 0, `${strict}?branch=nope`);
  await same('build-create-trigger-mismatch', 0, `${strict}?branch=main&commit=${SHA}`);
  await same('build-create-missing-yml', 0, `${strict}?commit=${'b'.repeat(40)}`);
  await same('build-get-unknown', 0, `${BUILDS}/99999`);
  await same('build-get-unknown', 1, `${BUILDS}/abc`);
  await same('cancel-finished', 2, `${BUILDS}/99999`);
  await same('logs-finished', 4, `${BUILDS}/1/logs/1/9`);
  setup.drone.setForgeAway(true);
  const { status, body } = await ask(setup, CREATE, { method: 'POST' });
  assert.equal(status, 404);
  assert.match(JSON.stringify(body), /Get .*dial tcp .*connect: connection refused/);
});

test('a wrong token may read what is public', async () => {
  await using setup = await setUpDrone();
  await ask(setup, CREATE, { method: 'POST' });
  for (const token of ['wrong', undefined]) {
    assert.equal((await ask(setup, `${BUILDS}/1`, { token })).status, 200);
  }
});

test('webhooks of the fake have the keys and types of the recorded ones', async () => {
  await using receiver = await startReceiver();
  await using setup = await setUpDrone({ webhook: { url: receiver.url, secret: WEBHOOK_SECRET } });
  await ask(setup, CREATE, { method: 'POST' });
  await setup.drone.finish(1, 'success');
  const [, ...recorded] = recordedCase('hook-success').exchanges;
  assert.equal(receiver.received.length, recorded.length + 1);
  receiver.received.forEach(({ body, headers }, index) => {
    const given: unknown = JSON.parse(body.toString());
    assert.deepEqual(shape(given), shape(recordedBody('hook-success', index)), String(index));
    assert.equal(headers['x-drone-event'], 'build');
  });
  await ask(setup, `${BUILDS}?branch=main&commit=${SHA}`, { method: 'POST' });
  for (let n = 0; n < 3; n += 1) await setup.drone.advance(2);
  await ask(setup, `${BUILDS}/2`, { method: 'DELETE' });
  const bare = receiver.received.find(({ payload }) => payload.build.status === 'killed');
  assert.deepEqual(shape(bare?.payload), shape(recordedBody('hook-killed', 5)));
});

test('lists are newest first, paged, and fall back to 25 for a page size above 100', async () => {
  await using setup = await setUpDrone();
  for (let n = 0; n < 30; n += 1) await ask(setup, CREATE, { method: 'POST' });
  const numbers = async (query: string) => {
    const { body } = await ask(setup, `${BUILDS}?${query}`);
    return (body as { number: number }[]).map(({ number }) => number);
  };
  assert.deepEqual(await numbers('page=2&per_page=2'), [28, 27]);
  assert.equal((await numbers('per_page=1000')).length, 25);
  assert.equal((await numbers('per_page=100')).length, 30);
  assert.deepEqual(await numbers('branch=nope'), []);
});

test('parameters of the first build win over new ones of a restart', async () => {
  await using setup = await setUpDrone();
  await ask(setup, CREATE, { method: 'POST' });
  await ask(setup, `${BUILDS}/1?RECIPE=other&EXTRA=new`, { method: 'POST' });
  assert.deepEqual(setup.drone.builds()[1]?.params, { RECIPE: 'x', EXTRA: 'new' });
});

test('with autoplay every build is played to its end, those that waited and those that come', async () => {
  const over = Promise.withResolvers<void>();
  const ended = new Set<number>();
  await using receiver = await startReceiver(({ payload }) => {
    if (payload.build.status === 'success') ended.add(payload.build.number);
    if (ended.size === 3) over.resolve();
    return Promise.resolve();
  });
  await using setup = await setUpDrone({ webhook: { url: receiver.url, secret: WEBHOOK_SECRET } });
  await setup.runner.create(aDroneRun({ id: 'A' }));
  setup.drone.autoplay({ stepMs: 5 });
  await setup.runner.create(aDroneRun({ id: 'B' }));
  await setup.runner.create(aDroneRun({ id: 'C' }));
  await over.promise;
  assert.deepEqual(
    setup.drone.builds().map(({ status }) => status),
    ['success', 'success', 'success'],
  );
  assert.deepEqual(
    [...setup.drone.buildsByRun().entries()],
    [
      ['A', [1]],
      ['B', [2]],
      ['C', [3]],
    ],
  );
});

test('a fault hits as many calls as it was planned for, and a dice may decide the rest', async () => {
  await using setup = await setUpDrone();
  setup.drone.faults.next(
    { method: 'GET', path: '/version' },
    { kind: 'before', status: 503, text: '{}', times: 2 },
  );
  setup.drone.faults.decideBy(({ path }) =>
    path === '/api/user' ? { kind: 'before', status: 500, text: '{}' } : undefined,
  );
  const statuses = [];
  for (const path of ['/version', '/version', '/version', '/api/user', BUILDS]) {
    statuses.push((await ask(setup, path)).status);
  }
  assert.deepEqual(statuses, [503, 503, 200, 500, 200]);
});

test('a slow fault holds up the answer after the effect, or the effect itself', async () => {
  await using setup = await setUpDrone();
  const seen: number[] = [];
  const clock = setup.clock;
  for (const effect of ['first', 'last'] as const) {
    setup.drone.faults.next({ method: 'POST' }, { kind: 'slow', delayMs: 7_000, effect });
    clock.onSleep = () => seen.push(setup.drone.builds().length);
    await ask(setup, CREATE, { method: 'POST' });
  }
  assert.deepEqual(clock.slept, [7_000, 7_000]);
  assert.deepEqual(seen, [1, 1]);
  assert.equal(setup.drone.builds().length, 2);
});
