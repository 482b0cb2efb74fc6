import type { Recipe } from '../../domain/recipe.ts';
import type { Run, Stage } from '../../domain/run.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Mask } from '../../lib/redact.ts';
import type { Deployer, Version } from './deployers/deployer.ts';
import type { StageName } from './stage-plan.ts';
import type { Workspace } from './workspace.ts';

/** What every stage of a run gets. */
export type StageContext = {
  readonly run: Run;
  readonly recipe: Recipe;
  readonly workspace: Workspace;
  readonly user?: number;
  readonly deployer: Deployer;
  readonly clock: Clock;
  readonly mask: Mask;
  /** Aborted by the stage's and the run's time limit, and when the run is stopped from outside. */
  readonly signal: AbortSignal;
  /** Whether this stage is part of the run. */
  readonly isAsked: (stage: StageName) => boolean;
  readonly log: (text: string) => void;
  /** What earlier stages found out. */
  readonly found: Findings;
  readonly source: { cloneUrl: string; environment: Readonly<Record<string, string>> };
  readonly marks: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
  readonly ports: Readonly<Record<string, number>>;
  readonly installation: string;
  readonly artifacts: string;
};

export type Findings = {
  head?: Version;
  /** Absent when no version was published before. */
  previous?: Version;
  /** The version that is up. */
  serving?: Version;
};

export type StageResult = {
  readonly state: 'passed' | 'not_applicable' | 'skipped';
  readonly reason?: string;
  readonly tests?: NonNullable<Stage['tests']>;
};

/** The version that is up. Throws when a stage runs without the one before it: a bug of ours. */
export function serving({ found }: StageContext): Version {
  if (found.serving === undefined) throw new Error('no version of the app is up');
  return found.serving;
}

export function headOf({ found }: StageContext): Version {
  if (found.head === undefined) throw new Error('the head is not checked out');
  return found.head;
}
