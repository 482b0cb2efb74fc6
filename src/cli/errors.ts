import type { Config } from '../domain/operator-schema.ts';
import { NewerLedger } from '../ledger/migrate.ts';
import { DirectoryTaken } from '../ledger/sole-owner.ts';

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

/** The words of an error. A refused connection comes as several errors without words of their own. */
export function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(wordsOf).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}

/** What a person can do when the ledger does not open. */
export function explainLedger(error: unknown, config: Config): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof DirectoryTaken) {
    return new CliError(
      error.message,
      'Stop that one, or give this one its own `data:`; several processes share a ledger on PostgreSQL (`database:`).',
    );
  }
  if (error instanceof NewerLedger) {
    return new CliError(error.message, 'Which version is this one? signalbox --version');
  }
  const why = wordsOf(error);
  return config.database === undefined
    ? new CliError(
        `the ledger in ${config.data} cannot be opened: ${why}`,
        'Nothing was changed. Mend the file or its rights, or restore it from a backup (docs/operations.md), then: signalbox migrate',
      )
    : new CliError(
        `the ledger cannot be reached: ${why}`,
        'Is PostgreSQL up, and `database:` right? Then: signalbox migrate',
      );
}

/** What a person can do when a listener does not open. */
export function explainListen(error: unknown, address: string): CliError | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'EADDRINUSE') {
    return new CliError(
      `${address} is taken by another program`,
      'Stop that one, or choose another address.',
    );
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return new CliError(
      `${address} cannot be listened on (${code})`,
      'Choose an address of this host and a port from 1024 on.',
    );
  }
  return undefined;
}
