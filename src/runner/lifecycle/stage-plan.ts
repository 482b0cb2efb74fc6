import type { LIFECYCLE_STAGES, SelectableStage } from '../../domain/plan.ts';
import type { Recipe } from '../../domain/recipe.ts';
import type { Stage } from '../../domain/run.ts';

export type StageName = (typeof LIFECYCLE_STAGES)[number];
/** The stages that test something; the others surround them. */
export type WorkStage = Exclude<StageName, 'capture' | 'teardown' | 'verify'>;

export const NOT_ASKED = 'not asked for';

/** What must have gone well before a stage makes sense. */
const NEEDS: Readonly<Record<WorkStage, readonly WorkStage[]>> = {
  prepare: [],
  install: ['prepare'],
  upgrade: ['prepare', 'install'],
  backup: ['prepare', 'install', 'upgrade'],
  restore: ['prepare', 'install', 'upgrade', 'backup'],
  custom: ['prepare', 'install', 'upgrade'],
};

/** The stages asked for, and those without which they cannot be. */
export function askedStages(plan: readonly SelectableStage[]): ReadonlySet<StageName> {
  const asked = new Set<StageName>(['prepare', 'install', ...plan]);
  if (asked.has('restore')) asked.add('backup');
  return asked;
}

/** Why a stage does not run, or undefined when it does. Pure. */
export function whyNot(options: {
  stage: WorkStage;
  asked: ReadonlySet<StageName>;
  recipe: Recipe;
  done: readonly Stage[];
  now: number;
}): Pick<Stage, 'state' | 'reason'> | undefined {
  const { stage, asked, recipe, done, now } = options;
  if (!asked.has(stage)) return { state: 'skipped', reason: NOT_ASKED };
  const broken = NEEDS[stage]
    .map((name) => done.find((other) => other.name === name))
    .find((other) => other !== undefined && isBroken(other));
  if (broken !== undefined) return { state: 'skipped', reason: `${broken.name} failed` };
  const expected = recipe.stages.expectedNa[stage];
  if (expected === undefined || stage === 'prepare' || stage === 'install') return undefined;
  // The last day still counts, whatever the time zone of who wrote it.
  const until = Date.parse(`${expected.until.slice(0, 10)}T23:59:59Z`);
  return now <= until ? { state: 'not_applicable', reason: expected.reason } : undefined;
}

function isBroken({ state }: Stage): boolean {
  return state === 'failed' || state === 'errored' || state === 'cancelled';
}
