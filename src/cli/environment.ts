import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { App } from '../app.ts';
import { loadConfig } from '../config.ts';
import type { Config } from '../domain/operator-schema.ts';
import { type Ledger, openLedger } from '../ledger/database.ts';
import { schemaState } from '../ledger/migrate.ts';
import { createLogger } from '../lib/logger.ts';
import { createMask } from '../lib/redact.ts';
import { CliError, explainLedger } from './errors.ts';
import { VERSION } from './version.ts';

const WRONG_CONFIGURATION = 78;

export function readConfig(command: Command): { config: Config; secrets: readonly string[] } {
  const { config: file } = command.optsWithGlobals<{ config?: string }>();
  const loaded = loadConfig(file === undefined ? {} : { file });
  if ('config' in loaded) return loaded;
  const next =
    'Mend that (docs/configuration.md has every key), then: signalbox lint signalbox.yml';
  throw new CliError(loaded.error.message, next, WRONG_CONFIGURATION);
}

/** Runs `body` on the ledger of the configuration, for commands that only look or leave a note. */
export async function withLedger<T>(
  command: Command,
  body: (parts: { ledger: Ledger; config: Config }) => Promise<T>,
): Promise<T> {
  const { config } = readConfig(command);
  const ledger = await openCurrentLedger(config);
  try {
    return await body({ ledger, config });
  } finally {
    await ledger.close();
  }
}

/** The same with every object built, for commands that use forges or the intake. */
export async function withApp<T>(command: Command, body: (app: App) => Promise<T>): Promise<T> {
  const { config, secrets } = readConfig(command);
  const ledger = await openCurrentLedger(config);
  const log = createLogger({ level: 'warn', mask: createMask(secrets) });
  // Half a second of reading files that most commands can do without.
  const { createApp } = await import('../app.ts');
  const app = await createApp({ config, log, version: VERSION }, ledger);
  try {
    return await body(app);
  } finally {
    await app.close();
  }
}

/** Looks before it opens: a command that only reads must not leave an empty ledger in the wrong directory. */
async function openCurrentLedger(config: Config): Promise<Ledger> {
  if (config.database === undefined && !existsSync(join(config.data, 'ledger.sqlite'))) {
    throw new CliError(`there is no ledger in ${config.data}`, 'Make it: signalbox migrate');
  }
  let ledger: Ledger | undefined;
  try {
    ledger = openLedger(config);
    const state = await schemaState(ledger);
    if (state === 'current') return ledger;
    throw state === 'behind'
      ? new CliError('the ledger is of an older version', 'Bring it forward: signalbox migrate')
      : new CliError(
          'the ledger was written by a newer Signalbox',
          'Use that version: signalbox --version tells which one this is.',
        );
  } catch (error) {
    await ledger?.close();
    throw explainLedger(error, config);
  }
}

/** For options that count: a whole number from 1 on. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new InvalidArgumentError('It must be a number from 1 on.');
  return Number(text);
}
