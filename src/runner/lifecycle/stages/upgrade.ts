import { headOf, type StageContext, type StageResult } from '../context.ts';
import { StageFailure } from '../failure.ts';
import { assertMarker, seedMarker } from '../marker.ts';
import { bringUp } from './install.ts';

/** Puts the head in the place of the published version, on the same data; the marker must live through it. */
export async function upgrade(context: StageContext): Promise<StageResult> {
  const { deployer, found, signal } = context;
  if (found.previous === undefined) return { state: 'not_applicable', reason: noPrevious(context) };
  const head = headOf(context);
  await seedMarker(context);
  await assertMarker(context, 'backup');
  context.log(`stop ${found.previous.label}`);
  await deployer.stop(signal);
  await bringUp(context, head);
  const [stranger] = deployer.strangers(head);
  if (stranger !== undefined) {
    const { service, problem } = stranger;
    throw new StageFailure(
      { kind: 'wrong-version', service, problem },
      'an old version still runs',
    );
  }
  await assertMarker(context, 'upgrade');
  return { state: 'passed' };
}

function noPrevious({ recipe }: StageContext): string {
  return recipe.versions.previous === 'none'
    ? 'the recipe names no previous version'
    : 'no previous version';
}
