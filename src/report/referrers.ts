import type { CommandRecord } from '../ledger/commands.ts';
import type { Tx } from '../ledger/database.ts';
import { commandsShowing, findRun, listRuns, previousRun } from '../ledger/runs.ts';
import { arm } from '../ledger/work.ts';

/**
 * The address of a living comment is known only once it is posted. Answers that point to it may have been given
 * before: those that joined its runs, those whose runs it took the place of, and those that it makes outdated.
 */
export async function wakeReferrers(tx: Tx, command: CommandRecord, at: number): Promise<void> {
  const { forge, repository, pull } = command;
  const waiting = new Set<string>();
  for (const id of command.detail.runs ?? []) {
    const run = await findRun(tx, id);
    if (run?.commandId !== command.id) continue;
    for (const other of await commandsShowing(tx, run)) waiting.add(other);
    const { suite } = run;
    const previous = await previousRun(tx, run);
    if (previous) waiting.add(previous.commandId);
    const older = await listRuns(tx, { forge, repository, pull, suite, state: 'superseded' });
    for (const { cancellation, commandId } of older)
      if (cancellation?.sha === run.sha) waiting.add(commandId);
  }
  waiting.delete(command.id);
  for (const id of waiting) await arm(tx, `report:${forge}`, id, at);
}
