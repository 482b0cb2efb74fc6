import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Held, Processor } from '../../src/ledger/held.ts';
import { LeaseLost } from '../../src/ledger/work.ts';
import { type Bench, countEffect, onceEach, openBench, subjects, VARIANTS } from './variants.ts';

/** What a dispatcher is, said once for all of them. */
function onEveryDispatcher(name: string, body: (bench: Bench) => Promise<void>): void {
  for (const variant of VARIANTS) {
    test(`${name} (${variant.name})`, { skip: variant.skip, timeout: 30_000 }, async () => {
      await using bench = await openBench(variant);
      await body(bench);
    });
  }
}

onEveryDispatcher('work that is due is done once each', async (bench) => {
  const names = subjects(40);
  const dispatcher = await bench.dispatch([
    { kind: 'run', concurrency: 5, processor: countEffect },
  ]);
  await bench.arm('run', ...names);
  dispatcher.nudge();
  await dispatcher.settle();
  assert.deepEqual(await bench.effects(), onceEach(names));
});

onEveryDispatcher('kinds with a colon in their name are told apart', async (bench) => {
  const did: string[] = [];
  const lane = (kind: string) => ({
    kind,
    concurrency: 1,
    processor: async (held: Held) => {
      did.push(`${kind} ${held.lease.kind} ${held.lease.subject}`);
      return {};
    },
  });
  const dispatcher = await bench.dispatch([lane('report:acme'), lane('report:other')]);
  await bench.arm('report:acme', '1');
  await bench.arm('report:other', '2');
  await dispatcher.settle();
  assert.deepEqual(did.sort(), ['report:acme report:acme 1', 'report:other report:other 2']);
});

onEveryDispatcher('work that is armed while it is done is done again', async (bench) => {
  const processor: Processor = async (held) => {
    const first = (await bench.effects()).again === undefined;
    await countEffect(held);
    if (first) await bench.arm('run', 'again');
    return {};
  };
  const dispatcher = await bench.dispatch([{ kind: 'run', concurrency: 2, processor }]);
  await bench.arm('run', 'again');
  await dispatcher.settle();
  assert.deepEqual(await bench.effects(), { again: 2 });
});

onEveryDispatcher('work that fails is tried again later and then done', async (bench) => {
  const done = Promise.withResolvers<void>();
  let tries = 0;
  const processor: Processor = async (held) => {
    tries += 1;
    if (tries === 1) throw new Error('the far side is away');
    const next = await countEffect(held);
    done.resolve();
    return next;
  };
  const dispatcher = await bench.dispatch([{ kind: 'run', concurrency: 2, processor }]);
  await bench.arm('run', 'flaky');
  await done.promise;
  await dispatcher.settle();
  assert.equal(tries, 2);
  assert.deepEqual(await bench.effects(), { flaky: 1 });
  assert.equal(bench.failures.length, 1);
});

onEveryDispatcher('a holder that lost its lease does not delay who has it now', async (bench) => {
  let tries = 0;
  const processor: Processor = async (held) => {
    tries += 1;
    if (tries > 1) return countEffect(held);
    await bench.ledger.db
      .updateTable('work')
      .set({ fence: held.lease.fence + 1, owner: 'other', lease_until: 0 })
      .execute();
    throw new LeaseLost('somebody else holds it');
  };
  const dispatcher = await bench.dispatch([{ kind: 'run', concurrency: 1, processor }]);
  await bench.arm('run', 'lost');
  await dispatcher.settle();
  assert.deepEqual(await bench.effects(), { lost: 1 });
  assert.deepEqual(bench.failures, []);
});

onEveryDispatcher('no more is done at once than the lane has hands', async (bench) => {
  let busy = 0;
  let most = 0;
  const processor: Processor = async (held) => {
    busy += 1;
    most = Math.max(most, busy);
    const next = await countEffect(held);
    busy -= 1;
    return next;
  };
  const names = subjects(30);
  const dispatcher = await bench.dispatch([{ kind: 'execution:local', concurrency: 2, processor }]);
  await bench.arm('execution:local', ...names);
  await dispatcher.settle();
  assert.deepEqual(await bench.effects(), onceEach(names));
  assert.equal(most, 2);
});

onEveryDispatcher('work of one kind is done while all hands of another are busy', async (bench) => {
  const release = Promise.withResolvers<void>();
  const did = Promise.withResolvers<void>();
  const dispatcher = await bench.dispatch([
    {
      kind: 'slow',
      concurrency: 1,
      processor: async () => {
        await release.promise;
        return {};
      },
    },
    {
      kind: 'fast',
      concurrency: 1,
      processor: async () => {
        did.resolve();
        return {};
      },
    },
  ]);
  await bench.arm('slow', 'a', 'b', 'c');
  await bench.arm('fast', 'd');
  await did.promise;
  release.resolve();
  await dispatcher.settle();
});

onEveryDispatcher('two dispatchers on one ledger share the work without doubles', async (bench) => {
  const names = subjects(60);
  const lanes = [{ kind: 'run', concurrency: 3, processor: countEffect }];
  const one = await bench.dispatch(lanes, { owner: 'one' });
  const two = await bench.dispatch(lanes, { owner: 'two' });
  await bench.arm('run', ...names);
  await Promise.all([one.settle(), two.settle()]);
  assert.deepEqual(await bench.effects(), onceEach(names));
});

onEveryDispatcher('draining finishes what is held and takes nothing new', async (bench) => {
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const processor: Processor = async (held) => {
    started.resolve();
    await release.promise;
    return countEffect(held);
  };
  const dispatcher = await bench.dispatch([{ kind: 'run', concurrency: 1, processor }]);
  await bench.arm('run', 'held');
  await started.promise;
  await bench.arm('run', 'new');
  const drained = dispatcher.drain(20_000);
  release.resolve();
  await drained;
  assert.deepEqual(await bench.effects(), { held: 1 });
  const next = await bench.dispatch([{ kind: 'run', concurrency: 1, processor: countEffect }]);
  await next.settle();
  assert.deepEqual(await bench.effects(), { held: 1, new: 1 });
});

onEveryDispatcher('what takes longer than the drain allows is told to stop', async (bench) => {
  const started = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const processor: Processor = async (held) => {
    held.signal.addEventListener('abort', () => stopped.resolve());
    started.resolve();
    await stopped.promise;
    return {};
  };
  const dispatcher = await bench.dispatch([{ kind: 'run', concurrency: 1, processor }]);
  await bench.arm('run', 'endless');
  await started.promise;
  await dispatcher.drain(1);
  await stopped.promise;
});

onEveryDispatcher('the work of a holder that died is done by the next', async (bench) => {
  await bench.arm('run', 'left');
  await bench.ledger.db
    .updateTable('work')
    .set({ due_at: null, owner: 'dead', lease_until: Date.now() + 150, fence: 1 })
    .execute();
  const inherited = Promise.withResolvers<boolean>();
  const processor: Processor = async (held) => {
    inherited.resolve(held.lease.inherited);
    return countEffect(held);
  };
  const dispatcher = await bench.dispatch([{ kind: 'run', concurrency: 1, processor }]);
  assert.equal(await inherited.promise, true);
  await dispatcher.settle();
  assert.deepEqual(await bench.effects(), { left: 1 });
});
