import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export type ServerProcess = {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
};

/** Starts `node <argv>` on one core. The process says `listening <port>` on its standard output when it is up. */
export async function startServer(
  argv: readonly string[],
  options: { core: number | undefined; env?: Record<string, string> },
): Promise<ServerProcess> {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', ...argv];
  const [file = '', ...rest] =
    options.core === undefined ? node : ['taskset', '-c', String(options.core), ...node];
  const child = spawn(file, rest, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...options.env },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // Whatever happens here, nothing of ours is left.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${argv.join(' ')} ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, found] = /^listening (\d+)$/.exec(line) ?? [];
      if (found) resolve(Number(found));
    });
  });
  return {
    pid: child.pid ?? 0,
    port,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Binds a process, all its threads and whatever it starts from now on. */
export function pin(pid: number, core: number): void {
  execFileSync('taskset', ['-a', '-cp', String(core), String(pid)], { stdio: 'ignore' });
}

/** Resident memory in MB. */
export function residentMb(pid: number): number {
  const [, kb = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
}

const TICKS_PER_SECOND = 100;

/** CPU seconds of the processes and of their children so far. What other programs do to the clock does not show here. */
export function cpuSeconds(pids: readonly number[]): number {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(name));
  const ours = stats.filter(({ pid, parent }) => pids.includes(pid) || pids.includes(parent));
  return ours.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND;
}

function readStat(name: string): { pid: number; parent: number; ticks: number }[] {
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return [{ pid: Number(name), parent: Number(fields[1]), ticks }];
  } catch {
    return [];
  }
}
