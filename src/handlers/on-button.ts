import { BUTTON_PREFIX } from '../domain/actor.ts';
import type { Command } from '../domain/command.ts';
import { commandText } from '../domain/commands.ts';
import type { ButtonEvent } from '../domain/forge-event.ts';
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
 * A pressed button is a command like any other, decided and answered the same way. It is about the commit it was
 * pressed on: if the head has moved on, that is told, instead of running something else.
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

/** What a comment would have said, and where; or why there is nothing to say. */
type Wish = { readonly command: Command; readonly pull: number };

async function wishOf(tx: Tx, source: ButtonSource): Promise<Wish | string> {
  const { forge, event } = source;
  const refused = event.key === undefined ? undefined : await findCommand(tx, event.key);
  // The check of a broken configuration belongs to the command that met it: that is given again.
  if (refused?.command && refused.forge === forge && refused.repository === event.repository)
    return { command: refused.command, pull: refused.pull };
  const runs = await runsOf(tx, source);
  const [first] = runs;
  if (first === undefined) return 'not_our_check';
  const command = commandOf(event, runs);
  return command === undefined ? 'nothing_to_cancel' : { command, pull: first.pull };
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

function commandOf(event: ButtonEvent, runs: readonly Run[]): Command | undefined {
  if (event.action !== 'cancel')
    return { name: 'testme', suites: runs.map((run) => run.suite), sha: runs[0]?.sha ?? event.sha };
  const live = runs.find((run) => !isTerminal(run.state));
  return live && { name: 'cancel', run: live.number };
}

function toCommand(context: Context, source: ButtonSource, { command, pull }: Wish): NewCommand {
  const { repository, actor } = source.event;
  const text = commandText(command);
  return {
    id: context.newId(),
    forge: source.forge,
    repository,
    pull,
    commentId: `${BUTTON_PREFIX}${source.deliveryId}`,
    commentUrl: forgeOf(context, source.forge).links.pull(repository, pull),
    ordinal: 0,
    actor,
    prefix: '!',
    raw: text,
    text,
    command,
    problem: undefined,
    deliveryId: source.deliveryId,
    createdAt: context.clock.now(),
  };
}
