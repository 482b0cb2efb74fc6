import type { Command } from 'commander';
import type { Run } from '../domain/run.ts';
import { operationsOf } from '../ledger/operations.ts';
import { findRunByNumber } from '../ledger/runs.ts';
import type { Register } from './cli.ts';
import { CliError, withLedger } from './environment.ts';
import { clean, print, printJson, printTable } from './output.ts';
import { paintState } from './runs.ts';

export const registerShow: Register = (program) => {
  program
    .command('show <run>')
    .description('everything about one run: stages, diagnosis, cleanliness, what happened when')
    .option('--json', 'as JSON')
    .action(async (number: string, options: { json?: boolean }, command: Command) => {
      await withLedger(command, async ({ ledger, config }) => {
        const run = await findRunByNumber(ledger.db, parseRunNumber(number));
        if (!run) throw unknownRun(number);
        const operations = await operationsOf(ledger.db, `run:${run.id}`);
        if (options.json) return printJson({ run, operations });
        print(
          `run ${run.number} ${paintState(run.state)} · ${run.suite} on ${run.repository}#${run.pull} at ${run.sha}`,
        );
        print(`${config.url}/r/${run.number}\n`);
        printStages(run);
        if (run.diagnosis)
          print(
            `\n${clean(run.diagnosis.headline)} (${run.diagnosis.code})\n${clean(run.diagnosis.hint)}`,
          );
        print(`\ncleanliness: ${run.cleanliness.state}`);
        return printTable(
          ['when', 'what', 'from', 'by', 'outcome'],
          operations.map((one) => [
            new Date(one.at).toISOString(),
            one.what,
            one.source,
            one.actor ?? '-',
            one.outcome,
          ]),
        );
      });
    });
};

function printStages(run: Run): void {
  const took = (from?: number, to?: number) =>
    from && to ? `${((to - from) / 1_000).toFixed(1)}s` : '';
  printTable(
    ['stage', 'state', 'took', ''],
    run.stages.map((stage) => [
      stage.name,
      stage.state,
      took(stage.startedAt, stage.finishedAt),
      clean(stage.reason ?? ''),
    ]),
  );
}

export function parseRunNumber(text: string): number {
  if (!/^#?\d{1,15}$/.test(text)) throw unknownRun(text);
  return Number(text.replace('#', ''));
}

export function unknownRun(text: string): CliError {
  return new CliError(`there is no run ${clean(text)}`, 'List them: signalbox runs');
}
