import type { Command } from 'commander';
import type { Config } from '../domain/operator-schema.ts';
import { isTerminal, type Run } from '../domain/run.ts';
import { wakeRunner } from '../handlers/wake-runner.ts';
import type { Ledger } from '../ledger/database.ts';
import { advanceRun } from '../ledger/runs.ts';
import { withLedger } from './environment.ts';
import { print, printJson } from './output.ts';
import type { Register } from './register.ts';
import { loadRunByNumber } from './show.ts';

export const registerCancel: Register = (program) => {
  program
    .command('cancel <run>')
    .description('stops a run, in whatever state it is; it is torn down and says so')
    .option('--json', 'as JSON')
    .action(async (number: string, options: { json?: boolean }, command: Command) => {
      await withLedger(command, async ({ ledger, config }) => {
        const before = await loadRunByNumber(ledger, number);
        const run = isTerminal(before.state) ? before : await requestCancel(ledger, config, before);
        if (options.json) return printJson(run);
        if (before === run) return print(`Run ${run.number} is over already: ${run.state}.`);
        if (isTerminal(run.state)) return print(`Run ${run.number} had not begun: ${run.state}.`);
        return print(`Run ${run.number} will stop. Watch it: signalbox show ${run.number}`);
      });
    });
};

/** Leaves the wish in the ledger; whoever drives the run sees it there. */
function requestCancel(ledger: Ledger, config: Config, run: Run): Promise<Run> {
  const at = Date.now();
  const runners = Object.entries(config.runners);
  const local = runners.flatMap(([name, { kind }]) => (kind === 'lifecycle' ? [name] : []));
  const cancellation = { at, by: 'operator', cause: 'cancel' as const };
  return ledger.transaction(async (tx) => {
    const after = await advanceRun(
      tx,
      run.id,
      { kind: 'cancel-requested', cancellation },
      { at, source: 'cli', actor: 'operator' },
    );
    await wakeRunner(tx, { localRunners: new Set(local) }, run, at);
    return after;
  });
}
