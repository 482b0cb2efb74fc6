import type { Command } from 'commander';
import { openLedger } from '../app.ts';
import { migrate } from '../ledger/migrate.ts';
import type { Register } from './cli.ts';
import { CliError, readConfig } from './environment.ts';
import { print } from './output.ts';

export const registerMigrate: Register = (program) => {
  program
    .command('migrate')
    .description('brings the ledger to this version')
    .action(async (_options, command: Command) => {
      const { config } = readConfig(command);
      const ledger = openLedger(config);
      try {
        const done = await migrate(ledger);
        print(done.length === 0 ? 'The ledger is up to date.' : `Done: ${done.join(', ')}.`);
      } catch (error) {
        throw new CliError(
          error instanceof Error ? error.message : String(error),
          'Nothing was changed.',
        );
      } finally {
        await ledger.close();
      }
    });
};
