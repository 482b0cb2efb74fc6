import { headOf, type StageContext, type StageResult } from '../context.ts';
import type { Version } from '../deployers/deployer.ts';
import { converge } from '../health.ts';

/** Brings up the published version, or the head when there is none or no upgrade is to be tested. */
export async function install(context: StageContext): Promise<StageResult> {
  const { found } = context;
  await bringUp(context, found.previous ?? headOf(context));
  return { state: 'passed' };
}

/** Starts a version and waits until it is healthy. */
export async function bringUp(context: StageContext, version: Version): Promise<void> {
  const { deployer, recipe, clock, signal, found } = context;
  context.log(`start ${version.label}`);
  found.serving = version;
  const startedAt = clock.now();
  await deployer.start(version, signal);
  await converge({ deployer, recipe, clock, signal });
  context.log(`${version.label} is healthy after ${clock.now() - startedAt} ms`);
}
