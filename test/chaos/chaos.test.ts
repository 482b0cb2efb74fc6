import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CRASH_POINTS } from '../../src/lib/crash-point.ts';
import { connectRedis } from '../../src/queue/redis.ts';
import type { Random } from '../simulation/random.ts';
import { postgres, redis } from '../support/needs.ts';
import { type Server, startPostgres, startRedis } from '../support/services.ts';
import { type ArenaOptions, type Outcome, runArena } from './arena.ts';
import type { Fleet } from './fleet.ts';

const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
const entry = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const SERVE = entry('../../src/main.ts');

const everyPointHit = ({ hits }: Pick<Fleet, 'hits'>) => [...hits.values()].every((n) => n > 0);

type Small = Pick<ArenaOptions, 'name' | 'forge' | 'roles' | 'kills' | 'life'>;
const arena = (options: Small): ArenaOptions => ({
  seed: SEED,
  entry: SERVE,
  commands: 300,
  isEnough: everyPointHit,
  points: CRASH_POINTS,
  longestMs: 240_000,
  pauseMs: 300,
  ...options,
});

function assertKept(outcome: Outcome, least: { commands: number; kills: number }): void {
  process.stderr.write(`hits: ${JSON.stringify(Object.fromEntries(outcome.hits))}\n`);
  assert.deepEqual(outcome.violations, []);
  assert.ok(outcome.commands >= least.commands, `only ${outcome.commands} commands`);
  assert.ok(outcome.kills >= least.kills, `only ${outcome.kills} kills`);
  const missed = CRASH_POINTS.filter((point) => !outcome.hits.get(point));
  assert.deepEqual(missed, [], 'every crash point was hit');
}

test('with SQLite no kill and no fault loses, doubles or leaves anything', async () => {
  const options = arena({
    name: 'SQLite',
    forge: 'playground',
    roles: ['all'],
    kills: 50,
    life: [200, 2_000],
  });
  assertKept(await runArena(options), { commands: 300, kills: 50 });
});

/** One accident of the machines below. */
async function breakOne(random: Random, database: Server, cache: Server): Promise<void> {
  const accident = random.pick(['flush', 'flush', 'redis', 'postgres'] as const);
  if (accident === 'flush') {
    const admin = connectRedis(cache.url, 'patient');
    await admin.flushall();
    admin.disconnect();
    return;
  }
  const [server, signal] =
    accident === 'redis' ? ([cache, 'SIGKILL'] as const) : ([database, 'SIGQUIT'] as const);
  await server.crash(signal);
  await new Promise((resolve) => setTimeout(resolve, random.between(0, 2_000)));
  await server.start();
}

test('with PostgreSQL and Redis no kill and no fault loses, doubles or leaves anything', {
  skip: postgres().skip || redis().skip,
}, async () => {
  const [database, cache] = await Promise.all([startPostgres(), startRedis()]);
  assert.ok(database && cache);
  await using servers = new AsyncDisposableStack();
  servers.defer(() => database.stop());
  servers.defer(() => cache.stop());
  let accidents = 0;
  const options: ArenaOptions = {
    ...arena({
      name: 'PostgreSQL and Redis',
      forge: 'github',
      roles: ['web', 'web', 'worker', 'worker'],
      kills: 150,
      life: [500, 6_000],
    }),
    database: database.url,
    redis: cache.url,
    disturb: async (random) => {
      accidents += 1;
      await breakOne(random, database, cache);
    },
  };
  assertKept(await runArena(options), { commands: 300, kills: 150 });
  assert.ok(accidents >= 3, `only ${accidents} accidents`);
});

test('without a look for what an earlier try left, the same suite finds doubled builds', async () => {
  const outcome = await runArena({
    ...arena({ name: 'naive', forge: 'playground', roles: ['all'], kills: 8, life: [500, 3_000] }),
    entry: entry('./naive.ts'),
    points: ['run.after-create'],
    commands: 60,
    isEnough: ({ hits }) => (hits.get('run.after-create') ?? 0) >= 2,
    longestMs: 60_000,
    pauseMs: 150,
  });
  assert.ok(
    outcome.violations.some((violation) => /: [2-9] builds$/.test(violation)),
    `nothing doubled was found: ${outcome.violations.join('; ')}`,
  );
});
