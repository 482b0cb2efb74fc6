import type { Command } from 'commander';
import { sql } from 'kysely';
import { type App, createApp, openLedger } from '../app.ts';
import { loadConfig } from '../config.ts';
import type { Config } from '../domain/operator-schema.ts';
import type { Ledger } from '../ledger/database.ts';
import { createLogger } from '../lib/logger.ts';
import { createMask } from '../lib/redact.ts';
import { VERSION } from './version.ts';

/** What went wrong, for a person; `next` is the command or deed that mends it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly next: string;
  readonly exitCode: number;

  constructor(message: string, next: string, exitCode = 2) {
    super(message);
    this.next = next;
    this.exitCode = exitCode;
  }
}

const WRONG_CONFIGURATION = 78;

export function readConfig(command: Command): { config: Config; secrets: readonly string[] } {
  const { config: file } = command.optsWithGlobals<{ config?: string }>();
  const loaded = loadConfig(file === undefined ? {} : { file });
  if ('config' in loaded) return loaded;
  const next = 'Mend the lines above; `docs/configuration.md` has every key.';
  throw new CliError(loaded.error.message, next, WRONG_CONFIGURATION);
}

/** Runs `body` on the ledger of the configuration, for commands that only look or leave a note. */
export async function withLedger<T>(
  command: Command,
  body: (parts: { ledger: Ledger; config: Config }) => Promise<T>,
): Promise<T> {
  const { config } = readConfig(command);
  const ledger = openLedger(config);
  try {
    await requireSchema(ledger);
    return await body({ ledger, config });
  } finally {
    await ledger.close();
  }
}

/** The same with every object built, for commands that use forges or the intake. */
export async function withApp<T>(command: Command, body: (app: App) => Promise<T>): Promise<T> {
  const { config, secrets } = readConfig(command);
  const ledger = openLedger(config);
  await requireSchema(ledger).catch(async (error) => {
    await ledger.close();
    throw error;
  });
  const log = createLogger({ level: 'warn', mask: createMask(secrets) });
  const app = await createApp({ config, log, version: VERSION }, ledger);
  try {
    return await body(app);
  } finally {
    await app.close();
  }
}

async function requireSchema(ledger: Ledger): Promise<void> {
  try {
    await sql`select name from settings limit 1`.execute(ledger.db);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`the ledger cannot be read: ${why}`, 'Make it: signalbox migrate');
  }
}
