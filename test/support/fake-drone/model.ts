/** What the fake Drone remembers. Times are unix seconds, 0 unset, as Drone keeps them. */

export type FakeStep = {
  readonly name: string;
  /** 0 unless given. */
  readonly exitCode?: number;
  readonly log?: readonly string[];
  /** `when: status: [failure]` */
  readonly runsOnFailure?: boolean;
};

export type FakeStage = {
  readonly name: string;
  readonly steps: readonly FakeStep[];
  readonly dependsOn?: readonly string[];
  readonly on?: 'success' | 'failure';
};

/** What `.drone.yml` says at a commit. A clone step is put before the first step of each stage. */
export type FakePipeline =
  | {
      readonly kind: 'stages';
      readonly stages: readonly FakeStage[];
      readonly cloneExitCode?: number;
    }
  /** The server takes it, the runner refuses the stage. */
  | { readonly kind: 'runner-refuses'; readonly error: string }
  | { readonly kind: 'yaml-error'; readonly error: string }
  | { readonly kind: 'no-match' }
  | { readonly kind: 'missing' };

export type Status =
  | 'pending'
  | 'waiting_on_dependencies'
  | 'blocked'
  | 'running'
  | 'success'
  | 'failure'
  | 'error'
  | 'killed'
  | 'declined'
  | 'skipped';

export type StepState = {
  readonly id: number;
  readonly number: number;
  readonly name: string;
  readonly script: FakeStep;
  status: Status;
  exitCode: number;
  started: number;
  stopped: number;
  version: number;
};

export type StageState = {
  readonly id: number;
  readonly number: number;
  readonly name: string;
  readonly script: FakeStage;
  /** Found by the runner when it accepts the stage. */
  readonly refusal?: string;
  status: Status;
  error?: string;
  exitCode: number;
  machine?: string;
  started: number;
  stopped: number;
  readonly created: number;
  updated: number;
  version: number;
  steps: StepState[];
};

export type BuildState = {
  readonly id: number;
  readonly repository: RepositoryState;
  readonly number: number;
  readonly trigger: string;
  readonly sender: string;
  readonly sha: string;
  readonly branch: string;
  readonly message: string;
  readonly params: Readonly<Record<string, string>> | undefined;
  readonly created: number;
  status: Status;
  error?: string;
  started: number;
  finished: number;
  updated: number;
  version: number;
  stages: StageState[];
  /** Its runner died: nothing advances any more, and what the running step wrote is lost. */
  isRunnerLost: boolean;
  /** Exit codes decided from outside, by step name. */
  outcomes: Map<string, { exitCode: number; log?: readonly string[] }>;
};

export type CommitState = {
  readonly sha: string;
  readonly message: string;
  readonly pipeline: FakePipeline;
};

export type RepositoryState = {
  readonly id: number;
  readonly namespace: string;
  readonly name: string;
  readonly slug: string;
  readonly isPrivate: boolean;
  /** False: known by synchronisation, never activated. */
  readonly isActive: boolean;
  readonly commits: Map<string, CommitState>;
  readonly branches: Map<string, string>;
  /** What an unlisted full sha holds; undefined: it is unknown. */
  readonly anyCommit: FakePipeline | undefined;
  /** Oldest first; number = index + 1. */
  readonly builds: BuildState[];
  version: number;
};

export type Access = 'read' | 'write' | 'admin';
export type UserState = {
  readonly id: number;
  readonly login: string;
  readonly token: string;
  readonly isAdmin: boolean;
  readonly isMachine: boolean;
  /** By slug. */
  readonly access: Map<string, Access>;
};

export type DroneState = {
  readonly repositories: Map<string, RepositoryState>;
  readonly users: UserState[];
  /** Address of Drone as it tells itself, and of its forge. */
  link: string;
  readonly forge: { readonly url: string; isAway: boolean };
  readonly ids: { build: number; stage: number; step: number };
  readonly startedAt: number;
  /** Unix seconds. */
  now(): number;
};

export const DEFAULT_PIPELINE: FakePipeline = {
  kind: 'stages',
  stages: [{ name: 'default', steps: [{ name: 'greet' }, { name: 'test' }] }],
};

export function isOver(status: Status): boolean {
  return ['success', 'failure', 'error', 'killed', 'declined', 'skipped'].includes(status);
}
