import type { Command } from 'commander';
import { isTerminal } from '../domain/run.ts';
import { wakeRunner } from '../handlers/wake-runner.ts';
import { advanceRun, findRunByNumber } from '../ledger/runs.ts';
import type { Register } from './cli.ts';
import { withLedger } from './environment.ts';
import { print } from './output.ts';
import { parseRunNumber, unknownRun } from './show.ts';

export const registerCancel: Register = (program) => {
  program
    .command('cancel <run>')
    .description('stops a run, in whatever state it is; it is torn down and says so')
    .action(async (number: string, _options, command: Command) => {
      await withLedger(command, async ({ ledger, config }) => {
        const run = await findRunByNumber(ledger.db, parseRunNumber(number));
        if (!run) throw unknownRun(number);
        if (isTerminal(run.state)) return print(`Run ${run.number} is over already: ${run.state}.`);
        const at = Date.now();
        const runners = Object.entries(config.runners);
        const local = runners.flatMap(([name, { kind }]) => (kind === 'lifecycle' ? [name] : []));
        const cancellation = { at, by: 'operator', cause: 'cancel' as const };
        await ledger.transaction(async (tx) => {
          await advanceRun(
            tx,
            run.id,
            { kind: 'cancel-requested', cancellation },
            { at, source: 'cli', actor: 'operator' },
          );
          await wakeRunner(tx, { localRunners: new Set(local) }, run, at);
        });
        return print(`Run ${run.number} will stop. Watch it: signalbox show ${run.number}`);
      });
    });
};
