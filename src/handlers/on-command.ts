import { originOf } from '../domain/actor.ts';
import { ForgeError } from '../forges/forge.ts';
import {
  type CommandDetail,
  type CommandRecord,
  commandsOfComment,
  decideCommand,
  loadCommand,
} from '../ledger/commands.ts';
import type { Tx } from '../ledger/database.ts';
import type { Next, Processor } from '../ledger/held.ts';
import { recordOperation } from '../ledger/operations.ts';
import { arm } from '../ledger/work.ts';
import { crashPoint } from '../lib/crash-point.ts';
import { cancel } from './commands/cancel.ts';
import type { CommandCall, CommandOutcome } from './commands/command-call.ts';
import { help } from './commands/help.ts';
import { status } from './commands/status.ts';
import { testme } from './commands/testme.ts';
import { type Context, forgeOf } from './context.ts';

/** Decides one command, once, and wakes its report. */
export function createCommandProcessor(context: Context): Processor {
  return async (held) => {
    const record = await loadCommand(context.ledger.db, held.lease.subject);
    if (record.outcome !== 'pending') return {};
    if (await waitsForCancel(context, record))
      return { dueAt: context.clock.now() + CANCEL_FIRST_MS };
    const decided = await decideOutcome({ context, held, record });
    crashPoint('command.before-decision');
    await held.transact((tx) => settle(tx, context, record, decided));
    return {};
  };
}

const CANCEL_FIRST_MS = 50;

/** Of several lines in one comment, `cancel` goes first: "stop that, then run this". */
async function waitsForCancel(context: Context, record: CommandRecord): Promise<boolean> {
  if (record.command?.name === 'cancel') return false;
  const siblings = await commandsOfComment(context.ledger.db, record.forge, record.commentId);
  return siblings.some((other) => other.command?.name === 'cancel' && other.outcome === 'pending');
}

/** What the forge refuses for good is an answer too; what it refuses for now is tried again later. */
async function decideOutcome(call: CommandCall): Promise<CommandOutcome> {
  try {
    return await dispatch(call);
  } catch (error) {
    if (!(error instanceof ForgeError) || error.retryable) throw error;
    return {
      outcome: 'forge_forbidden',
      detail: {
        why: `The forge does not let me look this up (${error.code.replaceAll('_', ' ')}).`,
        next: `${forgeOf(call.context, call.record.forge).rightsHint}; then post the command again.`,
      },
    };
  }
}

async function dispatch(call: CommandCall): Promise<CommandOutcome> {
  const { command } = call.record;
  switch (command?.name) {
    case undefined:
      return { outcome: 'not_understood' };
    case 'testme':
      return testme(call, command);
    case 'cancel':
      return cancel(call, command);
    case 'status':
      return status(call);
    case 'help':
      return help(call);
    case 'retest':
    case 'redeploy':
    case 'rollback':
    case 'lock':
    case 'unlock':
    case 'cleanup':
    case 'approve':
      return {
        outcome: 'not_available',
        detail: {
          why: `This version of Signalbox does not know how to ${command.name} yet.`,
          next: 'Comment `!help` to see what it can do here.',
        },
      };
  }
}

async function settle(
  tx: Tx,
  context: Context,
  record: CommandRecord,
  decided: CommandOutcome,
): Promise<Next> {
  // Taken back meanwhile, by deleting the comment.
  if ((await loadCommand(tx, record.id)).outcome !== 'pending') return {};
  const applied = await decided.apply?.(tx);
  const changed = applied !== undefined && 'outcome' in applied ? applied : undefined;
  const outcome = changed?.outcome ?? decided.outcome;
  const detail = {
    ...decided.detail,
    ...(changed?.detail ?? (applied as CommandDetail | undefined)),
  };
  const at = context.clock.now();
  await decideCommand(tx, record.id, outcome, detail);
  await recordOperation(tx, {
    at,
    subject: `command:${record.id}`,
    what: record.command?.name ?? 'not_understood',
    source: originOf(record.commentId),
    actor: record.actor.login,
    outcome,
  });
  await arm(tx, `report:${record.forge}`, record.id, at);
  return {};
}
