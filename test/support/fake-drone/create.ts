import {
  type BuildState,
  type CommitState,
  type DroneState,
  type FakePipeline,
  type FakeStage,
  isOver,
  type RepositoryState,
  type StageState,
} from './model.ts';

type Wish = {
  readonly branch: string;
  readonly commit: CommitState;
  readonly trigger: string;
  readonly params: Readonly<Record<string, string>>;
};

/** The commit that a create call means, as the forge knows it: full or abbreviated sha, else the branch's head. */
export function findCommit(
  repository: RepositoryState,
  branch: string,
  commit: string | null,
): CommitState | undefined {
  const sha = commit ?? repository.branches.get(branch);
  if (sha === undefined) return undefined;
  const known =
    repository.commits.get(sha) ??
    [...repository.commits.values()].find((other) => sha.length >= 7 && other.sha.startsWith(sha));
  if (known) return known;
  return repository.anyCommit && /^[0-9a-f]{40}$/.test(sha)
    ? { sha, message: `Change ${sha.slice(0, 7)}\n`, pipeline: repository.anyCommit }
    : undefined;
}

/** Stores a build: `pending` with its stages, or born in `error` without params, trigger and stages. */
export function addBuild(state: DroneState, repository: RepositoryState, wish: Wish): BuildState {
  const now = state.now();
  const { pipeline } = wish.commit;
  const isBornInError = pipeline.kind === 'yaml-error';
  const hasParams = Object.keys(wish.params).length > 0 && !isBornInError;
  state.ids.build += 1;
  repository.version += 1;
  const build: BuildState = {
    id: state.ids.build,
    repository,
    number: repository.builds.length + 1,
    trigger: isBornInError ? '' : wish.trigger,
    sender: wish.trigger,
    sha: wish.commit.sha,
    branch: wish.branch,
    message: wish.commit.message,
    params: hasParams ? wish.params : undefined,
    created: now,
    status: isBornInError ? 'error' : 'pending',
    ...(isBornInError ? { error: pipeline.error } : {}),
    started: isBornInError ? now : 0,
    finished: isBornInError ? now : 0,
    updated: now,
    version: 1,
    stages: [],
    isRunnerLost: false,
    outcomes: new Map(),
  };
  if (!isOver(build.status)) build.stages = newStages(state, pipeline);
  repository.builds.push(build);
  return build;
}

function newStages(state: DroneState, pipeline: FakePipeline): StageState[] {
  if (pipeline.kind === 'runner-refuses') {
    return [newStage(state, { name: 'default', steps: [] }, 1, pipeline.error)];
  }
  if (pipeline.kind !== 'stages') return [];
  const clone = { name: 'clone', exitCode: pipeline.cloneExitCode ?? 0 };
  return pipeline.stages.map((stage, index) =>
    newStage(state, { ...stage, steps: [clone, ...stage.steps] }, index + 1),
  );
}

function newStage(
  state: DroneState,
  script: FakeStage,
  number: number,
  refusal?: string,
): StageState {
  const now = state.now();
  state.ids.stage += 1;
  return {
    id: state.ids.stage,
    number,
    name: script.name,
    script,
    ...(refusal === undefined ? {} : { refusal }),
    status: script.dependsOn ? 'waiting_on_dependencies' : 'pending',
    exitCode: 0,
    started: 0,
    stopped: 0,
    created: now,
    updated: now,
    version: 1,
    steps: [],
  };
}
