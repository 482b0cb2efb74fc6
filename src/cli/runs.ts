import { type Command, Option } from 'commander';
import { RUN_STATES, type Run } from '../domain/run.ts';
import { listRuns } from '../ledger/runs.ts';
import { parseCount, withLedger } from './environment.ts';
import { ago, type Cell, paint, print, printJson, printTable } from './output.ts';
import type { Register } from './register.ts';

export const registerRuns: Register = (program) => {
  program
    .command('runs')
    .description('lists runs, newest first')
    .addOption(new Option('--state <state>', 'only these').choices([...RUN_STATES]))
    .addOption(new Option('--limit <n>', 'at most this many').argParser(parseCount).default(20))
    .option('--json', 'as JSON')
    .action(
      async (options: { state?: string; limit: number; json?: boolean }, command: Command) => {
        await withLedger(command, async ({ ledger }) => {
          const filter = options.state === undefined ? {} : { state: options.state };
          const runs = await listRuns(ledger.db, { ...filter, limit: options.limit });
          if (options.json) return printJson(runs);
          if (runs.length === 0) {
            if (process.stdout.isTTY) print('No runs. Comment `!testme` on a pull request.');
            return;
          }
          const head = ['run', 'state', 'suite', 'pull request', 'commit', 'runner', 'asked'];
          return printTable(
            head,
            runs.map((run) => toRow(run, Date.now())),
          );
        });
      },
    );
};

function toRow(run: Run, now: number): readonly Cell[] {
  const style = styleOf(run.state);
  return [
    String(run.number),
    style ? { text: run.state, style } : run.state,
    run.suite,
    `${run.repository}#${run.pull}`,
    run.sha.slice(0, 7),
    run.runner,
    ago(run.queuedAt, now),
  ];
}

export function paintState(state: Run['state']): string {
  const style = styleOf(state);
  return style ? paint(style, state) : state;
}

function styleOf(state: Run['state']): 'green' | 'red' | 'yellow' | undefined {
  if (state === 'passed') return 'green';
  if (['failed', 'errored', 'timed_out'].includes(state)) return 'red';
  return ['queued', 'running', 'finishing'].includes(state) ? 'yellow' : undefined;
}
