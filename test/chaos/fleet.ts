import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CrashPoint } from '../../src/lib/crash-point.ts';
import type { Random } from '../simulation/random.ts';

export type Role = 'all' | 'web' | 'worker';
export type Member = {
  readonly name: string;
  readonly role: Role;
  readonly env: Readonly<Record<string, string>>;
};

export type FleetOptions = {
  /** Gets `--config FILE serve …`. */
  readonly entry: string;
  readonly directory: string;
  readonly configFile: string;
  readonly members: readonly Member[];
  readonly random: Random;
  /** Shortest and longest time from being up until a random death, in ms. */
  readonly life: readonly [number, number];
  /** Where processes die. */
  readonly points: readonly CrashPoint[];
};

export type Fleet = {
  /** kill -9, at random moments and at crash points. */
  readonly kills: () => number;
  readonly hits: ReadonlyMap<CrashPoint, number>;
  /** Processes that ended by themselves, e.g. because PostgreSQL was away at their start. */
  readonly failures: () => number;
  /** From now on nobody is killed. Those that were to die at a crash point are started afresh. */
  calm(): void;
  stop(): Promise<void>;
};

const IN_WEB = new Set<CrashPoint>(['intake.after-commit']);
const CRASH_SHARE = 0.6;
/** So many of those that die at random do so before they are up, at the latest after so long. */
const BOOT_SHARE = 0.15;
const BOOT_MS = 1_500;
const PATIENCE = 2;
const PAUSE_MS = 50;

/** Processes that are killed again and again, each started anew at once. */
export function startFleet(options: FleetOptions): Fleet {
  const { random, members } = options;
  const hits = new Map<CrashPoint, number>(options.points.map((point) => [point, 0]));
  const live = new Map<Member, { child: ChildProcess; doomed: boolean }>();
  let kills = 0;
  let failures = 0;
  let isCalm = false;
  let isOver = false;

  const pickPoint = (role: Role): CrashPoint | undefined => {
    const fitting = options.points.filter(
      (point) => role === 'all' || IN_WEB.has(point) === (role === 'web'),
    );
    const fewest = Math.min(...fitting.map((point) => hits.get(point) ?? 0));
    const rarest = fitting.filter((point) => hits.get(point) === fewest);
    return random.chance(CRASH_SHARE)
      ? random.pick(random.chance(0.8) ? rarest : fitting)
      : undefined;
  };

  /** One life, from start to death. */
  const liveOnce = async (member: Member): Promise<void> => {
    const point = isCalm ? undefined : pickPoint(member.role);
    const hit = point !== undefined && (hits.get(point) ?? 0) > 0 ? random.whole(1, 3) : 1;
    const child = launch(options, member, point && `${point}@${hit}`);
    const entry = { child, doomed: false };
    live.set(member, entry);
    const ended = new Promise<NodeJS.Signals | null>((resolve) => {
      child.once('exit', (_code, signal) => resolve(signal));
    });
    const kill = () => {
      if (isCalm) return;
      entry.doomed = true;
      child.kill('SIGKILL');
    };
    const timers = [];
    if (point === undefined && random.chance(BOOT_SHARE))
      timers.push(setTimeout(kill, random.between(0, BOOT_MS)));
    const lifeMs = random.between(...options.life) * (point === undefined ? 1 : PATIENCE);
    void isUp(child).then(() => timers.push(setTimeout(kill, lifeMs)));
    const signal = await ended;
    timers.forEach(clearTimeout);
    live.delete(member);
    if (signal === 'SIGKILL') kills += 1;
    else failures += 1;
    if (signal === 'SIGKILL' && !entry.doomed && point) hits.set(point, (hits.get(point) ?? 0) + 1);
  };

  const liveOn = async (member: Member) => {
    while (!isOver) {
      await liveOnce(member);
      await delay(PAUSE_MS);
    }
  };
  const lives = Promise.all(members.map(liveOn));

  const killAll = () => {
    for (const entry of live.values()) {
      entry.doomed = true;
      entry.child.kill('SIGKILL');
    }
  };
  return {
    kills: () => kills,
    failures: () => failures,
    hits,
    calm: () => {
      isCalm = true;
      killAll();
    },
    stop: async () => {
      isOver = true;
      killAll();
      await lives;
    },
  };
}

function launch(options: FleetOptions, member: Member, crashAt: string | undefined): ChildProcess {
  const { entry, configFile, directory } = options;
  const crash = crashAt === undefined ? [] : ['--crash-at', crashAt];
  const flags = ['--disable-warning=ExperimentalWarning', entry, '--config', configFile];
  const child = spawn(process.execPath, [...flags, 'serve', '--role', member.role, ...crash], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: directory,
      NODE_COMPILE_CACHE: join(directory, 'compiled'),
      ...member.env,
    },
  });
  child.stderr.pipe(createWriteStream(join(directory, `${member.name}.log`), { flags: 'a' }));
  return child;
}

/** Resolves when its log says so; never when it dies before. */
function isUp(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    let log = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString('utf8');
      if (!log.includes('signalbox is up')) return;
      resolve();
      log = '';
    });
  });
}
