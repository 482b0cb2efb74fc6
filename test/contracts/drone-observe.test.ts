import assert from 'node:assert/strict';
import test from 'node:test';
import type { Run } from '../../src/domain/run.ts';
import { RunnerError } from '../../src/runner/runner.ts';
import { aDroneRun, SHA } from '../support/fake-drone/a-run.ts';
import { setUpDrone } from '../support/fake-drone/setup.ts';

/** The run after its create was recorded as build `id`. */
function started(fields: Partial<Run> = {}, id = '1'): Run {
  return aDroneRun({ state: 'running', remote: { intentAt: 1_795_265_100_000, id }, ...fields });
}

test('a build is observed from queued through running to passed', async () => {
  await using setup = await setUpDrone();
  await setup.runner.create(aDroneRun());
  assert.equal((await setup.runner.observe(started())).state, 'queued');
  await setup.drone.advance(1);
  const running = await setup.runner.observe(started());
  assert.deepEqual(
    [running.state, running.stages.map(({ state }) => state)],
    ['running', ['running', 'pending', 'pending']],
  );
  await setup.drone.finish(1, 'success');
  const passed = await setup.runner.observe(started());
  assert.deepEqual([passed.state, passed.verdict], ['finished', 'passed']);
});

test('a failed build brings the last 60 lines of the failing step as evidence', async () => {
  await using setup = await setUpDrone();
  await setup.runner.create(aDroneRun());
  const log = Array.from({ length: 100 }, (_, n) => `line ${n + 1}\n`);
  await setup.drone.finish(1, 'failure', { step: 'greet', exitCode: 3, log });
  const { verdict, diagnosis } = await setup.runner.observe(started());
  assert.equal(verdict, 'failed');
  assert.equal(diagnosis?.headline, 'greet failed with exit code 3');
  const { lines = [], total } = diagnosis?.evidence ?? {};
  assert.equal(total, 100);
  assert.equal(lines.length, 60);
  assert.deepEqual(
    [lines[0]?.n, lines[0]?.text, lines.at(-1)?.text, lines[0]?.stage],
    [41, 'line 41', 'line 100', 'greet'],
  );
});

test('a verdict is told without evidence when the log cannot be read', async () => {
  await using setup = await setUpDrone();
  await setup.runner.create(aDroneRun());
  await setup.drone.finish(1, 'failure');
  setup.drone.faults.next({ path: /logs/ }, { kind: 'before', status: 502 });
  const seen = await setup.runner.observe(started());
  assert.equal(seen.verdict, 'failed');
  assert.equal(seen.diagnosis?.evidence, undefined);
});

test('a guard that runs out between the build and its log stops the observation', async () => {
  await using setup = await setUpDrone();
  await setup.runner.create(aDroneRun());
  await setup.drone.finish(1, 'failure');
  let calls = 0;
  const guard = () => {
    calls += 1;
    if (calls > 1) throw new Error('the lease has run out');
  };
  await assert.rejects(setup.runner.observe(started(), { guard }), RunnerError);
  assert.equal(calls, 2);
});

test('a checkout that fails errors the run and shows the log of the clone', async () => {
  await using setup = await setUpDrone();
  setup.drone.addCommit('acme/app', {
    sha: SHA,
    pipeline: {
      kind: 'stages',
      cloneExitCode: 128,
      stages: [{ name: 'default', steps: [{ name: 'test' }] }],
    },
  });
  await setup.runner.create(aDroneRun());
  while (await setup.drone.advance(1));
  const seen = await setup.runner.observe(started());
  assert.deepEqual([seen.verdict, seen.diagnosis?.code], ['errored', 'drone.clone_failed']);
  assert.deepEqual(
    seen.stages.map(({ name, state }) => `${name} ${state}`),
    ['clone failed', 'test skipped'],
  );
  assert.equal(seen.diagnosis?.evidence?.total, 1);
});

test('what only the runner refuses is told by the stage', async () => {
  await using setup = await setUpDrone();
  const error = 'Linter: duplicate step name';
  setup.drone.addCommit('acme/app', { sha: SHA, pipeline: { kind: 'runner-refuses', error } });
  const created = await setup.runner.create(aDroneRun());
  assert.ok(!('rejected' in created) && created.state === 'queued');
  while (await setup.drone.advance(1));
  const seen = await setup.runner.observe(started());
  assert.deepEqual([seen.verdict, seen.diagnosis?.class], ['errored', 'configuration']);
});

test('a runner that breaks down errors the run and says nothing about the change', async () => {
  await using setup = await setUpDrone();
  await setup.runner.create(aDroneRun());
  await setup.drone.breakRunner(1, 'no space left on device');
  const seen = await setup.runner.observe(started());
  assert.deepEqual([seen.verdict, seen.diagnosis?.class], ['errored', 'infrastructure']);
});

test('waiting for approval and being declined are both seen', async () => {
  await using setup = await setUpDrone();
  await setup.runner.create(aDroneRun());
  setup.drone.block(1);
  assert.equal((await setup.runner.observe(started())).waitsFor, 'waits for approval in Drone');
  setup.drone.decline(1);
  const declined = await setup.runner.observe(started());
  assert.deepEqual([declined.verdict, declined.diagnosis?.code], ['errored', 'drone.declined']);
});

test('a build that is gone, or was never known, is an error', async () => {
  await using setup = await setUpDrone();
  const gone = setup.runner.observe(started({}, '99'));
  await assert.rejects(gone, (error) => error instanceof RunnerError && error.code === 'not_found');
  const unknown = setup.runner.observe(aDroneRun());
  await assert.rejects(
    unknown,
    (error) => error instanceof RunnerError && error.code === 'invalid',
  );
});

test('a repository or number that would change the path is refused and not sent', async () => {
  await using setup = await setUpDrone();
  const hostile = [
    started({ repository: '../user' }),
    started({ repository: 'acme/..' }),
    started({ repository: 'acme/app/builds' }),
    started({ repository: 'acme/a?b=c' }),
    started({}, '1/../2'),
  ];
  for (const run of hostile) {
    await assert.rejects(setup.runner.observe(run), RunnerError);
    await assert.rejects(setup.runner.cancel(run), RunnerError);
  }
  assert.deepEqual(setup.drone.calls, []);
});

test('a log is empty until its step begins, and for ever when it was skipped', async () => {
  await using setup = await setUpDrone();
  await setup.runner.create(aDroneRun());
  assert.deepEqual(await setup.runner.readLog(started(), 'clone'), []);
  await setup.drone.advance(1);
  const live = await setup.runner.readLog(started(), 'clone');
  assert.deepEqual(
    live.map(({ text }) => text),
    ['+ run clone'],
  );
  await setup.drone.finish(1, 'failure', { step: 'greet', log: ['+ make\n', 'one\r\n', '\n', ''] });
  assert.deepEqual(
    (await setup.runner.readLog(started(), 'greet')).map(({ n, stage, text }) => [n, stage, text]),
    [
      [1, 'greet', '+ make'],
      [2, 'greet', 'one'],
      [3, 'greet', ''],
    ],
  );
  assert.deepEqual(await setup.runner.readLog(started(), 'test'), []);
  assert.deepEqual(await setup.runner.readLog(started(), 'no such step'), []);
});

test('the log of a step is found by the name that the observation gave it', async () => {
  await using setup = await setUpDrone();
  const step = (log: string) => [{ name: 'run', log: [`${log}\n`] }];
  setup.drone.addCommit('acme/app', {
    sha: SHA,
    pipeline: {
      kind: 'stages',
      stages: [
        { name: 'build', steps: step('from build') },
        { name: 'ship', steps: step('from ship'), dependsOn: ['build'] },
        { name: 'mourn', steps: step('never'), dependsOn: ['build'], on: 'failure' },
      ],
    },
  });
  await setup.runner.create(aDroneRun());
  while (await setup.drone.advance(1));
  const { stages } = await setup.runner.observe(started());
  assert.deepEqual(
    stages.map(({ name }) => name),
    ['build/clone', 'build/run', 'ship/clone', 'ship/run', 'mourn'],
  );
  const [line] = await setup.runner.readLog(started(), 'ship/run');
  assert.equal(line?.text, 'from ship');
  assert.deepEqual(await setup.runner.readLog(started(), 'mourn'), []);
});

test('cancel kills a build in any state, and again is no error', async () => {
  await using setup = await setUpDrone();
  const cancellation = { at: 1, by: 'alice', cause: 'cancel' } as const;
  await setup.runner.create(aDroneRun());
  await setup.runner.create(aDroneRun({ id: 'SECOND' }));
  await setup.drone.advance(2);
  for (const id of ['1', '2']) {
    await setup.runner.cancel(started({}, id));
    await setup.runner.cancel(started({}, id));
    const seen = await setup.runner.observe(started({ cancellation }, id));
    assert.deepEqual([seen.state, seen.verdict], ['finished', 'cancelled']);
  }
});

test('cancel of a finished build changes nothing, so only observing proves anything', async () => {
  await using setup = await setUpDrone();
  await setup.runner.create(aDroneRun());
  await setup.drone.finish(1, 'success');
  await setup.runner.cancel(started());
  const cancellation = { at: 1, by: 'alice', cause: 'cancel' } as const;
  assert.equal((await setup.runner.observe(started({ cancellation }))).verdict, 'passed');
});

test('a cancel that races with the runner is tried once more, and only once', async () => {
  await using setup = await setUpDrone();
  await setup.runner.create(aDroneRun());
  const conflict = { kind: 'before', status: 409, text: '{"message":"Conflict"}' } as const;
  setup.drone.faults.next({ method: 'DELETE' }, conflict);
  await setup.runner.cancel(started());
  assert.equal(setup.drone.builds()[0]?.status, 'killed');
  setup.drone.faults.next({ method: 'DELETE' }, { ...conflict, times: 3 });
  const refused = setup.runner.cancel(started());
  await assert.rejects(
    refused,
    (error) => error instanceof RunnerError && error.code === 'conflict',
  );
  assert.equal(setup.drone.calls.filter(({ method }) => method === 'DELETE').length, 4);
});

test('a build whose runner died stays running until a cancel ends it', async () => {
  await using setup = await setUpDrone();
  await setup.runner.create(aDroneRun());
  await setup.drone.advance(1);
  setup.drone.loseRunner(1);
  assert.equal(await setup.drone.advance(1), false);
  assert.equal((await setup.runner.observe(started())).state, 'running');
  await setup.runner.cancel(started());
  const seen = await setup.runner.observe(started());
  assert.equal(seen.diagnosis?.code, 'drone.killed_elsewhere');
  assert.deepEqual(await setup.runner.readLog(started(), 'clone'), []);
});
