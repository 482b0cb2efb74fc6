import { type Command, Option } from 'commander';
import { createApp, openLedger } from '../app.ts';
import { migrate } from '../ledger/migrate.ts';
import { armFromText } from '../lib/crash-point.ts';
import { createLogger } from '../lib/logger.ts';
import { createMask } from '../lib/redact.ts';
import { type Role, type Service, startService } from '../service.ts';
import type { Register } from './cli.ts';
import { CliError, readConfig } from './environment.ts';
import { VERSION } from './version.ts';

export const registerServe: Register = (program) => {
  program
    .command('serve')
    .description('answers webhooks, serves the pages and does the work')
    .addOption(
      new Option('--role <role>', 'which part of it')
        .choices(['all', 'web', 'worker'])
        .default('all'),
    )
    .addOption(
      new Option('--crash-at <point>', 'dies by SIGKILL at this crash point, for tests').hideHelp(),
    )
    .action(async (options: { role: Role; crashAt?: string }, command: Command) => {
      const { config, secrets } = readConfig(command);
      if (options.crashAt !== undefined) armFromText(options.crashAt);
      if (options.role !== 'all' && config.database === undefined) {
        throw new CliError(
          `--role ${options.role} needs PostgreSQL: the SQLite ledger belongs to one process`,
          'Set `database:` in signalbox.yml, or leave --role out.',
        );
      }
      const log = createLogger({ level: config.log.level, mask: createMask(secrets) });
      const ledger = openLedger(config);
      const service = await start(async () => {
        await migrate(ledger);
        const app = await createApp({ config, log, version: VERSION }, ledger);
        return startService(app, options.role);
      });
      log.info(
        { address: service.address, role: options.role, version: VERSION },
        'signalbox is up',
      );
      await untilAsked();
      log.info('signalbox is stopping');
      await service.stop();
    });
};

async function start(boot: () => Promise<Service>): Promise<Service> {
  try {
    return await boot();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`could not start: ${why}`, 'Mend it, then: signalbox serve');
  }
}

/** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once. */
export async function untilAsked(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve();
        process.once(signal, () => process.exit(130));
      });
    }
  });
}
