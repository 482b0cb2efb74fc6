import { readSituation, refuse } from './authorize.ts';
import type { CommandCall, CommandOutcome } from './command-call.ts';

/** `!status`: answered in place from the ledger, when the report is made. */
export async function status(call: CommandCall): Promise<CommandOutcome> {
  const situation = await readSituation(call);
  return (await refuse(call, { name: 'status' }, situation)) ?? { outcome: 'answered' };
}
