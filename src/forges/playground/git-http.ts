import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { onPushed } from './actions-branches.ts';
import { closePull } from './actions-pulls.ts';
import type { Context } from './context.ts';
import { splitTarget, writeReply } from './http.ts';
import { findRepository, fullName, isAllowed, openPullsFrom } from './lookup.ts';
import { NO_COMMIT } from './push-view.ts';
import type { Repository, User } from './world.ts';

/** Clone, fetch and push over smart HTTP, by git's own `http-backend`. */

const GIT_PATH = /^\/([^/]+\/[^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

type Target = { readonly name: string; readonly rest: string; readonly writes: boolean };

export function parseGitTarget(target: string): Target | undefined {
  const { path, query } = splitTarget(target);
  const [, name, rest] = GIT_PATH.exec(path) ?? [];
  if (name === undefined || rest === undefined) return undefined;
  const service = rest === 'info/refs' ? query.get('service') : rest;
  return { name: decodeURIComponent(name), rest, writes: service === 'git-receive-pack' };
}

export async function serveGit(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const target = parseGitTarget(request.url ?? '');
  const caller = context.tongue.authenticate(context, request.headers.authorization);
  const repository = target && findRepository(context.world, target.name);
  const user = caller === 'unknown' ? undefined : caller;
  if (target === undefined) return writeReply(response, { status: 404 });
  const { writes } = target;
  const reaches = (wanted: Repository) =>
    context.tongue.reach?.(context, request.headers.authorization, {
      repository: wanted,
      writes,
    }) ?? isAllowed(wanted, user, writes ? 'write' : 'read');
  const isAllowedHere =
    repository !== undefined &&
    caller !== 'unknown' &&
    reaches(repository) &&
    !(writes && user === undefined);
  if (!isAllowedHere) return writeReply(response, refusal(context, target, user));
  await runBackend(context, { request, response, repository, rest: target.rest, user });
  if (target.rest === 'git-receive-pack' && user !== undefined)
    await context.exclusively(() => onRefsChanged(context, repository, user));
  // Only now: whoever pushed finds the events queued when git returns.
  response.end();
}

/** Whoever is nobody is asked for a name first; whoever is somebody sees what they may see. */
function refusal(context: Context, target: Target, user: User | undefined) {
  const renamed = context.world.repositories.get(
    context.world.formerNames.get(target.name.toLowerCase()) ?? 0,
  );
  if (renamed !== undefined && target.rest === 'info/refs') {
    const service = target.writes ? 'git-receive-pack' : 'git-upload-pack';
    const location = `/${fullName(context.world, renamed)}.git/info/refs?service=${service}`;
    return { status: 301, headers: { location } };
  }
  if (user === undefined)
    return { status: 401, headers: { 'www-authenticate': 'Basic realm="Gitea"' } };
  return { status: target.writes ? 403 : 404 };
}

type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly repository: Repository;
  readonly rest: string;
  readonly user: User | undefined;
};

/** As Gitea sets them: a client may ask for any commit; pull refs belong to the server. */
const SETTINGS = [
  ['uploadpack.allowAnySHA1InWant', 'true'],
  ['http.receivepack', 'true'],
  ['receive.hideRefs', 'refs/pull'],
  ['safe.directory', '*'],
] as const;

function backendEnvironment(context: Context, exchange: Exchange): Record<string, string> {
  const { request, repository, rest, user } = exchange;
  const settings: Record<string, string> = { GIT_CONFIG_COUNT: String(SETTINGS.length) };
  for (const [index, [key, value]] of SETTINGS.entries()) {
    settings[`GIT_CONFIG_KEY_${index}`] = key;
    settings[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  const header = (name: string) => String(request.headers[name] ?? '');
  return {
    ...context.git.environment,
    ...settings,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROJECT_ROOT: repository.directory,
    PATH_INFO: `/${rest}`,
    QUERY_STRING: (request.url ?? '').split('?')[1] ?? '',
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: header('content-type'),
    HTTP_CONTENT_ENCODING: header('content-encoding'),
    GIT_PROTOCOL: header('git-protocol'),
    ...(user === undefined ? {} : { REMOTE_USER: user.login }),
  };
}

function runBackend(context: Context, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  return new Promise((resolve, reject) => {
    const child = spawn('git', ['http-backend'], {
      env: backendEnvironment(context, exchange),
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let head: Buffer | undefined = Buffer.alloc(0);
    child.stdout.on('data', (chunk: Buffer) => {
      if (head === undefined) return void response.write(chunk);
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      writeHead(response, head.subarray(0, end).toString());
      response.write(head.subarray(end + 4));
      head = undefined;
    });
    child.stdin.on('error', () => {}); // git may stop reading early; its answer tells
    response.on('close', () => child.kill());
    child.on('error', reject);
    child.on('close', () => {
      if (head !== undefined && !response.headersSent) response.writeHead(500);
      resolve();
    });
    request.pipe(child.stdin);
  });
}

function writeHead(response: ServerResponse, head: string): void {
  const headers: Record<string, string> = {};
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const { status = '200', ...others } = headers;
  response.writeHead(Number.parseInt(status, 10), others);
}

/** What a push over HTTP changed becomes events, as if we had changed it. */
async function onRefsChanged(context: Context, repository: Repository, by: User): Promise<void> {
  const before = { branches: repository.branches, tags: repository.tags };
  const after = await context.git.readRefs(repository.directory);
  Object.assign(repository, after);
  for (const [kind, prefix] of [
    ['branches', 'refs/heads/'],
    ['tags', 'refs/tags/'],
  ] as const) {
    for (const [name, sha] of after[kind]) {
      const known = before[kind].get(name) ?? NO_COMMIT;
      if (known !== sha)
        await onPushed(context, repository, { ref: prefix + name, before: known, after: sha, by });
    }
  }
  for (const name of before.branches.keys()) {
    if (after.branches.has(name)) continue;
    context.tongue.announce.deletedBranch(context, repository, { name, by });
    for (const open of openPullsFrom(context.world, { repositoryId: repository.id, branch: name }))
      await closePull(context, open.repository, open.pull, by);
  }
}
