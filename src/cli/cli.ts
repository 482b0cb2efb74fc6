import { Command, CommanderError } from 'commander';
import { registerCancel } from './cancel.ts';
import { registerConnect } from './connect.ts';
import { registerDeliveries } from './deliveries.ts';
import { registerDemo } from './demo.ts';
import { registerDoctor } from './doctor.ts';
import { CliError, wordsOf } from './errors.ts';
import { registerLint } from './lint.ts';
import { registerMigrate } from './migrate.ts';
import { printError } from './output.ts';
import { registerRuns } from './runs.ts';
import { registerServe } from './serve.ts';
import { registerSetup } from './setup.ts';
import { registerShow } from './show.ts';
import { registerTrigger } from './trigger.ts';
import { VERSION } from './version.ts';

/** Exit codes: 0 done, 1 a negative answer (a failed run), 2 it could not be done, 64 wrong use, 70 a bug, 78 wrong configuration. */
export async function runCli(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('signalbox')
    .description('Chat-ops for pull requests: comment !testme, get an answer that can be trusted.')
    .version(VERSION)
    .option('-c, --config <file>', 'configuration, default ./signalbox.yml or SIGNALBOX_CONFIG')
    .showHelpAfterError('Type `signalbox --help` for all commands.')
    .exitOverride();
  const setExitCode = (code: number) => {
    exitCode = code;
  };
  const registrations = [
    registerServe,
    registerMigrate,
    registerConnect,
    registerDoctor,
    registerSetup,
    registerRuns,
    registerShow,
    registerCancel,
    registerTrigger,
    registerLint,
    registerDeliveries,
    registerDemo,
  ];
  for (const register of registrations) register(program, setExitCode);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 64;
    if (error instanceof CliError) {
      printError(error.message, error.next);
      return error.exitCode;
    }
    const trace = error instanceof Error ? error.stack : undefined;
    printError(`unexpected: ${trace ?? wordsOf(error)}`, 'This is a bug: please report it.');
    return 70;
  }
}
