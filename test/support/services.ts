import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A private server for the tests: on a socket in a directory of its own, gone when stopped. */
export type Server = {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
  /** Ends it by a signal, as a crash would; what is on its disk stays. */
  crash(signal: NodeJS.Signals): Promise<void>;
  /** After a crash: on the same address and disk. */
  start(): Promise<void>;
};

function findProgram(name: string, patterns: readonly string[] = []): string | undefined {
  const found = patterns
    .flatMap((pattern) => globSync(pattern))
    .sort()
    .at(-1);
  if (found) return found;
  return (process.env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

const isRoot = process.getuid?.() === 0;

function idOf(user: string, flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
}

type Child = { readonly pid: number; stop(signal: NodeJS.Signals): Promise<void> };

function run(file: string, argv: readonly string[], user?: { uid: number; gid: number }): Child {
  const child = spawn(file, argv, { stdio: 'ignore', ...user });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    pid: child.pid ?? 0,
    stop: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
}

async function until(isUp: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (isUp()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not come up`);
}

/** PostgreSQL on a Unix socket, durable as shipped. It refuses to run as root, so root starts it as `postgres`. */
export async function startPostgres(): Promise<Server | undefined> {
  const postgres = findProgram('postgres', ['/usr/lib/postgresql/*/bin/postgres']);
  if (!postgres) return undefined;
  const bin = join(postgres, '..');
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-pg-'));
  const data = join(directory, 'data');
  const user = isRoot ? { uid: idOf('postgres', '-u'), gid: idOf('postgres', '-g') } : undefined;
  if (user) chownSync(directory, user.uid, user.gid);
  const initdb = ['-D', data, '-A', 'trust', '-U', 'test', '-E', 'UTF8', '--no-sync'];
  execFileSync(join(bin, 'initdb'), initdb, { stdio: 'ignore', ...user });
  const options = [
    '-D',
    data,
    '-k',
    directory,
    '-c',
    'listen_addresses=',
    '-c',
    'max_connections=200',
  ];
  const query = ['-h', directory, '-U', 'test', 'postgres', '-c', 'select 1'];
  return serverOf({
    url: `postgres://test@localhost/postgres?host=${encodeURIComponent(directory)}`,
    directory,
    stopSignal: 'SIGQUIT',
    start: async () => {
      const child = run(postgres, options, user);
      await until(() => isQuiet(join(bin, 'psql'), query), 'PostgreSQL');
      return child;
    },
  });
}

/** Redis on a Unix socket, nothing kept on disk. */
export async function startRedis(): Promise<Server | undefined> {
  const redis = findProgram('redis-server');
  if (!redis) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-redis-'));
  mkdirSync(directory, { recursive: true });
  const socket = join(directory, 'redis.sock');
  const argv = [
    '--port',
    '0',
    '--unixsocket',
    socket,
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  return serverOf({
    url: socket,
    directory,
    stopSignal: 'SIGKILL',
    start: async () => {
      const child = run(redis, [...argv, '--maxmemory-policy', 'noeviction']);
      await until(() => existsSync(socket), 'Redis');
      return child;
    },
  });
}

type Program = {
  readonly url: string;
  readonly directory: string;
  readonly stopSignal: NodeJS.Signals;
  readonly start: () => Promise<Child>;
};

async function serverOf({ url, directory, stopSignal, start }: Program): Promise<Server> {
  let child: Child | undefined = await start();
  const crash = async (signal: NodeJS.Signals) => {
    await child?.stop(signal);
    child = undefined;
  };
  return {
    url,
    get pid() {
      return child?.pid ?? 0;
    },
    crash,
    start: async () => {
      child ??= await start();
    },
    stop: async () => {
      await crash(stopSignal);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function isQuiet(file: string, argv: readonly string[]): boolean {
  try {
    execFileSync(file, argv, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
