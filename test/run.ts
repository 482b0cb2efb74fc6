import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { startPostgres, startRedis } from './support/services.ts';

/**
 * All checks and all tests, with private servers that are always stopped. Arguments: test files or folders, to run
 * only those, without the checks.
 */
const UNIT = ['npm', 'run', '--silent', 'check'];
/** Two files at a time share the cores well. */
const TOGETHER = ['contracts', 'ledger', 'cli', 'runner', 'queue', 'http', 'scenarios', 'e2e'];
/** These use all cores themselves, and the last kills processes by the clock: each has the machine for itself. */
const ALONE = ['simulation', 'chaos'];

let current: ChildProcess | undefined;
let isStopped = false;

// Ctrl-C and SIGTERM end what runs; the servers are stopped and their directories removed all the same.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    isStopped = true;
    current?.kill(signal);
  });
}

function start(command: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  if (isStopped) return Promise.resolve(130);
  const [file = '', ...argv] = command;
  const child = spawn(file, argv, { stdio: 'inherit', env: { ...process.env, ...env } });
  current = child;
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

/** The runner of Node takes files and patterns, no folders. */
function toPattern(argument: string): string {
  const isFolder = statSync(argument, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? `${argument.replace(/\/+$/, '')}/**/*.test.ts` : argument;
}

function testCommand(patterns: readonly string[], files = 2): readonly string[] {
  const flags = ['--disable-warning=ExperimentalWarning', '--test', `--test-concurrency=${files}`];
  return [process.execPath, ...flags, ...patterns];
}

async function main(argv: readonly string[]): Promise<number> {
  const checked = argv.length > 0 ? 0 : await start(UNIT, {});
  if (checked !== 0) return checked;
  await using servers = new AsyncDisposableStack();
  const env: Record<string, string> = {};
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  if (postgres) {
    servers.defer(() => postgres.stop());
    env.TEST_DATABASE_URL = postgres.url;
  }
  if (redis) {
    servers.defer(() => redis.stop());
    env.TEST_REDIS_URL = redis.url;
  }
  if (argv.length > 0) return await start(testCommand(argv.map(toPattern)), env);
  const pattern = (suite: string) => toPattern(`test/${suite}`);
  const codes = [await start(testCommand(TOGETHER.map(pattern)), env)];
  for (const suite of ALONE) codes.push(await start(testCommand([pattern(suite)], 1), env));
  return Math.max(...codes);
}

process.exitCode = await main(process.argv.slice(2));
