import { type StageContext, type StageResult, serving } from '../context.ts';
import { StageFailure } from '../failure.ts';
import { runHook } from '../hooks.ts';
import { assertMarker, dropMarker } from '../marker.ts';
import { bringUp } from './install.ts';

/** Loses the marker on purpose, and gets it back from the backup alone. */
export async function restore(context: StageContext): Promise<StageResult> {
  const { deployer, recipe, signal } = context;
  const { pre, post } = recipe.data.restore;
  const version = serving(context);
  await dropMarker(context);
  await runHook(context, 'data.restore.pre', pre);
  context.log(`stop ${version.label}`);
  await deployer.stop(signal);
  const step = { version, timeoutMs: recipe.timeouts.stageMs, signal };
  const ending = await deployer.unarchive(recipe.data.backup.paths, step);
  if (ending.code !== 0) {
    const problem = `Unpacking it ${ending.words}`;
    throw new StageFailure({ kind: 'archive', problem }, 'the archive could not be unpacked');
  }
  await bringUp(context, version);
  await runHook(context, 'data.restore.post', post);
  await assertMarker(context, 'restore');
  return { state: 'passed' };
}
