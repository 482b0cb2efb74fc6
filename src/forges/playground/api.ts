import {
  deleteCollaborator,
  getUser,
  patchUser,
  postToken,
  postUser,
  putCollaborator,
} from './api-accounts.ts';
import {
  type ApiCall,
  failure,
  notFound,
  Refusal,
  type RepositoryCall,
  requireCaller,
} from './api-call.ts';
import {
  deleteReaction,
  getComment,
  listPullComments,
  listReactions,
  listRepositoryComments,
  patchComment,
  postComment,
  postReaction,
  REACTIONS,
  removeComment,
} from './api-comments.ts';
import { getContents, getRaw } from './api-contents.ts';
import { deleteHook, getHook, listHooks, patchHook, postHook, testHook } from './api-hooks.ts';
import {
  getBranch,
  getCollaborator,
  getPermission,
  getPull,
  getRepository,
  listOwned,
  listPulls,
} from './api-repositories.ts';
import { scopeRefusal } from './api-scopes.ts';
import { getCombinedStatus, listStatuses, postStatus } from './api-statuses.ts';
import type { Context } from './context.ts';
import { bare, type Call, json, plain, type Reply, segmentsOf } from './http.ts';
import { findRepository, findUser, findUserByToken, fullName, isAllowed } from './lookup.ts';
import { userView } from './views.ts';
import type { Repository, User } from './world.ts';

type Handler = (call: RepositoryCall, ...parts: string[]) => Reply | Promise<Reply>;

/** `:x` is one segment, `*` the rest of the path. */
const ROUTES: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  '': { GET: getRepository },
  'branches/*': { GET: getBranch },
  pulls: { GET: listPulls },
  'pulls/:n': { GET: getPull },
  'issues/comments': { GET: listRepositoryComments },
  'issues/comments/:id': { GET: getComment, PATCH: patchComment, DELETE: removeComment },
  'issues/comments/:id/reactions': {
    GET: listReactions,
    POST: postReaction,
    DELETE: deleteReaction,
  },
  'issues/:n/comments': { GET: listPullComments, POST: postComment },
  'statuses/:sha': { GET: listStatuses, POST: postStatus },
  'commits/:ref/status': { GET: getCombinedStatus },
  'commits/:ref/statuses': { GET: listStatuses },
  'collaborators/:login': {
    GET: getCollaborator,
    PUT: putCollaborator,
    DELETE: deleteCollaborator,
  },
  'collaborators/:login/permission': { GET: getPermission },
  contents: { GET: (call) => getContents(call, '') },
  'contents/*': { GET: getContents },
  'raw/*': { GET: getRaw },
  hooks: { GET: listHooks, POST: postHook },
  'hooks/:id': { GET: getHook, PATCH: patchHook, DELETE: deleteHook },
  'hooks/:id/tests': { POST: testHook },
};

/** Everything under `/api/v1`. A known path with another method is 405, an unknown one 404 in plain text. */
export async function answerApi(context: Context, call: Call): Promise<Reply> {
  const caller = authenticate(context, call.headers.authorization);
  if (caller === 'unknown') return failure(context, 401, 'invalid username, password or token');
  const parts = segmentsOf(call.path)?.slice(2) ?? [];
  const refused = scopeRefusal(context, call, parts);
  if (refused !== undefined) return refused;
  try {
    return await route({ ...call, context, caller }, parts);
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    throw error;
  }
}

function route(call: ApiCall, parts: readonly string[]): Reply | Promise<Reply> {
  const [area, first, second, ...rest] = parts;
  if (area === 'repos' && first !== undefined && second !== undefined) {
    const name = `${first}/${second}`;
    const repository = findRepository(call.context.world, name);
    if (repository === undefined) return answerMissing(call, name);
    return inRepository(call, repository, rest);
  }
  if (area === 'repositories' && second === undefined) {
    const repository = call.context.world.repositories.get(Number(first));
    return repository ? inRepository(call, repository, []) : notFound(call.context);
  }
  if (area === 'users' && first !== undefined && second === 'repos' && rest.length === 0) {
    return listOwned(call, first);
  }
  const account = answerAccount(call, parts);
  if (account !== undefined) return account;
  return answerGlobal(call, parts.join('/'));
}

function answerAccount(call: ApiCall, parts: readonly string[]): Reply | undefined {
  const [area, first = '', second, ...rest] = parts;
  if (rest.length > 0) return undefined;
  if (area === 'admin' && first === 'users') {
    if (second === undefined && call.method === 'POST') return postUser(call);
    if (second !== undefined && call.method === 'PATCH') return patchUser(call, second);
  }
  if (area !== 'users' || first === '') return undefined;
  if (second === undefined && call.method === 'GET') return getUser(call, first);
  return second === 'tokens' && call.method === 'POST' ? postToken(call, first) : undefined;
}

function answerGlobal(call: ApiCall, path: string): Reply {
  const { context } = call;
  if (!['version', 'user', 'settings/ui'].includes(path)) return plain(404, '404 page not found\n');
  if (call.method !== 'GET') return bare(405, { allow: 'GET' });
  if (path === 'version') return json(200, { version: '1.25.4' });
  if (path === 'user') return json(200, userView(context, requireCaller(call).id, { self: true }));
  return json(200, {
    default_theme: 'gitea-auto',
    allowed_reactions: REACTIONS,
    custom_emojis: ['git', 'gitea', 'codeberg', 'gitlab', 'github', 'gogs'],
  });
}

/** A renamed repository answers 301 to every method: who follows it turns a POST into a GET. */
function answerMissing(call: ApiCall, name: string): Reply {
  const { world } = call.context;
  const renamed = world.repositories.get(world.formerNames.get(name.toLowerCase()) ?? 0);
  if (renamed === undefined || !isAllowed(renamed, call.caller, 'read'))
    return notFound(call.context);
  const query = call.query.size > 0 ? `?${call.query.toString()}` : '';
  const location = call.path.replace(name, fullName(world, renamed)) + query;
  return bare(301, { location });
}

function inRepository(
  call: ApiCall,
  repository: Repository,
  rest: readonly string[],
): Reply | Promise<Reply> {
  if (!isAllowed(repository, call.caller, 'read')) return notFound(call.context);
  for (const [pattern, methods] of Object.entries(ROUTES)) {
    const parts = match(pattern, rest);
    if (parts === undefined) continue;
    const handler = methods[call.method];
    if (handler === undefined) return bare(405, { allow: Object.keys(methods).join(', ') });
    return handler({ ...call, repository }, ...parts);
  }
  return plain(404, '404 page not found\n');
}

function match(pattern: string, rest: readonly string[]): string[] | undefined {
  const words = pattern === '' ? [] : pattern.split('/');
  const isOpen = words.at(-1) === '*';
  if (isOpen ? rest.length < words.length : rest.length !== words.length) return undefined;
  const parts: string[] = [];
  for (const [index, word] of words.entries()) {
    const given = rest[index] ?? '';
    if (word === '*') parts.push(rest.slice(index).join('/'));
    else if (word.startsWith(':')) parts.push(given);
    else if (word !== given) return undefined;
  }
  return parts;
}

/**
 * `token X`, `Bearer X`, or basic with the token as password (or as user name). Nobody is undefined; a wrong
 * token is refused even for what anybody may read.
 */
export function authenticate(
  context: Context,
  header: string | undefined,
): User | 'unknown' | undefined {
  if (header === undefined || header === '') return undefined;
  const [scheme = '', value = ''] = header.split(' ', 2);
  if (scheme.toLowerCase() !== 'basic') return findUserByToken(context.world, value) ?? 'unknown';
  const [name = '', ...password] = Buffer.from(value, 'base64').toString().split(':');
  const holder = findUser(context.world, name);
  if (holder?.password !== undefined && holder.password === password.join(':')) return holder;
  const byPassword = findUserByToken(context.world, password.join(':'));
  if (byPassword !== undefined) {
    const named = findUser(context.world, name);
    return named === undefined || named === byPassword ? byPassword : 'unknown';
  }
  return findUserByToken(context.world, name) ?? 'unknown';
}
