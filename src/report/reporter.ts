import { type CallOptions, ForgeError } from '../forges/forge.ts';
import type { CommandRecord } from '../ledger/commands.ts';
import { loadCommand } from '../ledger/commands.ts';
import type { Held, Next, Processor } from '../ledger/held.ts';
import { findReport, type Report, saveReport } from '../ledger/reports.ts';
import type { Answer } from './answer.ts';
import { composeAnswer } from './compose.ts';
import { createPoster } from './post.ts';
import type { ReporterOptions } from './reporter-options.ts';
import { sendStatuses } from './statuses.ts';

/**
 * Projects the ledger onto the forge: reaction, commit statuses, the living comment, the ping. What is wanted is a
 * pure function of the ledger; what was sent is remembered; only the difference is sent. One worker at a time holds
 * a command's report, so an older state can never overwrite a newer one.
 */
export function createReportProcessor(options: ReporterOptions): Processor {
  return async (held) => {
    const { ledger, clock } = options;
    const command = await loadCommand(ledger.db, held.lease.subject);
    const answer = await composeAnswer(options, command);
    const report = await findReport(ledger.db, command.id);
    const sending: Sending = { options, held, command, report, answer };
    // Refused for good, e.g. a locked conversation: the run page and the deliveries page still tell.
    const noteRefusal = async (error: unknown): Promise<Next> => {
      if (!(error instanceof ForgeError) || error.retryable) throw error;
      const problem = `${clock.now()} ${error.message}`;
      await held.transact((tx) => saveReport(tx, command.id, { problem }));
      return {};
    };
    try {
      // Seen is what people wait for: whoever got it goes back in line, behind all who did not.
      if (await react(sending)) return { dueAt: clock.now() };
      try {
        await sendStatuses({
          forge: options.forge,
          held,
          command,
          now: clock.now,
          wanted: answer.statuses,
          sent: JSON.parse(report?.statuses_json ?? '{}') as Record<string, string>,
        });
      } catch (error) {
        // A token that may not set statuses may still comment: the person gets an answer.
        await noteRefusal(error);
      }
      const poster = createPoster({ ...options, held, command });
      const next = await poster.comment(report, answer.comment);
      const later =
        next.dueAt === undefined
          ? await poster.ping(
              await findReport(ledger.db, command.id),
              // Again, for it points to the comment, whose address is known only now.
              answer.ping && (await composeAnswer(options, command)).ping,
            )
          : next;
      return later;
    } catch (error) {
      return noteRefusal(error);
    }
  };
}

type Sending = {
  readonly options: ReporterOptions;
  readonly held: Held;
  readonly command: CommandRecord;
  readonly report: Report | undefined;
  readonly answer: Answer;
};

function callOptions(held: Held): CallOptions {
  return { signal: held.signal, guard: held.guard };
}

/**
 * Reactions are idempotent at the forge, so they need no intent. A server may not allow ours. True when it was the
 * first one of this command.
 */
async function react({ options, held, command, report, answer }: Sending): Promise<boolean> {
  const before = report?.reaction ?? undefined;
  const wanted = answer.reaction;
  if (before === wanted || command.commentId.startsWith('cli-')) return false;
  const { forge } = options;
  try {
    if (wanted)
      await forge.addReaction(command.repository, command.commentId, wanted, callOptions(held));
    if (before) {
      const old = before as NonNullable<Answer['reaction']>;
      await forge.removeReaction(command.repository, command.commentId, old, callOptions(held));
    }
  } catch (error) {
    if (
      !(error instanceof ForgeError) ||
      !['unsupported', 'not_found', 'forbidden'].includes(error.code)
    )
      throw error;
  }
  await held.transact((tx) => saveReport(tx, command.id, { reaction: wanted ?? null }));
  return before === undefined;
}
