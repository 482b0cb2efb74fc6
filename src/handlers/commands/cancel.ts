import type { Command } from '../../domain/command.ts';
import type { Account } from '../../domain/forge-event.ts';
import type { Run } from '../../domain/run.ts';
import { loadCommand } from '../../ledger/commands.ts';
import { advanceRun, listRuns } from '../../ledger/runs.ts';
import { wakeRunner } from '../wake-runner.ts';
import { decideFor, readSituation, refuse } from './authorize.ts';
import type { CommandCall, CommandOutcome } from './command-call.ts';

/**
 * `/cancel [run]`: stops what runs for this pull request, in whatever state it is; the runner then proves the end.
 * Who may not stop everything stops what they asked for themselves.
 */
export async function cancel(
  call: CommandCall,
  command: Extract<Command, { name: 'cancel' }>,
): Promise<CommandOutcome> {
  const { context, record } = call;
  const situation = await readSituation(call);
  const scope = {
    forge: record.forge,
    repository: record.repository,
    pull: record.pull,
    live: true,
  };
  const live = (await listRuns(context.ledger.db, scope)).filter(
    (run) => command.run === undefined || run.number === command.run,
  );
  const requesters = await Promise.all(live.map((run) => requesterOf(call, run)));
  const stoppable = live.filter(
    (_run, index) => decideFor(call, command, situation, requesters[index]).outcome === 'allowed',
  );
  if (stoppable.length === 0) {
    return (await refuse(call, command, situation)) ?? nothing(command.run);
  }
  return {
    outcome: 'cancelled_run',
    detail: { runs: stoppable.map((run) => run.id) },
    apply: async (tx) => {
      const at = context.clock.now();
      const cancellation = {
        at,
        by: record.actor.login,
        cause: 'cancel' as const,
        url: record.commentUrl,
      };
      for (const run of stoppable) {
        await advanceRun(
          tx,
          run.id,
          { kind: 'cancel-requested', cancellation },
          { at, source: 'comment', actor: record.actor.login },
        );
        await wakeRunner(tx, context, run, at);
      }
      return undefined;
    },
  };
}

async function requesterOf(call: CommandCall, run: Run): Promise<Account> {
  return (await loadCommand(call.context.ledger.db, run.commandId)).actor;
}

function nothing(run: number | undefined): CommandOutcome {
  const what =
    run === undefined
      ? 'Nothing is running for this pull request'
      : `Run ${run} is not running for this pull request`;
  return {
    outcome: 'nothing_to_cancel',
    detail: {
      why: `${what}, so there is nothing to cancel.`,
      next: 'Comment `!status` to see what there is.',
    },
  };
}
