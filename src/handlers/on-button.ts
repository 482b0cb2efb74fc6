import { BUTTON_PREFIX } from '../domain/actor.ts';
import { commandText } from '../domain/commands.ts';
import type { ButtonEvent } from '../domain/forge-event.ts';
import { parseComment } from '../domain/parse-comment.ts';
import { isTerminal, type Run } from '../domain/run.ts';
import { findCommand, type NewCommand, recordCommand } from '../ledger/commands.ts';
import type { Tx } from '../ledger/database.ts';
import { recordOutcome } from '../ledger/deliveries.ts';
import type { Held, Next } from '../ledger/held.ts';
import { findRun, listRuns } from '../ledger/runs.ts';
import { arm } from '../ledger/work.ts';
import { type Context, forgeOf } from './context.ts';

type ButtonSource = {
  readonly deliveryId: string;
  readonly forge: string;
  readonly event: ButtonEvent;
};

/**
 * A pressed button is a command like any other: written out as the line that a comment would have, then parsed,
 * decided and answered the same way. It is about the commit it was pressed on: if the head has moved on, that is
 * told, instead of running something else.
 */
export async function onButton(context: Context, held: Held, source: ButtonSource): Promise<Next> {
  const { deliveryId } = source;
  await held.transact(async (tx) => {
    const wish = await wishOf(tx, source);
    if (typeof wish === 'string') return recordOutcome(tx, deliveryId, 'ignored', wish);
    const command = toCommand(context, source, wish);
    if (await recordCommand(tx, command)) await arm(tx, 'command', command.id, context.clock.now());
    return recordOutcome(tx, deliveryId, 'accepted', null);
  });
  return {};
}

/** The line that a comment would have had, and where; or why there is none. */
type Wish = { readonly line: string; readonly pull: number };

async function wishOf(tx: Tx, source: ButtonSource): Promise<Wish | string> {
  const { forge, event } = source;
  const refused = event.key === undefined ? undefined : await findCommand(tx, event.key);
  // The check of a broken configuration belongs to the command that met it: that is given again.
  if (refused?.forge === forge && refused.repository === event.repository)
    return { line: refused.text, pull: refused.pull };
  const runs = await runsOf(tx, source);
  const [first] = runs;
  if (first === undefined) return 'not_our_check';
  const line = lineOf(event, runs);
  return line === undefined ? 'nothing_to_cancel' : { line, pull: first.pull };
}

/** The runs it is about, newest of each suite: that of its check, or all of the commit. */
async function runsOf(tx: Tx, { forge, event }: ButtonSource): Promise<readonly Run[]> {
  const { repository, sha, key, action } = event;
  const pressed = key === undefined ? undefined : await findRun(tx, key);
  const isOurs = pressed?.forge === forge && pressed.repository === repository;
  if (key !== undefined && !isOurs) return [];
  if (pressed !== undefined && action !== 'all') return [pressed];
  const pull = pressed === undefined ? {} : { pull: pressed.pull };
  const runs = await listRuns(tx, { forge, repository, sha: pressed?.sha ?? sha, ...pull });
  const [newest] = runs;
  const ofPull = runs.filter((run) => run.pull === newest?.pull);
  return [...new Map(ofPull.toReversed().map((run) => [run.suite, run])).values()];
}

function lineOf(event: ButtonEvent, runs: readonly Run[]): string | undefined {
  if (event.action !== 'cancel') {
    const suites = runs.map((run) => run.suite);
    return `!testme ${suites.join(' ')} sha=${runs[0]?.sha ?? event.sha}`;
  }
  const live = runs.filter((run) => !isTerminal(run.state));
  return live[0] && `!cancel ${live[0].number}`;
}

function toCommand(context: Context, source: ButtonSource, { line, pull }: Wish): NewCommand {
  const { repository, actor } = source.event;
  const [parsed] = parseComment(line, { botLogin: '' });
  if (parsed === undefined || !('command' in parsed)) throw new Error(`no command: ${line}`);
  return {
    id: context.newId(),
    forge: source.forge,
    repository,
    pull,
    commentId: `${BUTTON_PREFIX}${source.deliveryId}`,
    commentUrl: forgeOf(context, source.forge).links.pull(repository, pull),
    ordinal: parsed.ordinal,
    actor,
    prefix: parsed.prefix,
    raw: parsed.raw,
    text: commandText(parsed.command, parsed.prefix),
    command: parsed.command,
    problem: undefined,
    deliveryId: source.deliveryId,
    createdAt: context.clock.now(),
  };
}
