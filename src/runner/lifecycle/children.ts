import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Ending } from '../../domain/diagnosis.ts';
import type { Line, Recipe } from '../../domain/recipe.ts';
import { limitArguments } from './limits.ts';
import { type LineSink, type OutputLimits, pumpLines } from './output.ts';

export type ChildOptions = {
  readonly argv: Line;
  readonly cwd: string;
  /** The whole environment, the marks included: nothing of ours is added. */
  readonly environment: Readonly<Record<string, string>>;
  /** Unprivileged user and group; absent when we are not root. */
  readonly user?: number;
  readonly resources: Recipe['resources'];
  readonly lockLimit: string;
  readonly sink: LineSink;
  readonly output: OutputLimits;
};

export type Child = {
  readonly pid: number;
  /** Undefined while it runs, or its last output is still being read. */
  ending(): Ending | undefined;
  /** Resolves when the process is gone and its output is read; never rejects. */
  readonly ended: Promise<Ending>;
  /** A signal to its whole process group. */
  signal(name: NodeJS.Signals): void;
};

const TOOL_DIRECTORIES = ['/usr/bin', '/bin', '/usr/local/bin'];
/** How long somebody who inherited the pipes may keep them after the command itself has ended. */
const PIPE_GRACE_MS = 300;

class MissingToolError extends Error {
  override readonly name = 'MissingToolError';
}

/** Absolute path of a program of the system, independent of anybody's PATH. Throws `MissingToolError`. */
export function findTool(name: string, debianPackage: string): string {
  const directory = TOOL_DIRECTORIES.find((candidate) => existsSync(`${candidate}/${name}`));
  if (directory !== undefined) return `${directory}/${name}`;
  throw new MissingToolError(
    `\`${name}\` is missing on this host: install the package ${debianPackage}`,
  );
}

/**
 * Starts a program of the tested code: own session and process group, unprivileged, limited, no way to gain
 * privileges, nothing on its standard input. Throws `MissingToolError`, or the error of `spawn`.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const setpriv = findTool('setpriv', 'util-linux');
  const prlimit = findTool('prlimit', 'util-linux');
  const limits = limitArguments(options.resources, options.lockLimit, options.user);
  assertReachable(options);
  const child = spawn(
    setpriv,
    ['--no-new-privs', '--', prlimit, ...limits, '--', ...options.argv],
    {
      cwd: options.cwd,
      env: options.environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
    },
  );
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return observe(child, options);
}

/** As root, Node reports a directory that the child's user may not enter as a missing program. */
function assertReachable({ cwd, user }: ChildOptions): void {
  if (user === undefined) return;
  for (let path = dirname(cwd); path !== dirname(path); path = dirname(path)) {
    if ((statSync(path).mode & 0o001) !== 0) continue;
    throw new Error(`user ${user} cannot pass ${path}: let others pass it (chmod o+x)`);
  }
}

function observe(child: ChildProcess, { sink, output }: ChildOptions): Child {
  const { pid, stdout, stderr } = child;
  if (pid === undefined || stdout === null || stderr === null) throw new Error('spawned halfway');
  const streams = [stdout, stderr];
  const read = Promise.all(streams.map((stream) => pumpLines(stream, sink, output)));
  let ending: Ending | undefined;
  let isGone = false;
  let asked = false;
  const gone = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) => {
      isGone = true;
      resolve(describeEnding(code, signal, asked));
    });
  });
  const ended = gone.then(async (result) => {
    const patience = setTimeout(() => {
      for (const stream of streams) stream.destroy();
    }, PIPE_GRACE_MS);
    await read;
    clearTimeout(patience);
    ending = result;
    return result;
  });
  return {
    pid,
    ended,
    ending: () => ending,
    signal(name) {
      // After its end the number may belong to another group: whoever is left is found through /proc.
      if (isGone) return;
      asked = true;
      try {
        process.kill(-pid, name);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    },
  };
}

const SIGKILL_CODE = 137;

/** How a process ended, in words that follow its name. `asked`: we had sent it a signal before. */
function describeEnding(code: number | null, signal: string | null, asked: boolean): Ending {
  if (signal === null && code !== SIGKILL_CODE) {
    return { code: code ?? 0, words: code === 0 ? 'ended' : `ended with exit ${code}` };
  }
  const name = signal ?? 'SIGKILL';
  const base = { ...(code === null ? {} : { code }), signal: name };
  if (asked) return { ...base, words: 'was stopped' };
  if (name === 'SIGKILL') return { ...base, words: 'was killed (out of memory?)' };
  return { ...base, words: `crashed with ${name}` };
}
