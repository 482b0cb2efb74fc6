import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type ConfigError, loadConfig } from '../config.ts';
import type { Finding } from '../domain/finding.ts';
import type { Config } from '../domain/operator-schema.ts';
import { type Ledger, openSqliteLedger } from '../ledger/database.ts';
import { migrate } from '../ledger/migrate.ts';
import { ensureSetting } from '../ledger/settings.ts';
import { createHttpClient } from '../lib/http-client.ts';
import { createLogger } from '../lib/logger.ts';
import { createMask, type Mask } from '../lib/redact.ts';
import { examineAll, exitCodeOf, tallyOf } from '../maintenance/doctor.ts';
import { createChecks } from '../maintenance/doctor-checks.ts';
import { lookAtLedger } from '../maintenance/doctor-ledger.ts';
import { printFindings } from './findings.ts';
import { printJson } from './output.ts';
import type { Register } from './register.ts';
import { VERSION } from './version.ts';

export const registerDoctor: Register = (program, setExitCode) => {
  program
    .command('doctor')
    .description('looks at everything that could keep it from working, and changes nothing')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { config: file } = command.optsWithGlobals<{ config?: string }>();
      const loaded = loadConfig(file === undefined ? {} : { file });
      const findings =
        'config' in loaded
          ? masked(await examine(loaded.config), createMask(loaded.secrets))
          : configFindings(loaded.error, file ?? 'signalbox.yml');
      const tally = tallyOf(findings);
      setExitCode(exitCodeOf(tally));
      if (options.json) return printJson({ findings, tally });
      return printFindings(findings);
    });
};

/** Wrong configuration keeps everything else from being looked at. */
function configFindings({ problems, message }: ConfigError, file: string): readonly Finding[] {
  const mend = [`signalbox lint ${file}`];
  const failure = (text: string): Finding => ({ tier: 'failure', subject: 'config', text, mend });
  const found = problems.map(({ path, line, column, message: what, suggestion, variable }) => {
    const place = line > 0 ? `${file}:${line}:${column} ` : '';
    const where = line === 0 && variable !== undefined ? `${path} (${variable})` : path;
    return failure(`${place}${where}: ${what}${suggestion ? `; ${suggestion}?` : ''}`);
  });
  const all = found.length > 0 ? found : [failure(message.split('\n', 1)[0] ?? '')];
  return [...all, { tier: 'skipped', subject: 'everything else', text: 'needs config' }];
}

async function examine(config: Config): Promise<readonly Finding[]> {
  await using stack = new AsyncDisposableStack();
  const look = await lookAtLedger(config);
  const { ledger } = look;
  if (ledger) stack.defer(() => ledger.close());
  const http = createHttpClient({ timeoutMs: 10_000 });
  stack.defer(() => http.close());
  const { context, forges, localRunners } = await buildParts(config, ledger, stack);
  const { remoteRunners } = context;
  const parts = { config, version: VERSION, look, forges, remoteRunners, localRunners, http };
  return await examineAll(createChecks({ ...parts, now: Date.now }));
}

/**
 * Forges and runners as `serve` builds them, over a ledger in memory: the real one may be broken, and nothing may be
 * written to it. Where there is no data directory yet, none is made.
 */
async function buildParts(config: Config, real: Ledger | undefined, stack: AsyncDisposableStack) {
  const memory = openSqliteLedger(':memory:');
  await migrate(memory);
  // By it the runner of this host knows its own.
  const installation = await real?.db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', 'installation')
    .executeTakeFirst();
  if (installation) await ensureSetting(memory.db, 'installation', () => installation.value);
  const isThere = (await stat(config.data).catch(() => undefined))?.isDirectory() ?? false;
  const data = isThere ? config.data : await mkdtemp(join(tmpdir(), 'signalbox-doctor-'));
  if (!isThere) {
    stack.defer(() => rm(data, { recursive: true, force: true }));
    // As `data` itself would be: what runs tests may pass through.
    await chmod(data, 0o711);
  }
  const log = createLogger({ level: 'silent', mask: (text) => text });
  const { createApp } = await import('../app.ts');
  const { redis: _redis, ...rest } = config;
  const app = await createApp({ config: { ...rest, data }, log, version: VERSION }, memory);
  stack.defer(() => app.close());
  return app;
}

function masked(findings: readonly Finding[], mask: Mask): readonly Finding[] {
  return findings.map((finding) => ({
    ...finding,
    text: mask(finding.text),
    ...(finding.consequence === undefined ? {} : { consequence: mask(finding.consequence) }),
    ...(finding.mend === undefined ? {} : { mend: finding.mend.map(mask) }),
  }));
}
