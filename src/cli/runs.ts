import { type Command, Option } from 'commander';
import { RUN_STATES, type Run } from '../domain/run.ts';
import { listRuns } from '../ledger/runs.ts';
import type { Register } from './cli.ts';
import { withLedger } from './environment.ts';
import { ago, paint, print, printJson, printTable } from './output.ts';

export const registerRuns: Register = (program) => {
  program
    .command('runs')
    .description('lists runs, newest first')
    .addOption(new Option('--state <state>', 'only these').choices([...RUN_STATES]))
    .option('--limit <n>', 'at most this many', '20')
    .option('--json', 'as JSON')
    .action(
      async (options: { state?: string; limit: string; json?: boolean }, command: Command) => {
        await withLedger(command, async ({ ledger }) => {
          const filter = options.state === undefined ? {} : { state: options.state };
          const runs = await listRuns(ledger.db, { ...filter, limit: Number(options.limit) });
          if (options.json) return printJson(runs);
          if (runs.length === 0)
            return print('No runs. Comment `!testme` on a pull request to make one.');
          const head = ['run', 'state', 'suite', 'pull request', 'commit', 'runner', 'asked'];
          return printTable(
            head,
            runs.map((run) => toRow(run, Date.now())),
          );
        });
      },
    );
};

function toRow(run: Run, now: number): readonly string[] {
  return [
    String(run.number),
    paintState(run.state),
    run.suite,
    `${run.repository}#${run.pull}`,
    run.sha.slice(0, 7),
    run.runner,
    ago(run.queuedAt, now),
  ];
}

export function paintState(state: Run['state']): string {
  if (state === 'passed') return paint('green', state);
  if (['failed', 'errored', 'timed_out'].includes(state)) return paint('red', state);
  return ['queued', 'running', 'finishing'].includes(state) ? paint('yellow', state) : state;
}
