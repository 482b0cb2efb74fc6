import { ForgeError, type Reaction } from '../forges/forge.ts';
import { type CommandRecord, loadCommand } from '../ledger/commands.ts';
import type { Held, Next, Processor } from '../ledger/held.ts';
import { findReport, forgetSent, type Report, saveReport } from '../ledger/reports.ts';
import type { Answer } from './answer.ts';
import { composeAnswer } from './compose.ts';
import { createPoster } from './post.ts';
import { sendReaction } from './reactions.ts';
import type { ReporterOptions } from './reporter-options.ts';
import { sendStatuses } from './statuses.ts';

/**
 * Projects the ledger onto the forge: reaction, commit statuses, the living comment, the ping. What is wanted is a
 * pure function of the ledger; what was sent is remembered; only the difference is sent. One worker at a time holds
 * a command's report, so nobody sends an older state after a newer one.
 *
 * But what was sent and got no answer may still happen, after what was sent next: a request of a process that died,
 * or one that a busy forge does late. So after such a try everything is sent once more when that must be over.
 */
export function createReportProcessor(options: ReporterOptions): Processor {
  return async (held) => {
    const { ledger, clock, forge } = options;
    const command = await loadCommand(ledger.db, held.lease.subject);
    const report = await findReport(ledger.db, command.id);
    const unsettledUntil = await noteUnsettled(options, held, report);
    const isSettled = unsettledUntil !== undefined && clock.now() >= unsettledUntil;
    const sending: Sending = { options, held, command };
    const send = async (): Promise<Next> => {
      const answer = await composeAnswer(options, command);
      const isFirst = await sendReaction({
        ledger,
        forge,
        held,
        command,
        wanted: answer.reaction,
        before: (report?.reaction ?? undefined) as Reaction | undefined,
        isUnsettled: unsettledUntil !== undefined,
      });
      // Seen is what people wait for: whoever got it goes back in line, behind all who did not.
      if (isFirst) return { dueAt: clock.now() };
      if (isSettled) await held.transact((tx) => forgetSent(tx, command.id));
      return sendWords(sending, answer);
    };
    const next = await send().catch((error) => noteRefusal(sending, error));
    if (unsettledUntil === undefined || isSettled) return next;
    return { dueAt: Math.min(next.dueAt ?? unsettledUntil, unsettledUntil) };
  };
}

type Sending = {
  readonly options: ReporterOptions;
  readonly held: Held;
  readonly command: CommandRecord;
};

/** Until when something of an earlier try may happen; undefined when every try so far got its answer. */
async function noteUnsettled(
  { clock, pace }: ReporterOptions,
  held: Held,
  report: Report | undefined,
): Promise<number | undefined> {
  const { lease } = held;
  const gotNoAnswer = lease.inherited || lease.attempts > 1;
  if (!gotNoAnswer) return report?.unsettled_until ?? undefined;
  const until = clock.now() + pace.settleMs;
  await held.transact((tx) => saveReport(tx, lease.subject, { unsettled_until: until }));
  return until;
}

async function sendWords(sending: Sending, answer: Answer): Promise<Next> {
  const { options, held, command } = sending;
  const report = await findReport(options.ledger.db, command.id);
  await sendStatuses({
    forge: options.forge,
    held,
    command,
    now: options.clock.now,
    wanted: answer.statuses,
    sent: JSON.parse(report?.statuses_json ?? '{}') as Record<string, string>,
    // A token that may not set statuses may still comment: the person gets an answer.
  }).catch((error) => noteRefusal(sending, error));
  const poster = createPoster({ ...options, held, command });
  const next = await poster.comment(report, answer.comment);
  if (next.dueAt !== undefined) return next;
  if (answer.ping === undefined && !report?.ping_intent_at) return {};
  return poster.ping(
    await findReport(options.ledger.db, command.id),
    // Again, for it points to the comment, whose address is known only now.
    answer.ping && (await composeAnswer(options, command)).ping,
  );
}

/** Refused for good, e.g. a locked conversation: the run page and the deliveries page still tell. */
async function noteRefusal({ options, held, command }: Sending, error: unknown): Promise<Next> {
  if (!(error instanceof ForgeError) || error.retryable) throw error;
  const problem = `${options.clock.now()} ${error.message}`;
  await held.transact((tx) => saveReport(tx, command.id, { problem }));
  return {};
}
