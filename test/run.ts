import { spawn } from 'node:child_process';
import { startPostgres, startRedis } from './support/services.ts';

/**
 * All checks and all tests, with private servers that are always stopped. Arguments: test files or folders, to run
 * only those, without the checks.
 */
const UNIT = ['npm', 'run', '--silent', 'check'];
const SUITES = [
  'contracts',
  'ledger',
  'runner',
  'queue',
  'http',
  'scenarios',
  'simulation',
  'chaos',
  'e2e',
];

function start(command: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const [file = '', ...argv] = command;
  const child = spawn(file, argv, { stdio: 'inherit', env: { ...process.env, ...env } });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

function testCommand(patterns: readonly string[]): readonly string[] {
  const flags = ['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=2'];
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
  const patterns = argv.length > 0 ? argv : SUITES.map((suite) => `test/${suite}/**/*.test.ts`);
  return await start(testCommand(patterns), env);
}

process.exitCode = await main(process.argv.slice(2));
