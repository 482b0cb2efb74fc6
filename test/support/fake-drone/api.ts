import type { Clock } from '../../../src/lib/clock.ts';
import { addBuild, findCommit } from './create.ts';
import { buildJson, repositoryJson, userJson } from './json.ts';
import type { BuildState, DroneState, RepositoryState, UserState } from './model.ts';
import { cancel, logOf } from './progress.ts';
import type { Notice } from './webhooks.ts';

export type ApiRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Value of the Authorization header. */
  readonly authorization: string | undefined;
};
export type ApiAnswer = { readonly status: number; readonly body: unknown };

export type ApiDeps = {
  readonly state: DroneState;
  readonly clock: Clock;
  /** Drone tries three times, 15 s apart, before it says that there is no .drone.yml. */
  readonly missingYmlDelayMs: number;
  /** Tells the world and, for a new build, the runners. Resolves when the webhook was answered. */
  announce(build: BuildState, notice: Notice): Promise<void>;
};

const NO_ROWS = problem(404, 'sql: no rows in result set');
const NOT_FOUND = problem(404, 'Not Found');
const UNAUTHORIZED = problem(401, 'Unauthorized');
const ROUTE = /^\/api\/repos\/([^/]+\/[^/]+)(?:\/builds(?:\/([^/]+)(?:\/logs\/(\d+)\/(\d+))?)?)?$/;

/** Drone's HTTP interface without the sockets, as recorded from 2.0.4. */
export async function answer(deps: ApiDeps, request: ApiRequest): Promise<ApiAnswer> {
  const { state } = deps;
  const user = userOf(state, request);
  if (request.path === '/version') return ok({ version: '2.0.4' });
  if (request.path === '/api/user') return user ? ok(userJson(state, user)) : UNAUTHORIZED;
  const [, slug, number, stage, step] = ROUTE.exec(request.path) ?? [];
  if (slug === undefined) return problem(404, 'Not Found');
  const repository = state.repositories.get(slug);
  const refused = refusal(request.method, user, repository);
  if (refused || repository === undefined) return refused ?? NOT_FOUND;
  if (number === undefined) return onRepository(deps, request, repository, user);
  if (!/^-?\d+$/.test(number)) {
    return problem(400, `strconv.ParseInt: parsing "${number}": invalid syntax`);
  }
  const build = repository.builds[Number(number) - 1];
  if (build === undefined) return NO_ROWS;
  if (stage !== undefined) return readLog(build, Number(stage), Number(step));
  return onBuild(deps, request, build, user);
}

/** A wrong token is nobody. Without the right to write the answer is 404, not 403. */
function refusal(
  method: string,
  user: UserState | undefined,
  repository: RepositoryState | undefined,
): ApiAnswer | undefined {
  const isRead = method === 'GET';
  if (user === undefined) {
    return repository !== undefined && !repository.isPrivate && isRead ? undefined : UNAUTHORIZED;
  }
  if (repository === undefined) return NOT_FOUND;
  const access = user.isAdmin ? 'admin' : user.access.get(repository.slug);
  if (isRead) return repository.isPrivate && access === undefined ? NOT_FOUND : undefined;
  return access === 'write' || access === 'admin' ? undefined : NOT_FOUND;
}

function onRepository(
  deps: ApiDeps,
  request: ApiRequest,
  repository: RepositoryState,
  user: UserState | undefined,
): ApiAnswer | Promise<ApiAnswer> {
  const { state } = deps;
  if (!request.path.endsWith('/builds')) {
    const access = user?.access.get(repository.slug);
    const permissions = access && {
      read: true,
      write: access !== 'read',
      admin: access === 'admin',
    };
    return ok({ ...repositoryJson(state, repository), ...(permissions ? { permissions } : {}) });
  }
  if (request.method === 'GET') return ok(list(state, repository, request.query));
  return request.method === 'POST' && user
    ? create(deps, repository, user, request.query)
    : NOT_FOUND;
}

async function onBuild(
  deps: ApiDeps,
  request: ApiRequest,
  build: BuildState,
  user: UserState | undefined,
): Promise<ApiAnswer> {
  if (request.method === 'POST' && user) return restart(deps, build, user, request.query);
  if (request.method === 'DELETE') await kill(deps, build);
  return ok(buildJson(deps.state, build, true));
}

/**
 * The webhook of the server is answered before the call is; the runner's second, equal one comes from its own
 * teardown, so a build that never ran or whose runner is dead has but one.
 */
export async function kill(deps: ApiDeps, build: BuildState): Promise<void> {
  const wasRunning = build.status === 'running';
  if (!cancel(deps.state, build)) return;
  await deps.announce(build, { action: 'updated', bare: true });
  if (wasRunning && !build.isRunnerLost) void deps.announce(build, { action: 'updated' });
}

async function create(
  deps: ApiDeps,
  repository: RepositoryState,
  user: UserState,
  query: URLSearchParams,
): Promise<ApiAnswer> {
  const branch = query.get('branch') || 'main';
  const sha = query.get('commit') || null;
  if (!repository.isActive) return NO_ROWS;
  const { forge } = deps.state;
  if (forge.isAway) {
    const url = `${forge.url}/api/v1/repos/${repository.slug}/git/commits/${sha ?? branch}`;
    const { host } = new URL(forge.url);
    return problem(404, `Get "${url}": dial tcp ${host}: connect: connection refused`);
  }
  const commit = findCommit(repository, branch, sha);
  if (commit === undefined) return NOT_FOUND;
  if (commit.pipeline.kind === 'missing') {
    await deps.clock.sleep(deps.missingYmlDelayMs);
    return problem(500, 'Not Found');
  }
  if (commit.pipeline.kind === 'no-match') return ok(null);
  const build = addBuild(deps.state, repository, {
    branch,
    commit,
    trigger: user.login,
    params: paramsOf(query),
  });
  const created = buildJson(deps.state, build, false);
  if (commit.pipeline.kind !== 'yaml-error') await deps.announce(build, { action: 'created' });
  return ok(created);
}

/** Parameters of the first build win over new ones of the same name. */
async function restart(
  deps: ApiDeps,
  build: BuildState,
  user: UserState,
  query: URLSearchParams,
): Promise<ApiAnswer> {
  if (build.status === 'declined') return problem(400, 'cannot start a declined build');
  const commit = findCommit(build.repository, build.branch, build.sha);
  if (commit === undefined) return NOT_FOUND;
  const again = addBuild(deps.state, build.repository, {
    branch: build.branch,
    commit,
    trigger: user.login,
    params: { ...paramsOf(query), ...build.params },
  });
  const created = buildJson(deps.state, again, false);
  await deps.announce(again, { action: 'created' });
  return ok(created);
}

function list(
  state: DroneState,
  repository: RepositoryState,
  query: URLSearchParams,
): readonly unknown[] {
  const asked = Number(query.get('per_page') ?? 25);
  const size = asked >= 1 && asked <= 100 ? asked : 25;
  const page = Math.max(1, Number(query.get('page') ?? 1));
  const branch = query.get('branch');
  return repository.builds
    .filter((build) => branch === null || build.branch === branch)
    .toReversed()
    .slice((page - 1) * size, page * size)
    .map((build) => buildJson(state, build, false));
}

const STREAM = /^\/api\/stream\/([^/]+\/[^/]+)\/(\d+)\/(\d+)\/(\d+)$/;

/** Lines of a running step, as the stream sends them; undefined for another address, empty when nothing runs. */
export function streamOf(state: DroneState, path: string): readonly string[] | undefined {
  const [, slug = '', number, stage, step] = STREAM.exec(path) ?? [];
  if (number === undefined) return undefined;
  const build = state.repositories.get(slug)?.builds[Number(number) - 1];
  const found = build?.stages
    .find((other) => other.number === Number(stage))
    ?.steps.find((other) => other.number === Number(step));
  return found?.status === 'running' ? (found.script.log ?? [`+ run ${found.name}\n`]) : [];
}

function readLog(build: BuildState, stage: number, step: number): ApiAnswer {
  const lines = logOf(build, stage, step);
  if (lines === undefined) return NO_ROWS;
  return ok(lines.map((out, pos) => ({ pos, out, time: 0 })));
}

/** The first of a repeated name wins. */
function paramsOf(query: URLSearchParams): Record<string, string> {
  const own = new Set(['branch', 'commit', 'access_token']);
  const params: Record<string, string> = {};
  for (const [name, value] of query) {
    if (!own.has(name) && !Object.hasOwn(params, name)) params[name] = value;
  }
  return params;
}

function userOf(state: DroneState, request: ApiRequest): UserState | undefined {
  const token =
    request.authorization?.replace(/^Bearer /, '') ?? request.query.get('access_token') ?? '';
  return state.users.find((user) => user.token === token);
}

function ok(body: unknown): ApiAnswer {
  return { status: 200, body };
}

function problem(status: number, message: string): ApiAnswer {
  return { status, body: { message } };
}
