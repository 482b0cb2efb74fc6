import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateAll } from './pool.ts';
import { type SimulationOptions, simulate, type Variant } from './simulate.ts';

/** Three and a half minutes on two cores; `npm run simulate -- --seeds 100000` is for the night. */
const SEEDS = 2_000;
/** A wrong product must be told from the right one within this many. */
const SEEDS_FOR_A_VARIANT = 300;

function seeds(count: number, options: Partial<SimulationOptions> = {}): SimulationOptions[] {
  return Array.from({ length: count }, (_, n) => ({ seed: n + 1, ...options }));
}

async function tell(options: SimulationOptions): Promise<string> {
  const { trace, violations } = await simulate({ ...options, traced: true });
  return [`seed ${options.seed}`, ...trace, ...violations.map((why) => `VIOLATION ${why}`)].join(
    '\n',
  );
}

test('whatever the accidents, every command is answered once and nothing is left behind', async (t) => {
  const total = { commands: 0, crashes: 0, runs: 0, builds: 0 };
  let bad: SimulationOptions | undefined;
  await simulateAll(seeds(SEEDS), ({ stats, violations, seed }, options) => {
    assert.ok(stats.commands >= 20, `seed ${seed} has ${stats.commands} commands`);
    assert.ok(stats.crashes >= 10, `seed ${seed} has ${stats.crashes} crashes`);
    total.commands += stats.commands;
    total.crashes += stats.crashes;
    total.runs += stats.runs;
    total.builds += stats.builds;
    if (violations.length > 0) bad ??= options;
    return bad === undefined;
  });
  t.diagnostic(`${SEEDS} seeds: ${JSON.stringify(total)}`);
  if (bad) assert.fail(await tell(bad));
});

test('with every webhook lost for ten minutes, each command is answered once all the same', async () => {
  await simulateAll(seeds(10, { deaf: true }), ({ seed, violations }) => {
    assert.deepEqual(violations, [], `seed ${seed}`);
    return true;
  });
});

test('the same seed is the same life, to the last line', async () => {
  const first = await simulate({ seed: 7, traced: true });
  const second = await simulate({ seed: 7, traced: true });
  assert.ok(first.trace.length > 100);
  assert.deepEqual(second.trace, first.trace);
  assert.deepEqual(second.stats, first.stats);
});

for (const variant of ['no-intent', 'no-fence', 'no-guard'] satisfies Variant[]) {
  test(`a product with ${variant.replace('-', ' ')} is caught`, async (t) => {
    let caught: string | undefined;
    await simulateAll(seeds(SEEDS_FOR_A_VARIANT, { variant }), ({ seed, violations }) => {
      if (violations[0] !== undefined) caught ??= `seed ${seed}: ${violations[0]}`;
      return caught === undefined;
    });
    t.diagnostic(caught ?? 'not caught');
    assert.ok(caught !== undefined, `${SEEDS_FOR_A_VARIANT} seeds found nothing wrong`);
  });
}
