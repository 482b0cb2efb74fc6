import { COMMANDS, type CommandSpec } from '../../domain/commands.ts';
import type { Right } from '../../ledger/commands.ts';
import { decideFor, readSituation, refuse, type Situation } from './authorize.ts';
import type { CommandCall, CommandOutcome } from './command-call.ts';

/** `!help`: what this person may do here, with the suites that this repository has. */
export async function help(call: CommandCall): Promise<CommandOutcome> {
  const situation = await readSituation(call);
  const refusal = await refuse(call, { name: 'help' }, situation);
  if (refusal) return refusal;
  const specs: readonly CommandSpec[] = Object.values(COMMANDS);
  return {
    outcome: 'answered',
    detail: {
      present: situation.role,
      suites: Object.keys(situation.config?.suites ?? {}),
      rights: specs.map((spec) => rightOf(call, spec, situation)),
    },
  };
}

function rightOf(call: CommandCall, spec: CommandSpec, situation: Situation): Right {
  const { name } = spec;
  const decision = decideFor(call, { name }, situation);
  if (decision.outcome === 'allowed') return { name, allowed: true, required: spec.required };
  const own = spec.orRequester && decision.rule === undefined ? ', or a run of your own' : '';
  return { name, allowed: false, required: `${decision.required}${own}` };
}
