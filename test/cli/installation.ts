import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Playground } from '../../src/forges/playground/server.ts';
import { type FakeDrone, startFakeDrone } from '../support/fake-drone.ts';
import { freePort } from '../support/free-port.ts';
import { startPlayground } from '../support/playground.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const NODE = [process.execPath, '--disable-warning=ExperimentalWarning', MAIN];
const WEBHOOK_SECRET = 'a-secret-of-the-command-line';
const DRONE_SECRET = 'a-secret-of-drone-at-the-cli';
export const REPOSITORY = 'demo/shop';

/** `testme` is a Drone build; `stays` is an app of this host that never becomes healthy. */
const SIGNALBOX_YML = `suites:
  testme: { runner: drone, params: { RECIPE: shop } }
  stays:
    runner: local
    recipe:
      version: 1
      app: stays
      deploy: process
      services:
        web: { run: [sh, -c, 'sleep 600; true'], stop_grace: 1s }
      health:
        http: { service: web, path: /health }
      timeouts: { convergence: 5m, hook: 5m, stage: 10m, run: 20m }
`;

export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type Serving = {
  readonly pid: number;
  /** Log lines so far. */
  log(): string;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code, or with the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
};

export type Installation = AsyncDisposable & {
  readonly directory: string;
  readonly url: string;
  readonly port: number;
  readonly forge: Playground;
  readonly drone: FakeDrone;
  /** Writes signalbox.yml with these keys over the ones of this installation. */
  configure(changes: object): Promise<void>;
  /** One command of the CLI, piped, to its end. */
  cli(...argv: string[]): Promise<Ended>;
  /** A file of this folder as a process in the installation's directory, to its end. */
  node(file: string, ...argv: string[]): Promise<Ended>;
  /** The same on a terminal; stdout and stderr come as one. */
  tty(env: Readonly<Record<string, string>>, ...argv: string[]): Promise<Ended>;
  /** Starts `serve`; resolves when it says that it is up, rejects with what it said when it ends before. */
  serve(...argv: string[]): Promise<Serving>;
  /** Bodies of the bot's comments. */
  answers(): readonly string[];
};

/** An operator's directory with a signalbox.yml, a forge and a CI: everything but a running bot. */
export async function createInstallation(): Promise<Installation> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'signalbox-cli-'));
  await chmod(directory, 0o711);
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const token = randomBytes(12).toString('hex');
  const forge = stack.use(await startForge(token));
  const drone = stack.use(
    await startFakeDrone({ webhook: { url: `${url}/hooks/drone/drone`, secret: DRONE_SECRET } }),
  );
  drone.addRepository(REPOSITORY);
  const droneToken = drone.addUser('bot', { access: { [REPOSITORY]: 'write' } });
  const yml = {
    listen: `127.0.0.1:${port}`,
    url,
    data: './data',
    forges: {
      acme: {
        kind: 'playground',
        url: forge.url,
        token,
        webhookSecret: WEBHOOK_SECRET,
        repositories: ['demo/*'],
      },
    },
    runners: {
      drone: { kind: 'drone', url: drone.url, token: droneToken, webhookSecret: DRONE_SECRET },
      local: { kind: 'lifecycle', deployers: ['process'], slots: 2 },
    },
  };
  const configure = (changes: object) =>
    writeFile(join(directory, 'signalbox.yml'), JSON.stringify({ ...yml, ...changes }));
  await configure({});
  const children: ChildProcess[] = [];
  // A test run that is broken off disposes of nothing.
  const atExit = () => children.forEach((child) => void child.kill('SIGKILL'));
  const onSignal = () => process.exit(143);
  process.on('exit', atExit).on('SIGTERM', onSignal);
  stack.defer(() => void process.off('exit', atExit).off('SIGTERM', onSignal));
  stack.defer(() => endAll(children));
  const start = (command: readonly string[], env: Readonly<Record<string, string>>) => {
    const [file = '', ...argv] = command;
    const base = { PATH: process.env.PATH ?? '', HOME: directory, TERM: 'xterm' };
    const options = { cwd: directory, env: { ...base, ...env } };
    const child = spawn(file, argv, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    return collect(child);
  };
  const kept = stack.move();
  return {
    directory,
    url,
    port,
    forge,
    drone,
    configure,
    node: (file, ...argv) => start([...NODE.slice(0, 2), join(HERE, file), ...argv], {}).ended,
    cli: (...argv) => start([...NODE, ...argv], {}).ended,
    tty: (env, ...argv) => {
      const line = [...NODE, ...argv].map((word) => `'${word}'`).join(' ');
      return start(['script', '-qec', line, '/dev/null'], env).ended;
    },
    serve: (...argv) => untilUp(start([...NODE, 'serve', ...argv], {})),
    answers: () =>
      forge
        .commentsOn({ repository: REPOSITORY, pull: 1 })
        .filter((comment) => forge.loginOf(comment.authorId) === 'signalbox')
        .map((comment) => comment.body),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

type Collected = {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<Ended>;
};

function collect(child: ChildProcess): Collected {
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code) => resolve({ code: code ?? -1, ...output })),
  );
  return { child, output, ended };
}

function untilUp({ child, output, ended }: Collected): Promise<Serving> {
  return new Promise((resolve, reject) => {
    const serving: Serving = {
      pid: child.pid ?? 0,
      log: () => output.stderr,
      signal: (signal) => void child.kill(signal),
      ended: ended.then(({ code }) => child.signalCode ?? code),
    };
    child.stderr?.on('data', () => {
      if (output.stderr.includes('signalbox is up')) resolve(serving);
    });
    void ended.then(({ code, stderr }) => reject(new Error(`serve ended with ${code}: ${stderr}`)));
  });
}

/** Only what this installation started, by its own handle. */
async function endAll(children: readonly ChildProcess[]): Promise<void> {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
}

async function startForge(token: string): Promise<Playground> {
  const forge = await startPlayground({
    users: [
      { login: 'alice', token: 'token-of-alice', roles: { [REPOSITORY]: 'admin' } },
      { login: 'signalbox', token, bot: true, roles: { [REPOSITORY]: 'admin' } },
    ],
  });
  const files = { '.signalbox.yml': SIGNALBOX_YML, 'app.js': 'one\n' };
  await forge.addRepository({ owner: 'demo', name: 'shop', files });
  const change = { files: { 'app.js': 'two\n' }, message: 'Two', by: 'alice' };
  await forge.commit(REPOSITORY, { branch: 'topic', ...change });
  const title = 'Two \u001b]0;owned\u0007 \u202e';
  await forge.openPull({ repository: REPOSITORY, title, author: 'alice', head: 'topic' });
  return forge;
}

/** Processes whose environment names this run; with `command`, only those that have it in their command line. */
export function processesOf(runId: string, command = ''): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const read = (pid: string, file: string) => readFileSync(`/proc/${pid}/${file}`, 'latin1');
  return pids.filter((pid) => {
    try {
      const isOfRun = read(pid, 'environ').includes(`SIGNALBOX_RUN=${runId}\0`);
      return isOfRun && read(pid, 'cmdline').includes(command);
    } catch {
      return false;
    }
  });
}
