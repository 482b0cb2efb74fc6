import type {
  BuildState,
  DroneState,
  RepositoryState,
  StageState,
  StepState,
  UserState,
} from './model.ts';

/** Drone's JSON, keys in the order and with the absences of 2.0.4. */
export type Json = Readonly<Record<string, unknown>>;

export function buildJson(state: DroneState, build: BuildState, withStages: boolean): Json {
  const { repository } = build;
  return {
    id: build.id,
    repo_id: repository.id,
    trigger: build.trigger,
    number: build.number,
    status: build.status,
    ...(build.error === undefined ? {} : { error: build.error }),
    event: 'custom',
    action: '',
    link: `${state.forge.url}/api/v1/repos/${repository.slug}/git/commits/${build.sha}`,
    timestamp: 0,
    message: build.message,
    before: build.sha,
    after: build.sha,
    ref: `refs/heads/${build.branch}`,
    source_repo: '',
    source: build.branch,
    target: build.branch,
    author_login: 'ada',
    author_name: '',
    author_email: 'ada@noreply.localhost',
    author_avatar: `${state.forge.url}/avatars/ada`,
    sender: build.sender,
    ...(build.params === undefined ? {} : { params: sorted(build.params) }),
    started: build.started,
    finished: build.finished,
    created: build.created,
    updated: build.updated,
    version: build.version,
    ...(withStages && build.stages.length > 0
      ? { stages: build.stages.map((stage) => stageJson(build, stage)) }
      : {}),
  };
}

export function repositoryJson(state: DroneState, repository: RepositoryState): Json {
  return {
    id: repository.id,
    uid: String(repository.id),
    user_id: repository.isActive ? 1 : 0,
    namespace: repository.namespace,
    name: repository.name,
    slug: repository.slug,
    scm: '',
    git_http_url: `${state.forge.url}/${repository.slug}.git`,
    git_ssh_url: `git@localhost:${repository.slug}.git`,
    link: `${state.forge.url}/${repository.slug}`,
    default_branch: 'main',
    private: repository.isPrivate,
    visibility: repository.isPrivate ? 'private' : 'public',
    active: repository.isActive,
    config_path: repository.isActive ? '.drone.yml' : '',
    trusted: false,
    protected: false,
    ignore_forks: false,
    ignore_pull_requests: false,
    auto_cancel_pull_requests: false,
    auto_cancel_pushes: false,
    timeout: repository.isActive ? 60 : 0,
    counter: repository.builds.length,
    synced: state.startedAt,
    created: state.startedAt,
    updated: state.startedAt,
    version: repository.version,
  };
}

export function userJson(state: DroneState, user: UserState): Json {
  return {
    id: user.id,
    login: user.login,
    email: '',
    machine: user.isMachine,
    admin: user.isAdmin,
    active: true,
    avatar: user.isMachine ? '' : `${state.forge.url}/avatars/${user.login}`,
    syncing: false,
    synced: state.startedAt,
    created: state.startedAt,
    updated: state.startedAt,
    last_login: state.startedAt,
  };
}

function stageJson(build: BuildState, stage: StageState): Json {
  const on = stage.script.on ?? 'success';
  return {
    id: stage.id,
    repo_id: build.repository.id,
    build_id: build.id,
    number: stage.number,
    name: stage.name,
    kind: 'pipeline',
    type: 'exec',
    status: stage.status,
    ...(stage.error === undefined ? {} : { error: stage.error }),
    errignore: false,
    exit_code: stage.exitCode,
    ...(stage.machine === undefined ? {} : { machine: stage.machine }),
    os: 'linux',
    arch: 'amd64',
    started: stage.started,
    stopped: stage.stopped,
    created: stage.created,
    updated: stage.updated,
    version: stage.version,
    on_success: on === 'success',
    on_failure: on === 'failure',
    ...(stage.script.dependsOn ? { depends_on: stage.script.dependsOn } : {}),
    ...(stage.steps.length > 0 ? { steps: stage.steps.map((step) => stepJson(stage, step)) } : {}),
  };
}

/** `step_id` is the id of the stage: Drone's own mistake, kept. */
function stepJson(stage: StageState, step: StepState): Json {
  return {
    id: step.id,
    step_id: stage.id,
    number: step.number,
    name: step.name,
    status: step.status,
    exit_code: step.exitCode,
    ...(step.started === 0 ? {} : { started: step.started }),
    ...(step.stopped === 0 ? {} : { stopped: step.stopped }),
    version: step.version,
  };
}

function sorted(params: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(Object.entries(params).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
