import { COMMANDS } from '../domain/commands.ts';
import { currentStage } from '../domain/run-machine.ts';
import type { Reaction } from '../forges/forge.ts';
import { type CommandRecord, commandsOfComment } from '../ledger/commands.ts';
import { listRuns } from '../ledger/runs.ts';
import type { Answer } from './answer.ts';
import { configStatus } from './config-check.ts';
import type { Message } from './message.ts';
import type { ReporterOptions } from './reporter-options.ts';

const REPOSITORY_FILE = '.signalbox.yml';

/** The answer to a command that has no run of its own: said once, beside a reaction. */
export async function composeReply(
  options: ReporterOptions,
  command: CommandRecord,
): Promise<Answer> {
  const message = command.detail.silent ? undefined : await replyMessage(options, command);
  return {
    reaction: reactionOfReply(command.outcome),
    comment: message && { message, kind: 'reply', final: true, rev: 1 },
    statuses: configStatus(options, command),
    ping: undefined,
  };
}

/** An approval that is still to come is no mistake of who asked: seen, and waiting. */
function reactionOfReply(outcome: string): Reaction {
  if (outcome === 'answered') return '+1';
  return outcome === 'fork_needs_approval' ? 'eyes' : 'confused';
}

async function replyMessage(options: ReporterOptions, command: CommandRecord): Promise<Message> {
  switch (command.outcome) {
    case 'role_too_low':
      return denied(options, command);
    case 'not_understood':
      return notUnderstood(options, command);
    case 'fork_needs_approval':
      return {
        kind: 'approval',
        sha: command.detail.sha ?? '',
        changesUrl: options.forge.links.changes(command.repository, command.pull),
        source: command.detail.origin ?? 'fork',
      };
    case 'config_invalid':
      return configProblems(options, command);
    case 'answered':
      return command.command?.name === 'status' ? status(options, command) : help(options, command);
    default:
      return {
        kind: 'refused',
        command: command.text,
        why: command.detail.why ?? 'This cannot be done here.',
        next: command.detail.next ?? 'Comment `!help` to see what can.',
      };
  }
}

function denied({ forge }: ReporterOptions, command: CommandRecord): Message {
  const { ruleLine, branch = 'main', required = 'write', present = 'none' } = command.detail;
  const rule =
    ruleLine === undefined
      ? undefined
      : {
          file: REPOSITORY_FILE,
          line: ruleLine,
          url: forge.links.file(command.repository, { branch }, REPOSITORY_FILE, ruleLine),
        };
  return {
    kind: 'denied',
    command: command.text,
    account: command.actor,
    accountUrl: forge.links.user(command.actor.login),
    required,
    present,
    ...(rule ? { rule } : {}),
  };
}

async function notUnderstood(
  { ledger }: ReporterOptions,
  command: CommandRecord,
): Promise<Message> {
  const lines = await commandsOfComment(ledger.db, command.forge, command.commentId);
  const problems = lines.flatMap((line) => {
    if (line.problem === undefined) return [];
    const { message, suggestion } = line.problem;
    return [
      { line: line.raw, problem: message, ...(suggestion === undefined ? {} : { suggestion }) },
    ];
  });
  return { kind: 'not_understood', problems };
}

function configProblems({ forge, url }: ReporterOptions, command: CommandRecord): Message {
  const { sha = '', branch = 'main', configProblems = [] } = command.detail;
  return {
    kind: 'config',
    file: REPOSITORY_FILE,
    sha,
    commitUrl: forge.links.commit(command.repository, sha),
    branch,
    blocking: true,
    problems: configProblems.map((problem) => ({
      ...problem,
      url: forge.links.file(command.repository, { branch }, REPOSITORY_FILE, problem.line),
    })),
    referenceUrl: `${url}/help#repository`,
  };
}

function help({ url }: ReporterOptions, command: CommandRecord): Message {
  const rights = new Map((command.detail.rights ?? []).map((right) => [right.name, right]));
  const rows = Object.values(COMMANDS)
    .filter((spec) => spec.available)
    .map(({ name, usage, summary, required }) => {
      const right = rights.get(name) ?? { required, allowed: false };
      return { usage, summary, required: right.required, allowed: right.allowed };
    });
  return { kind: 'help', rows, suites: command.detail.suites ?? [], url: `${url}/help` };
}

async function status({ ledger, url }: ReporterOptions, command: CommandRecord): Promise<Message> {
  const { forge, repository, pull } = command;
  const runs = await listRuns(ledger.db, { forge, repository, pull, limit: 5 });
  return {
    kind: 'status',
    runs: runs.map((run) => {
      const stage = currentStage(run);
      return {
        number: run.number,
        suite: run.suite,
        sha: run.sha,
        state: run.state,
        since: run.finishedAt ?? run.startedAt ?? run.queuedAt,
        url: `${url}/r/${run.number}`,
        ...(stage ? { stage: stage.name } : {}),
      };
    }),
  };
}
