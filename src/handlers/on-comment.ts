import { commandText } from '../domain/commands.ts';
import type { CommentEvent } from '../domain/forge-event.ts';
import { executionOrder, type ParsedLine, parseComment } from '../domain/parse-comment.ts';
import type { Forge } from '../forges/forge.ts';
import {
  type CommandRecord,
  commandsOfComment,
  decideCommand,
  type NewCommand,
  recordCommand,
  replaceMisunderstood,
} from '../ledger/commands.ts';
import type { Tx } from '../ledger/database.ts';
import { deletionKey, recordOutcome, rereadEdits, wasTaken } from '../ledger/deliveries.ts';
import type { Held, Next } from '../ledger/held.ts';
import { advanceRun, listRuns } from '../ledger/runs.ts';
import { arm } from '../ledger/work.ts';
import { type Context, forgeOf } from './context.ts';

export type CommentSource = {
  readonly deliveryId: string;
  readonly forge: string;
  readonly receivedAt: number;
  readonly event: CommentEvent;
};

/** A comment was written, changed or deleted: its lines become commands, each of them once. */
export async function onComment(
  context: Context,
  held: Held,
  source: CommentSource,
): Promise<Next> {
  const forge = forgeOf(context, source.forge);
  const bot = await forge.whoAmI({ signal: held.signal });
  await held.transact(async (tx) => {
    const ignored = await record(tx, context, {
      source,
      forge,
      botLogin: bot.login,
      botId: bot.id,
    });
    await recordOutcome(tx, source.deliveryId, ignored ? 'ignored' : 'accepted', ignored ?? null);
  });
  return {};
}

type Scene = {
  readonly source: CommentSource;
  readonly forge: Forge;
  readonly botLogin: string;
  readonly botId: string;
};

/** Returns why the comment was ignored, or undefined when something came of it. */
async function record(tx: Tx, context: Context, scene: Scene): Promise<string | undefined> {
  const { event } = scene.source;
  if (event.comment.author.id === scene.botId || event.actor.id === scene.botId)
    return 'own_comment';
  const known = await commandsOfComment(tx, scene.source.forge, event.comment.id);
  if (event.kind === 'comment-deleted') return withdraw(tx, context, scene, known);
  // Webhooks overtake each other: what is deleted already is not begun.
  if (await wasTaken(tx, scene.source.forge, deletionKey(event.comment.id)))
    return 'comment_deleted';
  const lines = parseComment(event.comment.body, { botLogin: scene.botLogin });
  // A list cannot tell an edit from a new comment; what is known tells it.
  if (event.kind === 'comment-edited' || known.length > 0)
    return recordEdit(tx, context, scene, { known, lines });
  if (lines.length === 0) return 'no_command';
  let fresh = 0;
  for (const line of executionOrder(lines)) {
    const command = toCommand(context, scene, line);
    if (!(await recordCommand(tx, command))) continue;
    fresh += 1;
    await arm(tx, 'command', command.id, context.clock.now());
  }
  if (lines.some((line) => !('command' in line))) {
    const comment = { forge: scene.source.forge, id: event.comment.id };
    await rereadEdits(tx, comment, context.clock.now());
  }
  return fresh === 0 ? 'already_known' : undefined;
}

/** Only what was not understood is read again; a command that was obeyed cannot be edited into another. */
async function recordEdit(
  tx: Tx,
  context: Context,
  scene: Scene,
  { known, lines }: { known: readonly CommandRecord[]; lines: readonly ParsedLine[] },
): Promise<string | undefined> {
  const misunderstood = known.filter((command) => command.command === undefined);
  if (misunderstood.length === 0) return known.length > 0 ? 'already_known' : 'no_command';
  let changed = 0;
  for (const line of lines) {
    const command = toCommand(context, scene, line);
    const before = known.find((other) => other.ordinal === line.ordinal);
    if (before === undefined) {
      if (!(await recordCommand(tx, command))) continue;
      await arm(tx, 'command', command.id, context.clock.now());
      changed += 1;
    } else if (before.command === undefined && before.raw !== command.raw) {
      await replaceMisunderstood(tx, before, command);
      await arm(tx, 'command', before.id, context.clock.now());
      changed += 1;
    }
  }
  return changed === 0 ? 'already_known' : undefined;
}

/** A deleted comment takes back what has not begun. */
async function withdraw(
  tx: Tx,
  context: Context,
  scene: Scene,
  known: readonly CommandRecord[],
): Promise<string | undefined> {
  const { event } = scene.source;
  const at = context.clock.now();
  let withdrawn = 0;
  for (const command of known) {
    if (command.outcome === 'pending') {
      await decideCommand(tx, command.id, 'comment_deleted', { silent: true });
      withdrawn += 1;
    }
    for (const run of await listRuns(tx, { commandId: command.id, live: true })) {
      if (run.state !== 'queued' || run.remote.intentAt !== undefined) continue;
      const cancellation = { at, by: event.actor.login, cause: 'comment_deleted' as const };
      await advanceRun(
        tx,
        run.id,
        { kind: 'cancel-requested', cancellation },
        { at, source: 'comment', actor: event.actor.login },
      );
      withdrawn += 1;
    }
  }
  return withdrawn === 0 ? 'action_not_used' : undefined;
}

function toCommand(context: Context, scene: Scene, line: ParsedLine): NewCommand {
  const { source, forge } = scene;
  const { event } = source;
  const understood = 'command' in line;
  return {
    id: context.newId(),
    forge: source.forge,
    repository: event.repository,
    pull: event.pull,
    commentId: event.comment.id,
    commentUrl: forge.links.comment(event.repository, event.pull, event.comment.id),
    ordinal: line.ordinal,
    actor: event.actor,
    prefix: understood ? line.prefix : '',
    raw: line.raw,
    text: understood ? commandText(line.command, line.prefix) : line.raw,
    command: understood ? line.command : undefined,
    problem: understood ? undefined : line.problem,
    deliveryId: source.deliveryId,
    createdAt: context.clock.now(),
  };
}
