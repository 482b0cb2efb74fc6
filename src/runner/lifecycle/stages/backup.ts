import { type StageContext, type StageResult, serving } from '../context.ts';
import { StageFailure } from '../failure.ts';
import { runHook } from '../hooks.ts';
import { assertMarker, seedMarker } from '../marker.ts';

/** Makes a backup of data that is known to hold the marker. An archive without a file is none. */
export async function backup(context: StageContext): Promise<StageResult> {
  const { deployer, recipe, signal } = context;
  const { pre, paths, post } = recipe.data.backup;
  await seedMarker(context);
  await assertMarker(context, 'backup');
  await runHook(context, 'data.backup.pre', pre);
  const timeoutMs = recipe.timeouts.stageMs;
  const step = { version: serving(context), timeoutMs, signal };
  const { ending, listing } = await deployer.archive(paths, step);
  const files = listing.filter((name) => !name.endsWith('/'));
  if (ending.code !== 0) throw unusable(`Packing ${paths.join(', ')} ${ending.words}`);
  if (files.length === 0) throw unusable('The archive holds no file: check `data.backup.paths`');
  context.log(`the archive holds ${files.length} files`);
  await runHook(context, 'data.backup.post', post);
  return { state: 'passed' };
}

function unusable(problem: string): StageFailure {
  return new StageFailure({ kind: 'archive', problem }, 'the archive is not usable');
}
