import type { CommandCall, Verdict } from '../on-command.ts';
import { readSituation, refuse } from './authorize.ts';

/** `!status`: answered in place from the ledger, when the report is made. */
export async function status(call: CommandCall): Promise<Verdict> {
  const situation = await readSituation(call);
  return (await refuse(call, { name: 'status' }, situation)) ?? { outcome: 'answered' };
}
