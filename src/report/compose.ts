import type { Run } from '../domain/run.ts';
import { isTerminal } from '../domain/run.ts';
import { type CommandRecord, commandsOfComment, loadCommand } from '../ledger/commands.ts';
import { findReport } from '../ledger/reports.ts';
import { findRun, listRuns } from '../ledger/runs.ts';
import {
  type Answer,
  type AnswerComment,
  isWanted,
  NOTHING,
  reactionOfAll,
  statusesOf,
} from './answer.ts';
import { type Around, lookAround } from './around.ts';
import { configMendedStatus } from './config-check.ts';
import { detailsOf } from './details.ts';
import type { Message, PingMessage, RunMessage } from './message.ts';
import { shrunk } from './outdated.ts';
import { pingOf } from './project.ts';
import { composeReply } from './replies.ts';
import type { ReporterOptions } from './reporter-options.ts';
import { historyOf, usualOf } from './statistics.ts';

/** The answer that the ledger holds for a command right now. Reads only. */
export async function composeAnswer(
  options: ReporterOptions,
  command: CommandRecord,
): Promise<Answer> {
  switch (command.outcome) {
    case 'pending':
      return NOTHING;
    case 'accepted':
      return answerRuns(options, command);
    case 'joined':
      return answerJoined(options, command);
    case 'cancelled_run': {
      const runs = await runsOf(options, command);
      const over = runs.every((run) => isTerminal(run.state));
      return { ...NOTHING, reaction: over ? '+1' : 'eyes' };
    }
    case 'not_understood':
      return (await isFirstMisunderstood(options, command))
        ? composeReply(options, command)
        : { ...NOTHING, reaction: 'confused' };
    default:
      return composeReply(options, command);
  }
}

async function runsOf(
  { ledger }: ReporterOptions,
  command: CommandRecord,
): Promise<readonly Run[]> {
  const runs = await Promise.all((command.detail.runs ?? []).map((id) => findRun(ledger.db, id)));
  return runs.filter((run) => run !== undefined);
}

async function answerRuns(options: ReporterOptions, command: CommandRecord): Promise<Answer> {
  const runs = await runsOf(options, command);
  const owned = runs.filter((run) => run.commandId === command.id);
  const looked = await Promise.all(owned.map((run) => lookAround(options, run)));
  const parts = await Promise.all(looked.map((around) => runMessage(options, command, around)));
  const [first] = parts;
  const [around] = looked;
  if (!first || !around) return NOTHING;
  const final = owned.every((run) => isTerminal(run.state));
  const comment: AnswerComment = {
    message:
      parts.length === 1
        ? await shrunk(options, first, around.newer)
        : { kind: 'runs', command: command.text, parts },
    kind: 'status',
    final,
    rev: owned.reduce((sum, run) => sum + run.rev, 0),
    ...(parts.length === 1 ? { runId: first.run.id } : {}),
  };
  const loud =
    final && command.detail.pings !== 'off'
      ? looked.find(({ run }) => wantsPing(command, run))
      : undefined;
  // A commit has one status of a suite: only its newest run speaks there, however late an older one is told.
  const newest = looked.filter(({ isNewestOfCommit }) => isNewestOfCommit).map(({ run }) => run);
  return {
    reaction: reactionOfAll(owned),
    comment: isWanted(command, owned) ? comment : undefined,
    statuses: [
      ...configMendedStatus(options, command),
      ...statusesOf(newest, {
        page: (run) => pageOf(options, run),
        details: (run) => {
          const part = parts.find((one) => one.run.id === run.id);
          return part && detailsOf(options, part);
        },
      }),
    ],
    // Nobody needs to be called for what the next run may tell differently.
    ping: loud?.newer.length === 0 ? await pingFor(options, command, loud.run) : undefined,
  };
}

async function pingFor(
  options: ReporterOptions,
  command: CommandRecord,
  run: Run,
): Promise<PingMessage> {
  const { ledger, forge } = options;
  const report = await findReport(ledger.db, command.id);
  const commentUrl = report?.comment_id
    ? forge.links.comment(command.repository, command.pull, report.comment_id)
    : pageOf(options, run);
  return { kind: 'ping', login: command.actor.login, run, commentUrl };
}

function wantsPing(command: CommandRecord, run: Run): boolean {
  const outcome = pingOf(run);
  if (!outcome || command.detail.comments === 'off') return false;
  return run.state !== 'passed' || command.detail.pings !== 'failures';
}

function pageOf({ url }: ReporterOptions, run: Run): string {
  return `${url}/r/${run.number}`;
}

async function runMessage(
  options: ReporterOptions,
  command: CommandRecord,
  { run, past }: Around,
): Promise<RunMessage> {
  const { forge, url } = options;
  const usual = usualOf(past.filter((other) => other.number !== run.number));
  const queue = run.state === 'queued' ? await queueOf(options, run) : undefined;
  return {
    kind: 'run',
    command: command.text,
    requester: command.actor,
    run,
    links: {
      commit: forge.links.commit(run.repository, run.sha),
      requester: forge.links.user(command.actor.login),
      page: pageOf(options, run),
      help: `${url}/help`,
      ...(run.remote.url ? { remote: run.remote.url } : {}),
      ...(run.cancellation ? { canceller: forge.links.user(run.cancellation.by) } : {}),
    },
    ...(queue ? { queue } : {}),
    ...(usual ? { usual } : {}),
    history: historyOf(past),
  };
}

/** Who stands before it on the same runner. */
async function queueOf(options: ReporterOptions, run: Run): Promise<RunMessage['queue']> {
  const { forge, repository, suite, runner } = run;
  const [dirty] = await listRuns(options.ledger.db, {
    forge,
    repository,
    suite,
    runner,
    dirty: true,
  });
  if (dirty && run.plan.kind === 'lifecycle') {
    const waitsFor = `waits for the leftovers of run ${dirty.number} to be removed`;
    return { runner, ahead: [], waitsFor };
  }
  const live = await listRuns(options.ledger.db, { runner, live: true });
  const ahead = live.filter((other) => other.number < run.number).reverse();
  return {
    runner: run.runner,
    ahead: ahead.map((other) => ({
      number: other.number,
      repository: other.repository,
      url: pageOf(options, other),
    })),
  };
}

async function answerJoined(options: ReporterOptions, command: CommandRecord): Promise<Answer> {
  const runs = await runsOf(options, command);
  const [run] = runs;
  if (!run) return NOTHING;
  const owner = await loadCommand(options.ledger.db, run.commandId);
  const report = await findReport(options.ledger.db, owner.id);
  const { links } = options.forge;
  const message: Message = {
    kind: 'joined',
    command: command.text,
    run,
    links: {
      commit: links.commit(run.repository, run.sha),
      page: pageOf(options, run),
      ...(report?.comment_id
        ? { comment: links.comment(run.repository, run.pull, report.comment_id) }
        : {}),
    },
  };
  return {
    ...NOTHING,
    reaction: reactionOfAll(runs),
    comment: { message, kind: 'reply', final: true, rev: 1 },
  };
}

async function isFirstMisunderstood(
  { ledger }: ReporterOptions,
  command: CommandRecord,
): Promise<boolean> {
  const siblings = await commandsOfComment(ledger.db, command.forge, command.commentId);
  return siblings.find((other) => other.command === undefined)?.id === command.id;
}
