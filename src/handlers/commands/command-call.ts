import type { ReasonCode } from '../../domain/reason.ts';
import type { CommandDetail, CommandRecord } from '../../ledger/commands.ts';
import type { Tx } from '../../ledger/database.ts';
import type { Held } from '../../ledger/held.ts';
import type { Context } from '../context.ts';

/** What a command's file is given. */
export type CommandCall = {
  readonly context: Context;
  readonly held: Held;
  readonly record: CommandRecord;
};

/**
 * What it decided. `apply` runs in the transaction that records the decision; what it returns is added to the
 * detail, or replaces the outcome.
 */
export type CommandOutcome = {
  readonly outcome: ReasonCode;
  readonly detail?: CommandDetail;
  readonly apply?: (
    tx: Tx,
  ) => Promise<CommandDetail | { outcome: ReasonCode; detail: CommandDetail } | undefined>;
};
