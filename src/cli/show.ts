import type { Command } from 'commander';
import type { Run } from '../domain/run.ts';
import type { Ledger } from '../ledger/database.ts';
import { operationsOf } from '../ledger/operations.ts';
import { findRunByNumber } from '../ledger/runs.ts';
import { withLedger } from './environment.ts';
import { CliError } from './errors.ts';
import { clean, print, printJson, printTable } from './output.ts';
import type { Register } from './register.ts';
import { paintState } from './runs.ts';

export const registerShow: Register = (program) => {
  program
    .command('show <run>')
    .description('everything about one run: stages, diagnosis, cleanliness, what happened when')
    .option('--json', 'as JSON')
    .action(async (number: string, options: { json?: boolean }, command: Command) => {
      await withLedger(command, async ({ ledger, config }) => {
        const run = await loadRunByNumber(ledger, number);
        const operations = await operationsOf(ledger.db, `run:${run.id}`);
        if (options.json) return printJson({ run, operations });
        const what = clean(`${run.suite} on ${run.repository}#${run.pull} at ${run.sha}`);
        print(`run ${run.number} ${paintState(run.state)} · ${what}`);
        print(`${config.url}/r/${run.number}\n`);
        printStages(run);
        if (run.diagnosis) {
          const { headline, code, hint } = run.diagnosis;
          print(`\n${clean(headline)} (${code})\n${clean(hint)}`);
        }
        print(`\nattempt ${run.attempt}, cleanliness: ${run.cleanliness.state}\n`);
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
      stage.reason ?? '',
    ]),
  );
}

/** `text` is `12` or `#12`. */
export async function loadRunByNumber(ledger: Ledger, text: string): Promise<Run> {
  const isNumber = /^#?\d{1,15}$/.test(text);
  const run = isNumber
    ? await findRunByNumber(ledger.db, Number(text.replace('#', '')))
    : undefined;
  if (run) return run;
  throw new CliError(`there is no run ${clean(text)}`, 'List them: signalbox runs');
}
