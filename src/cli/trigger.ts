import { type Command, Option } from 'commander';
import type { App } from '../app.ts';
import { CLI_PREFIX, OPERATOR } from '../domain/actor.ts';
import { parseComment } from '../domain/parse-comment.ts';
import { isTerminal, type Run } from '../domain/run.ts';
import { type CommandRecord, commandsOfDelivery } from '../ledger/commands.ts';
import { loadDelivery } from '../ledger/deliveries.ts';
import { findRun } from '../ledger/runs.ts';
import { unknownForge } from './connect.ts';
import { parseCount, withApp } from './environment.ts';
import { CliError, wordsOf } from './errors.ts';
import { clean, print, printJson } from './output.ts';
import type { Register } from './register.ts';

type Options = { wait?: boolean; json?: boolean; patience: number };

export const registerTrigger: Register = (program, setExitCode) => {
  program
    .command('trigger <forge> <pull> <line>')
    .description(
      "gives a command as if it were a comment: signalbox trigger acme 'acme/shop#17' '!testme'",
    )
    .option(
      '--wait',
      'until it is over; the exit code is the verdict: 0 passed, 1 failed, 2 anything else',
    )
    .addOption(
      new Option('--patience <seconds>', 'with --wait: how long until somebody takes it up')
        .argParser(parseCount)
        .default(30),
    )
    .option('--json', 'as JSON')
    .action(
      async (forge: string, pull: string, line: string, options: Options, command: Command) => {
        await withApp(command, async (app) => {
          const delivery = await hand(app, { forge, pull, line });
          if (!options.wait) {
            if (options.json) return printJson({ delivery });
            return print(`Taken as delivery ${delivery}. Watch it: signalbox deliveries`);
          }
          const outcomes = await follow(app, delivery, options.patience * 1_000);
          setExitCode(Math.max(...outcomes.map(exitCodeOf)));
          if (options.json) return printJson({ delivery, commands: outcomes });
          return printOutcomes(outcomes, app.config.url);
        });
      },
    );
};

type Given = { readonly forge: string; readonly pull: string; readonly line: string };

/** Hands the line in by the door of the webhooks; returns the delivery's id. */
async function hand(app: App, { forge, pull, line }: Given): Promise<string> {
  if (!app.forges.has(forge)) throw unknownForge(forge, [...app.forges.keys()]);
  const match = /^([^/\s]+\/[^#\s]+)#(\d{1,9})$/.exec(pull);
  if (!match?.[1]) {
    const shown = `"${clean(pull)}" names no pull request`;
    throw new CliError(
      shown,
      `Write it so: signalbox trigger ${forge} 'owner/name#17' '!testme'`,
      64,
    );
  }
  refuseNonsense(line);
  const now = new Date(app.clock.now());
  const id = `${CLI_PREFIX}${app.context.newId()}`;
  const comment = { id, body: line, author: OPERATOR, url: '', createdAt: now, updatedAt: now };
  const answer = await app.intake
    .take({
      forge,
      source: 'cli',
      event: {
        kind: 'comment-created',
        repository: match[1],
        pull: Number(match[2]),
        actor: OPERATOR,
        comment,
      },
      deliveryId: id,
      headers: {},
      body: Buffer.from(line),
    })
    .catch((error: unknown) => {
      throw new CliError(`not taken: ${wordsOf(error)}`, 'Nothing was kept; give it again.');
    });
  if (answer.outcome === 'accepted') return answer.id;
  const why = answer.outcome === 'ignored' ? answer.reason : answer.outcome;
  const next = `Is ${clean(match[1])} under \`forges.${forge}.repositories\` in signalbox.yml?`;
  throw new CliError(`not taken: ${why}`, next);
}

/** A slip is told here and now, not in a comment on the pull request. */
function refuseNonsense(line: string): void {
  // Who the bot is only the forge knows: `@bot testme` is left to the worker.
  if (line.trimStart().startsWith('@')) return;
  const parsed = parseComment(line, { botLogin: '' });
  const broken = parsed.find((one) => 'problem' in one);
  if (parsed.length > 0 && !broken) return;
  const problem = broken && 'problem' in broken ? broken.problem : undefined;
  const why = problem?.message ?? `"${clean(line)}" is no command`;
  throw new CliError(why, `A command looks like this: ${problem?.suggestion ?? '!testme'}`, 64);
}

type Outcome = {
  readonly command: string;
  readonly outcome: string;
  readonly next: string | undefined;
  readonly runs: readonly Run[];
};

const LOOK_MS = 300;

/** Resolves when every command of the delivery is decided and every run of theirs is over. */
async function follow(
  app: App,
  deliveryId: string,
  patienceMs: number,
): Promise<readonly Outcome[]> {
  const { db } = app.ledger;
  const began = app.clock.now();
  for (;;) {
    const { outcome, reason } = await loadDelivery(db, deliveryId);
    const commands = await commandsOfDelivery(db, deliveryId);
    if (outcome !== 'pending' && commands.length === 0) {
      throw new CliError(`nothing was done: ${reason ?? outcome}`, 'Why? signalbox deliveries');
    }
    if (commands.length > 0 && commands.every((command) => command.outcome !== 'pending')) {
      const outcomes = await Promise.all(commands.map((command) => outcomeOf(app, command)));
      const runs = outcomes.flatMap((one) => one.runs);
      if (runs.every((run) => isTerminal(run.state))) return outcomes;
    } else if (app.clock.now() - began > patienceMs) {
      throw new CliError(
        'nobody has taken the command up; it is kept, and done as soon as somebody does',
        'Is a worker running? signalbox serve',
      );
    }
    await app.clock.sleep(LOOK_MS);
  }
}

async function outcomeOf(app: App, command: CommandRecord): Promise<Outcome> {
  const { text, outcome, detail } = command;
  const found = await Promise.all((detail.runs ?? []).map((id) => findRun(app.ledger.db, id)));
  const runs = found.filter((run) => run !== undefined);
  return { command: text, outcome, next: detail.next, runs };
}

const DONE = ['answered', 'cancelled_run'];

function exitCodeOf({ outcome, runs }: Outcome): number {
  if (DONE.includes(outcome)) return 0;
  if (runs.length === 0) return 2;
  if (runs.every((run) => run.state === 'passed')) return 0;
  return runs.every((run) => run.state === 'passed' || run.state === 'failed') ? 1 : 2;
}

function printOutcomes(outcomes: readonly Outcome[], url: string): void {
  for (const { command, outcome, next, runs } of outcomes) {
    if (runs.length === 0) print(`${clean(command)}: ${outcome}${next ? `. ${clean(next)}` : ''}`);
    for (const run of runs) print(`run ${run.number}: ${run.state} ${url}/r/${run.number}`);
  }
}
