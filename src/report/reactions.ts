import { originOf } from '../domain/actor.ts';
import { type Forge, ForgeError, type Reaction } from '../forges/forge.ts';
import type { CommandRecord } from '../ledger/commands.ts';
import type { Ledger } from '../ledger/database.ts';
import type { Held } from '../ledger/held.ts';
import { reactionsOfSiblings, saveReport } from '../ledger/reports.ts';

export type ReactionSending = {
  readonly ledger: Ledger;
  readonly forge: Forge;
  readonly held: Held;
  readonly command: CommandRecord;
  readonly wanted: Reaction | undefined;
  readonly before: Reaction | undefined;
  /** An earlier try may have happened, or may still happen: nothing is taken for granted. */
  readonly isUnsettled: boolean;
};

/**
 * Reactions are idempotent at the forge, so they need no intent. All commands of a comment share them: what another
 * one shows stays. Resolves with true when it was the first one of this command.
 */
export async function sendReaction(sending: ReactionSending): Promise<boolean> {
  const { forge, held, command, wanted, before, isUnsettled } = sending;
  if (originOf(command.commentId) !== 'comment' || (before === wanted && !isUnsettled))
    return false;
  const call = { signal: held.signal, guard: held.guard };
  const { repository, commentId } = command;
  if (wanted) await tolerate(forge.addReaction(repository, commentId, wanted, call));
  // Before the look at the others: of two that end at the same time the later one sees the earlier.
  await held.transact((tx) => saveReport(tx, command.id, { reaction: wanted ?? null }));
  const over = await noLongerWanted(sending);
  for (const old of over) await tolerate(forge.removeReaction(repository, commentId, old, call));
  return before === undefined && wanted !== undefined;
}

async function noLongerWanted(sending: ReactionSending): Promise<readonly Reaction[]> {
  const { ledger, command, wanted, before, isUnsettled } = sending;
  const mayBeThere = new Set<Reaction>([
    ...(before ? [before] : []),
    ...(isUnsettled ? (['eyes'] as const) : []),
  ]);
  if (wanted) mayBeThere.delete(wanted);
  if (mayBeThere.size === 0) return [];
  const kept = await reactionsOfSiblings(ledger.db, command);
  return [...mayBeThere].filter((reaction) => !kept.includes(reaction));
}

/** A server may not allow ours; a comment may be gone. */
async function tolerate(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    const isHarmless =
      error instanceof ForgeError && ['unsupported', 'not_found', 'forbidden'].includes(error.code);
    if (!isHarmless) throw error;
  }
}
