import assert from 'node:assert/strict';
import test from 'node:test';
import type { Run } from '../../src/domain/run.ts';
import { RunnerError } from '../../src/runner/runner.ts';
import { aDroneRun, SHA } from '../support/fake-drone/a-run.ts';
import { type DroneSetup, setUpDrone } from '../support/fake-drone/setup.ts';

const INTENT = 1_795_265_100_000;
const MINUTE = 60_000;

function intended(fields: Partial<Run> = {}): Run {
  return aDroneRun({ remote: { intentAt: INTENT }, ...fields });
}

async function createMany(setup: DroneSetup, count: number, from: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await setup.runner.create(aDroneRun({ id: `OTHER${from + n}` }));
  }
}

test('a build whose create was never answered is found by the run it carries', async () => {
  await using setup = await setUpDrone();
  for (const kind of ['after', 'reset-after'] as const) {
    const run = intended({ id: `LOST${kind.replace('-', '')}` });
    setup.drone.faults.next({ method: 'POST' }, { kind });
    await assert.rejects(setup.runner.create(run), RunnerError);
    const found = await setup.runner.find(run);
    assert.deepEqual(setup.drone.buildsByRun().get(run.id), [Number(found?.id)]);
  }
});

test('nothing is found when the create was lost before Drone did anything', async () => {
  await using setup = await setUpDrone();
  for (const kind of ['before', 'reset-before'] as const) {
    setup.drone.faults.next({ method: 'POST' }, { kind });
    await assert.rejects(setup.runner.create(intended()), RunnerError);
    assert.equal(await setup.runner.find(intended()), undefined);
  }
});

test('a build is found behind more than one page of newer ones, with its steps', async () => {
  await using setup = await setUpDrone();
  await setup.runner.create(intended());
  await setup.drone.advance(1);
  await createMany(setup, 120, 0);
  const found = await setup.runner.find(intended());
  assert.equal(found?.id, '1');
  assert.equal(found.state, 'running');
  assert.deepEqual(found.stages[0]?.state, 'running');
  const sizes = setup.drone.calls.map(({ query }) => query.get('per_page')).filter(Boolean);
  assert.deepEqual(sizes, ['100', '100']);
});

test('the search stops at builds that are older than the intent', async () => {
  await using setup = await setUpDrone();
  setup.clock.set(INTENT - 60 * MINUTE);
  await createMany(setup, 250, 0);
  setup.clock.set(INTENT);
  assert.equal(await setup.runner.find(intended()), undefined);
  assert.equal(setup.drone.calls.filter(({ method }) => method === 'GET').length, 1);
});

test('a build that somebody restarted in Drone carries the run too, and the first one counts', async () => {
  await using setup = await setUpDrone();
  await setup.runner.create(intended());
  await setup.drone.finish(1, 'failure');
  const restarted = await fetch(`${setup.drone.url}/api/repos/acme/app/builds/1`, {
    method: 'POST',
    headers: { authorization: `Bearer ${setup.drone.adminToken}` },
  });
  assert.equal(restarted.status, 200);
  assert.deepEqual(setup.drone.buildsByRun().get(intended().id), [1, 2]);
  assert.equal((await setup.runner.find(intended()))?.id, '1');
});

test('a build that was born in error has no parameters and is found by commit, branch and time', async () => {
  await using setup = await setUpDrone();
  const pipeline = { kind: 'yaml-error', error: 'yaml: line 2' } as const;
  setup.drone.addCommit('acme/app', { sha: SHA, pipeline });
  setup.drone.faults.next({ method: 'POST' }, { kind: 'after' });
  await assert.rejects(setup.runner.create(intended()), RunnerError);
  const found = await setup.runner.find(intended());
  assert.deepEqual([found?.id, found?.verdict], ['1', 'errored']);
  const elsewhere = [{ headRef: 'other' }, { sha: 'd'.repeat(40) }];
  for (const fields of elsewhere) {
    assert.equal(await setup.runner.find(intended(fields)), undefined);
  }
  const later = { remote: { intentAt: INTENT + 60 * MINUTE } };
  assert.equal(await setup.runner.find(intended(later)), undefined);
});

test('an ordinary build of the same commit by somebody else is not taken for ours', async () => {
  await using setup = await setUpDrone();
  await setup.runner.create(aDroneRun({ id: 'SOMEBODY' }));
  await setup.drone.finish(1, 'failure');
  assert.equal(await setup.runner.find(intended()), undefined);
});

test('a list that cannot be read is an error, never the answer that there is none', async () => {
  await using setup = await setUpDrone();
  const texts = [
    [503, '{"message":"busy"}'],
    [200, '<html></html>'],
    [404, '{"message":"Not Found"}'],
  ] as const;
  for (const [status, text] of texts) {
    setup.drone.faults.next({ method: 'GET' }, { kind: 'before', status, text });
    await assert.rejects(setup.runner.find(intended()), RunnerError);
  }
});
