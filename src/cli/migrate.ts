import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../domain/operator-schema.ts';
import { openLedger } from '../ledger/database.ts';
import { migrate, schemaState } from '../ledger/migrate.ts';
import { holdDirectory } from '../ledger/sole-owner.ts';
import { readConfig } from './environment.ts';
import { explainLedger } from './errors.ts';
import { print, printJson } from './output.ts';
import type { Register } from './register.ts';

export const registerMigrate: Register = (program) => {
  program
    .command('migrate')
    .description('makes the ledger, or brings it to this version; safe to repeat')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { config } = readConfig(command);
      const done = await bringForward(config).catch((error: unknown) => {
        throw explainLedger(error, config);
      });
      if (options.json) return printJson({ done });
      return print(done.length === 0 ? 'The ledger is up to date.' : `Done: ${done.join(', ')}.`);
    });
};

/** On SQLite nobody may serve meanwhile: the schema would change under an older version. */
async function bringForward(config: Config): Promise<readonly string[]> {
  const isEmbedded = config.database === undefined;
  const isNew = isEmbedded && !existsSync(join(config.data, 'ledger.sqlite'));
  const ledger = openLedger(config);
  try {
    if (!isNew && (await schemaState(ledger)) === 'current') return [];
    const freeDirectory = isEmbedded ? holdDirectory(config.data) : () => {};
    try {
      return await migrate(ledger);
    } finally {
      freeDirectory();
    }
  } finally {
    await ledger.close();
  }
}
