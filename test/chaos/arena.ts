import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Ledger, openPostgres, openSqliteLedger } from '../../src/ledger/database.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import type { CrashPoint } from '../../src/lib/crash-point.ts';
import { createRandom, type Random } from '../simulation/random.ts';
import { freePort } from '../support/free-port.ts';
import type { ForgeKind } from '../support/scenario.ts';
import { type Evidence, findViolations, type Said } from './check.ts';
import { type FarSides, SECRET, startFarSides } from './far-sides.ts';
import { type Fleet, type Member, type Role, startFleet } from './fleet.ts';
import { startProxy } from './proxy.ts';
import { openWork, startWatch } from './watch.ts';

export type ArenaOptions = {
  readonly name: string;
  readonly forge: ForgeKind;
  readonly seed: number;
  readonly entry: string;
  readonly roles: readonly Role[];
  /** At least so many of each, then the chaos ends, unless `isEnough` wants more. */
  readonly commands: number;
  readonly kills: number;
  readonly isEnough: (fleet: Fleet) => boolean;
  /** The chaos ends after so long at the latest. */
  readonly longestMs: number;
  readonly life: readonly [number, number];
  readonly points: readonly CrashPoint[];
  /** Between two comments, on average. */
  readonly pauseMs: number;
  readonly database?: string;
  readonly redis?: string;
  /** Done again and again between the comments, with about so much time in between. */
  readonly disturb?: (random: Random) => Promise<void>;
};

export type Outcome = {
  readonly violations: readonly string[];
  readonly commands: number;
  readonly kills: number;
  readonly hits: Fleet['hits'];
};

const QUIET_MS = 120_000;
const DISTURB_MS = 12_000;
const TIMINGS = {
  leaseMs: 2_500,
  pollMs: 150,
  backoffMs: 4_000,
  quietMs: 300,
  editMs: 800,
  commentSettleMs: 2_500,
  buildSettleMs: 2_500,
};

/** Real processes, killed again and again between a forge and a Drone that fail; then everything is looked at. */
export async function runArena(options: ArenaOptions): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const { name, seed } = options;
  process.stderr.write(`${name}: CHAOS_SEED=${seed}\n`);
  const directory = await mkdtemp(join(tmpdir(), 'signalbox-chaos-'));
  await chmod(directory, 0o711);
  stack.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const data = join(directory, 'data');
  await mkdir(data, { mode: 0o711 });

  const members = await Promise.all(options.roles.map(memberOf));
  const webs = members.flatMap(({ role, port }) => (role === 'worker' ? [] : [port]));
  const proxy = await startProxy(webs);
  stack.defer(() => proxy.close());
  const far = await startFarSides(stack, { kind: options.forge, hookUrl: proxy.url });
  const configFile = join(directory, 'signalbox.yml');
  await writeFile(configFile, JSON.stringify(configOf(options, { far, data, url: proxy.url })));
  const ledger = await openLedger(options, data);
  stack.defer(() => ledger.close());

  const { entry, life, points } = options;
  const random = createRandom(seed);
  const fleet = startFleet({
    entry,
    directory,
    configFile,
    members,
    life,
    points,
    random: createRandom(seed + 1),
  });
  stack.defer(() => fleet.stop());
  // What was said before the first contact is not for us.
  const isKnown = async () => (await countMarks(ledger)) >= far.repositories.length;
  await until(isKnown, 60_000);

  const said: Said[] = [];
  const watch = startWatch(ledger, () => {
    const missing = [...fleet.hits].filter(([, hits]) => hits === 0).map(([point]) => point);
    const counts = `${said.length} commands, ${fleet.kills()} kills, ${fleet.failures()} failed starts`;
    return `${name}: ${counts}, ${proxy.failed()} webhooks lost; not hit: ${missing.join(' ')}`;
  });
  stack.defer(() => watch.stop());
  far.breakThings(createRandom(seed + 2));
  const disturbing = startDisturbing(options, createRandom(seed + 3));
  await talk(options, { far, fleet, said, random });
  await disturbing.stop();
  far.mendThings();
  const kills = fleet.kills();
  fleet.calm();

  const evidence: Evidence = { ledger, far, said, acknowledged: proxy.acknowledged, data };
  const rest = await untilQuiet(evidence);
  await watch.stop();
  const violations = [...(await findViolations(evidence)), ...watch.fallen, ...rest];
  return { violations, commands: said.length, kills, hits: fleet.hits };
}

async function memberOf(role: Role, index: number): Promise<Member & { port: number }> {
  const port = await freePort();
  const env = {
    SIGNALBOX_LISTEN: `127.0.0.1:${port}`,
    SIGNALBOX_RUNNERS__LOCAL__UID_BASE: String(73_000 + 100 * index),
  };
  return { name: `${role}-${index}`, role, env, port };
}

function configOf(options: ArenaOptions, at: { far: FarSides; data: string; url: string }) {
  const { far, data, url } = at;
  return {
    url,
    data,
    catchUpSeconds: 3,
    timings: TIMINGS,
    database: options.database ?? '',
    redis: options.redis ?? '',
    forges: {
      acme: { ...far.access, repositories: ['demo/*'] },
    },
    runners: {
      drone: { kind: 'drone', url: far.drone.url, token: far.droneToken, webhookSecret: SECRET },
      local: { kind: 'lifecycle', deployers: ['process'], slots: 2 },
    },
  };
}

async function openLedger({ database }: ArenaOptions, data: string): Promise<Ledger> {
  const ledger = database ? openPostgres(database) : openSqliteLedger(join(data, 'ledger.sqlite'));
  await migrate(ledger);
  return ledger;
}

/** Of repositories: what the forge could not deliver has one too. */
async function countMarks(ledger: Ledger): Promise<number> {
  const marks = ledger.db.selectFrom('watermarks').selectAll().where('repository', 'like', '%/%');
  return (await marks.execute()).length;
}

async function until(isSo: () => Promise<boolean>, longestMs: number): Promise<boolean> {
  const end = Date.now() + longestMs;
  while (Date.now() < end) {
    if (await isSo().catch(() => false)) return true;
    await delay(100);
  }
  return false;
}

type Talk = { far: FarSides; fleet: Fleet; said: Said[]; random: Random };

/** People comment until there was enough of everything. */
async function talk(options: ArenaOptions, { far, fleet, said, random }: Talk): Promise<void> {
  const end = Date.now() + options.longestMs;
  const isEnough = () =>
    said.length >= options.commands && fleet.kills() >= options.kills && options.isEnough(fleet);
  while (!isEnough() && Date.now() < end) {
    const on = random.pick(far.pulls);
    for (const body of random.pick(conversations(fleet))) {
      const comment = await far.forge.comment(on, 'bob', body);
      said.push({ commentId: comment.id, body });
      await delay(random.between(0, 2 * options.pauseMs));
    }
    // Enough was said: only the crash points that are still missing need some more.
    if (said.length >= options.commands) await delay(options.pauseMs * 2);
  }
}

/** Half of what is said is for the crash points that nobody came by yet. */
function conversations({ hits }: Fleet): readonly (readonly string[])[] {
  const missing = [...hits].flatMap(([point, times]) => (times === 0 ? [point] : []));
  const wanted = missing.flatMap((point) => {
    if (point.startsWith('execution.')) return [['!testme smoke']];
    return point === 'run.after-cancel' ? [['!testme', '/cancel']] : [];
  });
  const repeat = Math.ceil(CONVERSATIONS.length / Math.max(1, wanted.length) / 2);
  return [...CONVERSATIONS, ...Array.from({ length: repeat }, () => wanted).flat()];
}

const CONVERSATIONS = [
  ...Array.from({ length: 15 }, () => ['!testme']),
  ['!testme smoke'],
  ['!testme smoke'],
  ['!testme', '/cancel'],
  ['!testme', '!testme', '/cancel'],
  ['!testme smoke', '/cancel'],
];

function startDisturbing(options: ArenaOptions, random: Random) {
  const stopping = new AbortController();
  const loop = async () => {
    while (options.disturb && !stopping.signal.aborted) {
      await delay(random.between(0.5, 1.5) * DISTURB_MS, undefined, {
        signal: stopping.signal,
      }).catch(() => {});
      if (!stopping.signal.aborted) await options.disturb(random);
    }
  };
  const running = loop();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** Waits until nothing is left to do; gives what still was after a long time. */
async function untilQuiet({ ledger, far, said }: Evidence): Promise<readonly string[]> {
  const isQuiet = async () => {
    await far.forge.idle();
    const commands = await ledger.db.selectFrom('commands').select('comment_id').execute();
    const known = new Set(commands.map((row) => row.comment_id));
    return (
      said.every(({ commentId }) => known.has(String(commentId))) &&
      (await openWork(ledger)).length === 0
    );
  };
  if (await until(isQuiet, QUIET_MS)) return [];
  return (await openWork(ledger)).map((work) => `still to be done: ${work}`);
}
