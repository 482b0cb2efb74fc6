import type { Ending } from '../../domain/diagnosis.ts';
import type { Line } from '../../domain/recipe.ts';
import { type StageContext, serving } from './context.ts';
import { StageFailure } from './failure.ts';
import { runCommand, runHook } from './hooks.ts';

/** Puts the marker in. Without a marker in the recipe this and the rest here do nothing. */
export async function seedMarker(context: StageContext): Promise<void> {
  const { marker } = context.recipe.data;
  if (marker !== undefined) await runHook(context, 'data.marker.seed', [marker.seed]);
}

/** Throws `StageFailure` when the marker is not there. */
export async function assertMarker(
  context: StageContext,
  at: 'upgrade' | 'backup' | 'restore',
): Promise<void> {
  const { marker, backup, restore } = context.recipe.data;
  if (marker === undefined || (await isMarked(context, marker.assert))) return;
  const dumps = backup.pre.length > 0;
  const replays = restore.post.length > 0;
  throw new StageFailure({ kind: 'marker-lost', at, dumps, replays }, 'the marker row is gone');
}

/** Takes the marker out and proves that it is gone: else its return would prove nothing. */
export async function dropMarker(context: StageContext): Promise<void> {
  const { marker } = context.recipe.data;
  if (marker === undefined) return;
  await runHook(context, 'data.marker.drop', [marker.drop]);
  if (await isMarked(context, marker.assert)) {
    throw new StageFailure({ kind: 'marker-kept' }, 'the marker row could not be removed');
  }
}

async function isMarked(context: StageContext, argv: Line): Promise<boolean> {
  const ending = await runCommand(context, argv, serving(context));
  if (couldTell(ending)) return ending.code === 0;
  const fact = { role: 'hook', name: 'data.marker.assert', command: argv.join(' ') } as const;
  throw new StageFailure(
    { kind: 'command', ...fact, ending },
    `data.marker.assert ${ending.words}`,
  );
}

/** A command that was not found, was killed or took too long says neither yes nor no. */
function couldTell({ code, signal, timedOut }: Ending): boolean {
  return timedOut !== true && signal === undefined && code !== 126 && code !== 127;
}
