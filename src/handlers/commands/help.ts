import type { CommandCall, Verdict } from '../on-command.ts';
import { readSituation, refuse } from './authorize.ts';

/** `!help`: what this person may do here, with the suites that this repository has. */
export async function help(call: CommandCall): Promise<Verdict> {
  const situation = await readSituation(call);
  const refusal = await refuse(call, { name: 'help' }, situation);
  if (refusal) return refusal;
  return {
    outcome: 'answered',
    detail: { present: situation.role, suites: Object.keys(situation.config?.suites ?? {}) },
  };
}
