import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StageContext, StageResult } from '../context.ts';

const MAX_PROCESSES = 500;

/** Keeps what teardown is about to destroy: what ran, and how it stood. Logs were written as they came. */
export async function capture(context: StageContext): Promise<StageResult> {
  const { deployer, found, artifacts, mask } = context;
  const processes = deployer.snapshot().slice(0, MAX_PROCESSES);
  await writeFile(join(artifacts, 'processes.txt'), mask(`${processes.join('\n')}\n`));
  const state = {
    versions: { previous: found.previous?.label, head: found.head?.sha },
    serving: found.serving?.label,
    services: deployer.services(),
  };
  await writeFile(join(artifacts, 'state.json'), mask(JSON.stringify(state, null, 2)));
  return { state: 'passed' };
}
