import type { Command } from '../../domain/command.ts';
import type { Plan } from '../../domain/plan.ts';
import type { RepoConfig, Suite } from '../../domain/repo-config.ts';
import { type CommandDetail, wasConfigInvalid } from '../../ledger/commands.ts';
import type { Tx } from '../../ledger/database.ts';
import { advanceRun, createRun, listRuns } from '../../ledger/runs.ts';
import { wakeRunner } from '../wake-runner.ts';
import { REPOSITORY_FILE, readSituation, refuse, type Situation } from './authorize.ts';
import type { CommandCall, CommandOutcome } from './command-call.ts';

type Testme = Extract<Command, { name: 'testme' }>;
const DEFAULT_SUITE = 'testme';

/** `!testme [suite…] [stages=…] [sha=…]`: runs the suites on the commit that is the head right now. */
export async function testme(call: CommandCall, command: Testme): Promise<CommandOutcome> {
  const situation = await readSituation(call);
  const refusal =
    (await refuse(call, command, situation)) ?? refuseSituation(call, command, situation);
  if (refusal) return refusal;
  const { config, pull } = situation;
  if (!config) return { outcome: 'not_configured' };
  const wanted = command.suites.length === 0 ? [DEFAULT_SUITE] : command.suites;
  const unknown = wanted.find((name) => !Object.hasOwn(config.suites, name));
  if (unknown !== undefined) return unknownSuite(unknown, config);
  const unplanned = wanted
    .map((name) => planProblem(call, name, config.suites[name], command))
    .find(Boolean);
  if (unplanned) return unplanned;
  return {
    outcome: 'accepted',
    apply: (tx) =>
      start(tx, call, { wanted, command, config, sha: pull.head.sha, headRef: pull.head.ref }),
  };
}

function refuseSituation(
  call: CommandCall,
  command: Testme,
  situation: Situation,
): CommandOutcome | undefined {
  const { pull, configProblems, config } = situation;
  if (pull.repository.archived) {
    return {
      outcome: 'repository_archived',
      detail: {
        why: 'This repository is archived, so nothing is started.',
        next: 'Unarchive it and ask again.',
      },
    };
  }
  if (pull.state !== 'open') {
    return {
      outcome: 'pull_request_closed',
      detail: {
        why: `This pull request is ${pull.state}, so nothing is started.`,
        next: 'Reopen it and ask again.',
      },
    };
  }
  if (configProblems.length > 0) {
    return {
      outcome: 'config_invalid',
      detail: {
        configProblems,
        branch: pull.repository.defaultBranch,
        sha: pull.base.sha,
        headSha: pull.head.sha,
      },
    };
  }
  if (config === undefined) {
    return {
      outcome: 'not_configured',
      detail: {
        why: `There is no \`${REPOSITORY_FILE}\` on \`${pull.repository.defaultBranch}\`, so I do not know what to run.`,
        next: `Add one there: ${call.context.url}/help#repository shows an example.`,
      },
    };
  }
  if (command.sha !== undefined && command.sha !== pull.head.sha) {
    return {
      outcome: 'sha_not_head',
      detail: {
        why: `The head of this pull request is \`${pull.head.sha}\`, not the commit you named.`,
        next: 'Look at what was pushed meanwhile, then ask again.',
      },
    };
  }
  if (pull.head.origin !== 'branch') {
    return {
      outcome: 'fork_needs_approval',
      detail: { sha: pull.head.sha, origin: pull.head.origin },
    };
  }
  return undefined;
}

function unknownSuite(name: string, config: RepoConfig): CommandOutcome {
  const known = Object.keys(config.suites).map((suite) => `\`${suite}\``);
  return {
    outcome: 'unknown_suite',
    detail: {
      why: `\`${REPOSITORY_FILE}\` has no suite \`${name}\`.`,
      next: known.length === 0 ? 'It has no suites at all yet.' : `It has ${known.join(', ')}.`,
    },
  };
}

/** A suite that this installation cannot run: the runner is the operator's, so only now can it be known. */
function planProblem(
  call: CommandCall,
  name: string,
  suite: Suite | undefined,
  command: Testme,
): CommandOutcome | undefined {
  const { context } = call;
  if (suite === undefined) return undefined;
  const { runner } = suite;
  const local = context.localRunners.has(runner);
  const next = 'The operator of this Signalbox sets runners up in `signalbox.yml`.';
  if (!local && !context.remoteRunners.has(runner)) {
    return {
      outcome: 'unknown_runner',
      detail: {
        why: `Suite \`${name}\` wants the runner \`${runner}\`, which is not set up here.`,
        next,
      },
    };
  }
  if (local !== (suite.kind === 'lifecycle')) {
    const needs = local ? 'a `recipe`' : '`params` instead of a `recipe`';
    return {
      outcome: 'unknown_runner',
      detail: {
        why: `Suite \`${name}\` needs ${needs} for the runner \`${runner}\`.`,
        next: `Mend it in \`${REPOSITORY_FILE}\`.`,
      },
    };
  }
  if (!local && command.stages !== undefined) {
    return {
      outcome: 'unknown_runner',
      detail: {
        why: `Suite \`${name}\` runs on \`${runner}\`, which knows no stages.`,
        next: 'Leave `stages=` out.',
      },
    };
  }
  return undefined;
}

type Start = {
  readonly wanted: readonly string[];
  readonly command: Testme;
  readonly config: RepoConfig;
  readonly sha: string;
  readonly headRef: string;
};

/** Makes the runs, joins those that already run for this commit, and takes the place of those for an older one. */
async function start(tx: Tx, call: CommandCall, wish: Start) {
  const { context, record } = call;
  const at = context.clock.now();
  const runs: string[] = [];
  let joined = 0;
  for (const name of new Set(wish.wanted)) {
    const suite = wish.config.suites[name];
    if (!suite) continue;
    const live = await listRuns(tx, {
      forge: record.forge,
      repository: record.repository,
      pull: record.pull,
      suite: name,
      live: true,
    });
    const same = live.find(
      (run) =>
        run.sha === wish.sha && run.cancellation === undefined && run.commandId !== record.id,
    );
    if (same && same.state !== 'finishing' && wish.command.stages === undefined) {
      runs.push(same.id);
      joined += 1;
      continue;
    }
    for (const older of live.filter((run) => run.sha !== wish.sha)) {
      const cancellation = {
        at,
        by: record.actor.login,
        cause: 'superseded' as const,
        sha: wish.sha,
        url: record.commentUrl,
      };
      await advanceRun(
        tx,
        older.id,
        { kind: 'cancel-requested', cancellation },
        { at, source: 'comment', actor: record.actor.login },
      );
      await wakeRunner(tx, context, older, at);
    }
    const run = await createRun(tx, {
      id: context.newId(),
      forge: record.forge,
      repository: record.repository,
      pull: record.pull,
      commandId: record.id,
      suite: name,
      runner: suite.runner,
      sha: wish.sha,
      headRef: wish.headRef,
      plan: planOf(suite, wish.command),
      queuedAt: at,
    });
    runs.push(run.id);
    await wakeRunner(tx, context, run, at);
  }
  const { comments, pings } = wish.config;
  const isMended = await wasConfigInvalid(tx, record, wish.sha);
  const mended = isMended ? { configMended: wish.sha } : {};
  const detail: CommandDetail = { runs, comments, pings, ...mended };
  return joined === runs.length ? { outcome: 'joined' as const, detail } : detail;
}

function planOf(suite: Suite, command: Testme): Plan {
  if (suite.kind === 'remote') {
    return { kind: 'remote', params: suite.params, timeoutMs: suite.timeoutMs };
  }
  return {
    kind: 'lifecycle',
    stages: command.stages ?? suite.stages,
    recipe: suite.recipe,
    timeoutMs: suite.timeoutMs,
  };
}
