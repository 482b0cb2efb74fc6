import type { Command } from 'commander';
import type { App } from '../app.ts';
import { OPERATOR } from '../domain/actor.ts';
import { isTerminal, type Run } from '../domain/run.ts';
import { commandsOfDelivery } from '../ledger/commands.ts';
import { findRun } from '../ledger/runs.ts';
import type { Register } from './cli.ts';
import { unknownForge } from './connect.ts';
import { CliError, withApp } from './environment.ts';
import { print, printJson } from './output.ts';

type Options = { wait?: boolean; json?: boolean };

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
    .option('--json', 'as JSON')
    .action(
      async (forge: string, pull: string, line: string, options: Options, command: Command) => {
        await withApp(command, async (app) => {
          const deliveryId = await hand(app, { forge, pull, line });
          if (!options.wait)
            return print(`Taken as delivery ${deliveryId}. Watch it: signalbox runs`);
          const outcome = await follow(app, deliveryId);
          if (options.json) printJson(outcome);
          else
            for (const run of outcome.runs)
              print(`run ${run.number}: ${run.state} ${app.config.url}/r/${run.number}`);
          return setExitCode(exitCodeOf(outcome));
        });
      },
    );
};

async function hand(
  app: App,
  given: { forge: string; pull: string; line: string },
): Promise<string> {
  if (!app.forges.has(given.forge)) throw unknownForge(given.forge, [...app.forges.keys()]);
  const match = /^([^/\s]+\/[^#\s]+)#(\d{1,9})$/.exec(given.pull);
  if (!match?.[1])
    throw new CliError(`"${given.pull}" names no pull request`, 'Write it as owner/name#17.', 64);
  const now = new Date(app.clock.now());
  const id = `cli-${app.context.newId()}`;
  const answer = await app.intake.take({
    forge: given.forge,
    source: 'cli',
    event: {
      kind: 'comment-created',
      repository: match[1],
      pull: Number(match[2]),
      actor: OPERATOR,
      comment: { id, body: given.line, author: OPERATOR, url: '', createdAt: now, updatedAt: now },
    },
    deliveryId: id,
    headers: {},
    body: Buffer.from(given.line),
  });
  if (answer.outcome === 'accepted') return answer.id;
  const why = answer.outcome === 'ignored' ? answer.reason : answer.outcome;
  throw new CliError(
    `not taken: ${why}`,
    `Is ${match[1]} under \`forges.${given.forge}.repositories\`?`,
  );
}

type Outcome = { readonly command: string; readonly runs: readonly Run[] };

const LOOK_MS = 300;
const PATIENCE_MS = 30_000;

async function follow(app: App, deliveryId: string): Promise<Outcome> {
  const began = app.clock.now();
  for (;;) {
    const commands = await commandsOfDelivery(app.ledger.db, deliveryId);
    const [command] = commands;
    const decided = command !== undefined && command.outcome !== 'pending';
    if (!decided && app.clock.now() - began > PATIENCE_MS) {
      throw new CliError('nobody has taken the command up', 'Is a worker running? signalbox serve');
    }
    if (decided) {
      const ids = commands.flatMap((one) => one.detail.runs ?? []);
      const runs = (await Promise.all(ids.map((id) => findRun(app.ledger.db, id)))).filter(
        (run) => run !== undefined,
      );
      if (runs.length === 0)
        throw new CliError(
          `${command.text}: ${command.outcome}`,
          command.detail.next ?? 'Try: signalbox deliveries',
        );
      if (runs.every((run) => isTerminal(run.state))) return { command: command.text, runs };
    }
    await app.clock.sleep(LOOK_MS);
  }
}

function exitCodeOf({ runs }: Outcome): number {
  if (runs.every((run) => run.state === 'passed')) return 0;
  return runs.some((run) => run.state === 'failed') ? 1 : 2;
}
