import { type Command, Option } from 'commander';
import type { Config } from '../domain/operator-schema.ts';
import type { Ledger } from '../ledger/database.ts';
import { armFromText } from '../lib/crash-point.ts';
import { createLogger, type Logger } from '../lib/logger.ts';
import { createMask } from '../lib/redact.ts';
import type { Role, Service } from '../service.ts';
import { parseCount, readConfig } from './environment.ts';
import { CliError, explainLedger, explainListen, wordsOf } from './errors.ts';
import type { Register } from './register.ts';
import { VERSION } from './version.ts';

type Options = { readonly role: Role; readonly drain: number; readonly crashAt?: string };

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
      new Option('--drain <seconds>', 'at SIGTERM: how long runs and reports may go on')
        .argParser(parseCount)
        .default(20),
    )
    .addOption(
      new Option('--crash-at <point>', 'dies by SIGKILL at this crash point, for tests').hideHelp(),
    )
    .action(async (options: Options, command: Command) => {
      const asked = untilAsked();
      const { config, secrets } = readConfig(command);
      if (options.crashAt !== undefined) armFromText(options.crashAt);
      if (options.role !== 'all' && config.database === undefined) {
        throw new CliError(
          `--role ${options.role} needs PostgreSQL: the SQLite ledger belongs to one process`,
          'Set `database:` in signalbox.yml, or: signalbox serve',
        );
      }
      const log = createLogger({ level: config.log.level, mask: createMask(secrets) });
      const service = await boot(config, { log, role: options.role });
      const { address } = service;
      log.info({ address, role: options.role, version: VERSION }, 'signalbox is up');
      const signal = await asked;
      log.info({ signal }, 'signalbox is stopping; a second signal ends it at once');
      await service.stop({ drainMs: options.drain * 1_000 });
      log.info('signalbox has stopped');
    });
};

async function boot(config: Config, options: { log: Logger; role: Role }): Promise<Service> {
  const { log, role } = options;
  const [{ createApp }, { openServingLedger, startService }] = await Promise.all([
    import('../app.ts'),
    import('../service.ts'),
  ]);
  let ledger: Ledger;
  try {
    ledger = await openServingLedger(config);
  } catch (error) {
    throw explainLedger(error, config);
  }
  try {
    const app = await createApp({ config, log, version: VERSION }, ledger);
    return await startService(app, role);
  } catch (error) {
    const address = `${config.listen.host}:${config.listen.port}`;
    throw (
      explainListen(error, address) ??
      new CliError(`could not start: ${wordsOf(error)}`, 'Mend that, then: signalbox serve')
    );
  }
}

/** Resolves with the first SIGTERM or SIGINT from now on. A second one ends the process at once. */
export async function untilAsked(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked) process.exit(128 + (signal === 'SIGINT' ? 2 : 15));
      asked = true;
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
