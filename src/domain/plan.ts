import type { Recipe } from './recipe.ts';

/** Stages a lifecycle run goes through, in order. `capture`, `teardown` and `verify` always run. */
export const LIFECYCLE_STAGES = [
  'prepare',
  'install',
  'upgrade',
  'backup',
  'restore',
  'custom',
  'capture',
  'teardown',
  'verify',
] as const;

/** Stages that `stages=…` may name. */
export const SELECTABLE_STAGES = ['install', 'upgrade', 'backup', 'restore', 'custom'] as const;
export type SelectableStage = (typeof SELECTABLE_STAGES)[number];

/** The immutable work order of one run, computed from the default branch's configuration at acceptance. */
export type Plan =
  | {
      readonly kind: 'remote';
      /** Parameters for the far side, already checked against the whitelist. */
      readonly params: Readonly<Record<string, string>>;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: 'lifecycle';
      readonly stages: readonly SelectableStage[];
      /** The checked recipe, see `domain/recipe.ts`. */
      readonly recipe: Recipe;
      readonly timeoutMs: number;
    };
