import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSqliteLedger } from '../../src/ledger/database.ts';
import type { Processor } from '../../src/ledger/held.ts';
import { createBullHints } from '../../src/queue/bullmq.ts';
import { connectRedis } from '../../src/queue/redis.ts';
import { redis } from '../support/needs.ts';
import { type Server, startRedis } from '../support/services.ts';
import {
  type Bench,
  countEffect,
  onceEach,
  openBench,
  subjects,
  until,
  type Variant,
} from './variants.ts';

const NAMES = subjects(120);

function onOwnRedis(name: string, body: (bench: Bench, server: Server) => Promise<void>): void {
  test(name, { skip: redis().skip, timeout: 40_000 }, async () => {
    const server = await startRedis();
    assert.ok(server);
    const variant: Variant = {
      name,
      skip: false,
      redis: server.url,
      openLedger: async () => openSqliteLedger(':memory:'),
    };
    try {
      await using bench = await openBench(variant);
      await body(bench, server);
    } finally {
      await server.stop();
    }
  });
}

/** Calls `disturb` once, when half of the work is done. */
function disturbedHalfway(disturb: () => Promise<void>) {
  let done = 0;
  const disturbed = Promise.withResolvers<void>();
  const processor: Processor = async (held) => {
    done += 1;
    if (done === NAMES.length / 2) disturb().then(disturbed.resolve, disturbed.reject);
    return countEffect(held);
  };
  return { lanes: [{ kind: 'run', concurrency: 4, processor }], disturbed: disturbed.promise };
}

const onlyTells = [{ kind: 'run', concurrency: 0, processor: countEffect }];
const works = [{ kind: 'run', concurrency: 2, processor: countEffect }];
/** So rarely does it look at the ledger that only a hint can have told it. */
const ONLY_HINTS = { owner: 'worker', pollMs: 600_000 };

/** Work armed now is told by one process and done by another that does not look by itself. */
async function expectHints(bench: Bench, subject: string): Promise<void> {
  const web = await bench.dispatch(onlyTells, { owner: 'web' });
  await bench.arm('run', subject);
  web.nudge();
  await until(async () => (await bench.effects())[subject] === 1);
}

onOwnRedis('a process without hands tells the one that has them at once', async (bench) => {
  await bench.dispatch(works, ONLY_HINTS);
  await expectHints(bench, 'told');
});

onOwnRedis(
  'Redis that dies and comes back empty in the middle loses nothing',
  async (bench, server) => {
    const { lanes, disturbed } = disturbedHalfway(async () => {
      await server.crash('SIGKILL');
      await server.start();
    });
    const dispatcher = await bench.dispatch(lanes);
    await bench.arm('run', ...NAMES);
    await disturbed;
    await dispatcher.settle();
    assert.deepEqual(await bench.effects(), onceEach(NAMES));
  },
);

onOwnRedis('a consumer takes hints again after Redis was away', async (bench, server) => {
  await bench.dispatch(works, ONLY_HINTS);
  await server.crash('SIGKILL');
  await server.start();
  await expectHints(bench, 'after');
});

onOwnRedis('everything wiped from Redis in the middle loses nothing', async (bench, server) => {
  const admin = connectRedis(server.url, 'patient');
  const { lanes, disturbed } = disturbedHalfway(async () => {
    await admin.flushall();
  });
  const dispatcher = await bench.dispatch(lanes);
  await bench.arm('run', ...NAMES);
  await disturbed;
  await dispatcher.settle();
  admin.disconnect();
  assert.deepEqual(await bench.effects(), onceEach(NAMES));
});

onOwnRedis(
  'without Redis at start the ledger dispatches, and BullMQ takes over later',
  async (bench, server) => {
    await server.crash('SIGKILL');
    const { dispatcher, isUp } = bench.dispatchAlone(works);
    await bench.arm('run', ...NAMES);
    await dispatcher.settle();
    assert.equal(isUp(), false);
    assert.deepEqual(await bench.effects(), onceEach(NAMES));
    await dispatcher.drain(1_000);

    const late = bench.dispatchAlone(works, ONLY_HINTS);
    await server.start();
    await until(late.isUp);
    await expectHints(bench, 'late');
  },
);

onOwnRedis(
  'a Redis that is full takes no hints, and the ledger dispatches',
  async (bench, server) => {
    const dispatcher = await bench.dispatch(works);
    const admin = connectRedis(server.url, 'patient');
    await admin.config('SET', 'maxmemory', '1');
    admin.disconnect();
    await bench.arm('run', ...NAMES);
    await dispatcher.settle();
    assert.deepEqual(await bench.effects(), onceEach(NAMES));
    assert.ok(bench.failures.length > 0);
  },
);

onOwnRedis('a Redis that hangs is done without', async (bench, server) => {
  const dispatcher = await bench.dispatch(works);
  process.kill(server.pid, 'SIGSTOP');
  await bench.arm('run', ...NAMES);
  await dispatcher.settle();
  process.kill(server.pid, 'SIGCONT');
  assert.deepEqual(await bench.effects(), onceEach(NAMES));
});

onOwnRedis('hints that come twice, late or for nothing have no effect', async (bench, server) => {
  const dispatcher = await bench.dispatch(works);
  const hints = createBullHints({ address: server.url, prefix: bench.prefix });
  hints.start([], async () => {});
  await until(() => hints.isUp());
  const doubled = NAMES.flatMap((subject) =>
    [1, 2, 3, 901, 902].map((dispatchNo) => ({ kind: 'run', subject, dispatchNo })),
  );
  await hints.add(doubled);
  await hints.add([{ kind: 'run', subject: 'never-armed', dispatchNo: 1 }]);
  await bench.arm('run', ...NAMES);
  await hints.add(doubled);
  await dispatcher.settle();
  await hints.add(doubled);
  await hints.close();
  await dispatcher.settle();
  assert.deepEqual(await bench.effects(), onceEach(NAMES));
});

onOwnRedis(
  'two installations on one Redis do not take each other for themselves',
  async (bench, server) => {
    const variant: Variant = {
      name: 'other',
      skip: false,
      redis: server.url,
      openLedger: async () => openSqliteLedger(':memory:'),
    };
    await using other = await openBench(variant);
    await bench.dispatch(works, ONLY_HINTS);
    await other.dispatch(works, ONLY_HINTS);
    await expectHints(other, 'ours');
    await expectHints(bench, 'ours');
    assert.deepEqual(await bench.effects(), { ours: 1 });
  },
);

onOwnRedis('draining ends although Redis is away', async (bench, server) => {
  const dispatcher = await bench.dispatch(works);
  await server.crash('SIGKILL');
  await dispatcher.drain(0);
});
