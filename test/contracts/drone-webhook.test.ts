import assert from 'node:assert/strict';
import test from 'node:test';
import { RUN_PARAM } from '../../src/runner/drone/params.ts';
import { aDroneRun, SHA } from '../support/fake-drone/a-run.ts';
import { startReceiver } from '../support/fake-drone/receiver.ts';
import { recordedDeliveries } from '../support/fake-drone/recorded.ts';
import { setUpDrone, WEBHOOK_SECRET } from '../support/fake-drone/setup.ts';

test('every webhook of the fake verifies, and names the run of the build', async () => {
  await using receiver = await startReceiver();
  await using setup = await setUpDrone({ webhook: { url: receiver.url, secret: WEBHOOK_SECRET } });
  const { webhook } = setup.runner;
  await setup.runner.create(aDroneRun());
  await setup.drone.finish(1, 'success');
  assert.equal(receiver.received.length, 8);
  for (const delivery of receiver.received) {
    assert.equal(webhook?.verify(delivery, setup.clock.now()), true);
    assert.equal(webhook?.verify(delivery, setup.clock.now() + 3_600_000), false);
    assert.equal(webhook?.runIdOf(delivery.body), aDroneRun().id);
  }
});

test('a delivery about a build that is not ours, or about no build, names no run', async () => {
  await using setup = await setUpDrone();
  const runIdOf = (body: string) => setup.runner.webhook?.runIdOf(Buffer.from(body));
  for (const { body } of recordedDeliveries()) assert.equal(runIdOf(body), undefined);
  for (const body of ['null', '1', '[]', '{"build":null}', '{"build":{"params":7}}']) {
    assert.equal(runIdOf(body), undefined);
  }
  const hostile = { build: { params: { [RUN_PARAM]: "'; DROP TABLE runs" } } };
  assert.equal(runIdOf(JSON.stringify(hostile)), undefined);
  assert.throws(() => runIdOf('{"build"'), SyntaxError);
});

test('created arrives, and can be acted on, before the create call is answered', async () => {
  const order: string[] = [];
  await using receiver = await startReceiver(({ payload }) => {
    order.push(`${payload.action} ${payload.build.number}`);
    return Promise.resolve();
  });
  await using setup = await setUpDrone({ webhook: { url: receiver.url, secret: WEBHOOK_SECRET } });
  await setup.runner.create(aDroneRun());
  order.push('answered');
  assert.deepEqual(order, ['created 1', 'answered']);
  assert.equal(receiver.received[0]?.payload.user?.login, 'ada');
});

test('the create call waits for the receiver, while the build may be found already', async () => {
  const gate = Promise.withResolvers<void>();
  const came = Promise.withResolvers<void>();
  await using receiver = await startReceiver(() => {
    came.resolve();
    return gate.promise;
  });
  await using setup = await setUpDrone({ webhook: { url: receiver.url, secret: WEBHOOK_SECRET } });
  let isAnswered = false;
  const creating = setup.runner.create(aDroneRun()).then(() => {
    isAnswered = true;
  });
  await came.promise;
  assert.equal((await setup.runner.find(aDroneRun()))?.id, '1');
  assert.equal(isAnswered, false);
  gate.resolve();
  await creating;
});

test('a success of n steps is one created and 2n + 1 updated, the first of which says running', async () => {
  await using receiver = await startReceiver();
  await using setup = await setUpDrone({ webhook: { url: receiver.url, secret: WEBHOOK_SECRET } });
  await setup.runner.create(aDroneRun());
  await setup.drone.finish(1, 'success');
  assert.deepEqual(
    receiver.received.map(({ payload }) => `${payload.action} ${payload.build.status}`),
    ['created pending', ...Array<string>(6).fill('updated running'), 'updated success'],
  );
});

test('a cancel of a running build brings two killed webhooks, of a waiting one only one', async () => {
  const bothCame = Promise.withResolvers<void>();
  let killed = 0;
  await using receiver = await startReceiver(({ payload }) => {
    if (payload.build.number === 2 && payload.build.status === 'killed') killed += 1;
    if (killed === 2) bothCame.resolve();
    return Promise.resolve();
  });
  await using setup = await setUpDrone({ webhook: { url: receiver.url, secret: WEBHOOK_SECRET } });
  await setup.runner.create(aDroneRun());
  await setup.runner.create(aDroneRun({ id: 'SECOND' }));
  await setup.drone.advance(2);
  await setup.runner.cancel(aDroneRun({ remote: { id: '1' } }));
  await setup.runner.cancel(aDroneRun({ remote: { id: '2' } }));
  await bothCame.promise;
  const kills = receiver.received.filter(({ payload }) => payload.build.status === 'killed');
  assert.deepEqual(
    kills.map(({ payload }) => payload.build.number),
    [1, 2, 2],
  );
  assert.deepEqual(kills[1]?.payload.build, kills[2]?.payload.build);
});

test('a build born in error, a decline and a cancel of what is over send nothing', async () => {
  await using receiver = await startReceiver();
  await using setup = await setUpDrone({ webhook: { url: receiver.url, secret: WEBHOOK_SECRET } });
  const pipeline = { kind: 'yaml-error', error: 'yaml: line 2' } as const;
  setup.drone.addCommit('acme/app', { sha: SHA, pipeline });
  await setup.runner.create(aDroneRun());
  await setup.runner.cancel(aDroneRun({ remote: { id: '1' } }));
  await setup.runner.create(aDroneRun({ sha: 'd'.repeat(40) }));
  setup.drone.block(2);
  setup.drone.decline(2);
  await setup.runner.cancel(aDroneRun({ remote: { id: '2' } }));
  assert.deepEqual(
    receiver.received.map(({ payload }) => `${payload.action} ${payload.build.number}`),
    ['created 2'],
  );
});

test('a receiver that answers 500 or is away is asked once and delays nothing', async () => {
  await using setup = await setUpDrone({
    webhook: { url: 'http://127.0.0.1:9/', secret: WEBHOOK_SECRET },
  });
  await setup.runner.create(aDroneRun());
  await setup.drone.finish(1, 'success');
  assert.equal(setup.drone.builds()[0]?.status, 'success');
});
