import { type Command, Option } from 'commander';
import { toDeliveryRow } from '../http/pages-source.ts';
import { listDeliveries, readCounters } from '../ledger/deliveries.ts';
import { parseCount, withLedger } from './environment.ts';
import { print, printJson, printTable } from './output.ts';
import type { Register } from './register.ts';

export const registerDeliveries: Register = (program) => {
  program
    .command('deliveries')
    .description('why did it not react? each delivery with its outcome and reason, newest first')
    .addOption(new Option('--limit <n>', 'at most this many').argParser(parseCount).default(20))
    .option('--json', 'as JSON')
    .action(async (options: { limit: number; json?: boolean }, command: Command) => {
      await withLedger(command, async ({ ledger }) => {
        const found = await listDeliveries(ledger.db, { limit: options.limit });
        const rows = await Promise.all(found.map((row) => toDeliveryRow(ledger, row)));
        const counters = [...(await readCounters(ledger.db))].filter(([name]) =>
          name.startsWith('ignored:'),
        );
        if (options.json)
          return printJson({ deliveries: rows, counted: Object.fromEntries(counters) });
        printTable(
          ['when', 'forge', 'event', 'by', 'outcome', 'why or what'],
          rows.map((row) => [
            new Date(row.at).toISOString(),
            row.forge,
            row.event,
            row.source,
            row.outcome,
            row.reason ? `${row.reason.code}: ${row.reason.explanation}` : row.commands.join('; '),
          ]),
        );
        if (!process.stdout.isTTY) return;
        for (const [name, value] of counters)
          print(`${value} × ${name.replace('ignored:', 'not kept, ')}`);
      });
    });
};
