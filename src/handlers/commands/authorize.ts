import { isOperator } from '../../domain/actor.ts';
import type { Command } from '../../domain/command.ts';
import type { ConfigProblem } from '../../domain/config-problems.ts';
import type { Account, PullRequest } from '../../domain/forge-event.ts';
import { type Decision, decide } from '../../domain/policy.ts';
import { parseRepoConfig, type RepoConfig } from '../../domain/repo-config.ts';
import type { Role } from '../../domain/role.ts';
import type { Forge } from '../../forges/forge.ts';
import { wasToldSince } from '../../ledger/commands.ts';
import { forgeOf } from '../context.ts';
import type { CommandCall, CommandOutcome } from './command-call.ts';

export const REPOSITORY_FILE = '.signalbox.yml';
const DAY_MS = 24 * 60 * 60_000;

/** What is known when a command is decided, all of it read afresh. */
export type Situation = {
  readonly forge: Forge;
  readonly pull: PullRequest;
  readonly role: Role;
  /** Absent when the repository has no such file on its default branch. */
  readonly config: RepoConfig | undefined;
  readonly configProblems: readonly ConfigProblem[];
};

export async function readSituation(call: CommandCall): Promise<Situation> {
  const { context, held, record } = call;
  const forge = forgeOf(context, record.forge);
  const options = { signal: held.signal };
  const pull = await forge.readPullRequest(record.repository, record.pull, options);
  const branch = pull.repository.defaultBranch;
  const asked: Promise<Role> = isOperator(record.commentId, record.actor)
    ? Promise.resolve('owner')
    : forge.readRole(record.repository, record.actor, options);
  const [role, text] = await Promise.all([
    asked,
    forge.readFile(record.repository, REPOSITORY_FILE, branch, options),
  ]);
  if (text === undefined) return { forge, pull, role, config: undefined, configProblems: [] };
  const today = new Date(context.clock.now()).toISOString().slice(0, 10);
  const parsed = parseRepoConfig(text, { today });
  return 'config' in parsed
    ? { forge, pull, role, config: parsed.config, configProblems: [] }
    : { forge, pull, role, config: undefined, configProblems: parsed.problems };
}

/** May the person give this command here? `requesterOfRun`: who asked for the run that it is about. */
export function decideFor(
  { record }: CommandCall,
  command: Pick<Command, 'name'>,
  situation: Situation,
  requesterOfRun?: Account,
): Decision {
  return decide({
    command,
    account: record.actor,
    role: situation.role,
    rules: situation.config?.commands ?? {},
    ...(requesterOfRun === undefined ? {} : { requesterOfRun }),
  });
}

/** A refusal, or undefined when the person may. */
export async function refuse(
  call: CommandCall,
  command: Command,
  situation: Situation,
): Promise<CommandOutcome | undefined> {
  const { record, context } = call;
  const decision = decideFor(call, command, situation);
  if (decision.outcome === 'allowed') return undefined;
  const since = context.clock.now() - DAY_MS;
  const silent = await wasToldSince(context.ledger.db, record, decision.reason, since);
  return {
    outcome: decision.reason,
    detail: {
      required: decision.required,
      present: decision.present,
      branch: situation.pull.repository.defaultBranch,
      silent,
      ...(decision.rule ? { ruleLine: decision.rule.line } : {}),
    },
  };
}
