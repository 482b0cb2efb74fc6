import type { SelectableStage } from './plan.ts';

/** One imperative, as parsed from one comment line. */
export type Command =
  | {
      readonly name: 'testme';
      readonly suites: readonly string[];
      readonly stages?: readonly SelectableStage[];
      readonly sha?: string;
    }
  | { readonly name: 'retest' }
  | { readonly name: 'cancel'; readonly run?: number }
  | { readonly name: 'redeploy'; readonly environment: string; readonly ref?: string }
  | { readonly name: 'rollback'; readonly environment: string }
  | { readonly name: 'lock'; readonly environment: string; readonly expires?: string }
  | { readonly name: 'unlock'; readonly environment: string }
  | { readonly name: 'cleanup'; readonly run?: number }
  | { readonly name: 'approve'; readonly sha: string }
  | { readonly name: 'status' }
  | { readonly name: 'help' };

export type CommandName = Command['name'];
