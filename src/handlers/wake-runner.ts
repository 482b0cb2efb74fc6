import type { Run } from '../domain/run.ts';
import type { Tx } from '../ledger/database.ts';
import { arm } from '../ledger/work.ts';
import type { Context } from './context.ts';

/** The kind of work in which a local runner executes runs, one at a time per slot. */
export function executionKind(runner: string): string {
  return `execution:${runner}`;
}

/** Makes whoever executes the run look at it. */
export async function wakeRunner(
  tx: Tx,
  context: Pick<Context, 'localRunners'>,
  run: Run,
  at: number,
): Promise<void> {
  const kind = context.localRunners.has(run.runner) ? executionKind(run.runner) : 'run';
  await arm(tx, kind, run.id, at);
}
