import { createHash } from 'node:crypto';
import type { Call, Reply } from '../../../src/forges/playground/http.ts';
import { segmentsOf } from '../../../src/forges/playground/http.ts';
import { findRepository } from '../../../src/forges/playground/lookup.ts';
import type { Repository, User } from '../../../src/forges/playground/world.ts';
import { checkAccess, reaches, readCaller } from './access.ts';
import { type ApiCall, failure, json, notFound, Refusal, refuse } from './call.ts';
import { answerGraphql } from './graphql.ts';
import type { Scene } from './hub.ts';
import { limitHeaders, meetLimit } from './limits.ts';
import { OPERATIONS, type Operation } from './operations.ts';
import { ROUTES } from './routes.ts';
import { refuseAnswer, refuseBody } from './schemas.ts';
import { apiUrl, type Json } from './views.ts';

/** Everything below `/api`. Every request and every answer is held against GitHub's own description. */
export async function answerApi(scene: Scene, call: Call): Promise<Reply> {
  let headers: Record<string, string> = {
    // By the clock of the fake: `@octokit/auth-app` mends its own by it.
    date: new Date(scene.context.clock.now()).toUTCString(),
    'x-github-media-type': 'github.v3; format=json',
    'x-github-request-id': 'FAKE:0001',
  };
  try {
    const caller = readCaller(scene, call.headers.authorization);
    headers = { ...headers, ...limitHeaders(scene, caller) };
    const limited = meetLimit(scene, caller, call);
    if (limited !== undefined) return { ...limited, headers: { ...headers, ...limited.headers } };
    const reply = await route({ ...call, ...scene, caller, input: readInput(call) });
    return conditionally(call, { ...reply, headers: { ...headers, ...reply.headers } });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ...error.reply, headers: { ...headers, ...error.reply.headers } };
  }
}

/** A weak tag of the body; whoever has that body already gets 304. */
function conditionally(call: Call, reply: Reply): Reply {
  if (call.method !== 'GET' || reply.status !== 200) return reply;
  const digest = createHash('sha256')
    .update(reply.body ?? '')
    .digest('hex');
  const headers = { ...reply.headers, etag: `W/"${digest}"` };
  const isKnown = call.headers['if-none-match'] === headers.etag;
  return isKnown ? { status: 304, headers } : { ...reply, headers };
}

function readInput(call: Call): Json {
  if (call.body.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(call.body);
    if (typeof value === 'object' && value !== null) return value as Json;
  } catch {
    // answered below
  }
  throw refuse(400, 'Problems parsing JSON');
}

async function route(call: ApiCall): Promise<Reply> {
  if (call.path === '/api/graphql') return answerGraphql(call);
  const parts = segmentsOf(call.path) ?? [];
  if (parts[1] !== 'v3') throw notFound();
  const rest = parts.slice(2);
  if (rest[0] === 'repositories') return byId(call, rest);
  const found = findOperation(call.method, rest);
  if (found === undefined) throw notFound();
  return perform(call, found);
}

/** `/repositories/{id}/…` is the same as `/repos/{owner}/{repo}/…`: where renamed repositories are sent to. */
function byId(call: ApiCall, [, id, ...rest]: readonly string[]): Promise<Reply> {
  const repository = call.context.world.repositories.get(Number(id));
  const found = findOperation(call.method, ['repos', '-', '-', ...rest]);
  if (repository === undefined || found === undefined) throw notFound();
  return perform(call, { ...found, repository });
}

type Found = {
  readonly operation: Operation;
  readonly parts: readonly string[];
  readonly repository?: Repository;
};

const fixedWords = (operation: Operation) =>
  operation.split('/').filter((word) => !word.startsWith('{')).length;

/** `pulls/comments` is not the pull request called `comments`: more fixed words go first. */
const BY_FIXED_WORDS = OPERATIONS.toSorted((a, b) => fixedWords(b) - fixedWords(a));

/** `{path}` and `{ref}` take slashes. */
function findOperation(method: string, given: readonly string[]): Found | undefined {
  for (const operation of BY_FIXED_WORDS) {
    const [verb, address = ''] = operation.split(' ');
    if (verb !== method) continue;
    const words = address.split('/').slice(1);
    const parts = match(words, given);
    if (parts !== undefined) return { operation, parts };
  }
  return undefined;
}

const WIDE = new Set(['{path}', '{ref}', '{basehead}']);

function match(words: readonly string[], given: readonly string[]): string[] | undefined {
  const wide = words.findIndex((word) => WIDE.has(word));
  const extra = given.length - words.length;
  if (extra !== 0 && wide < 0) return undefined;
  // The root directory is `contents` with nothing behind.
  if (extra < 0 && !(extra === -1 && words[wide] === '{path}')) return undefined;
  const parts: string[] = [];
  let at = 0;
  for (const [index, word] of words.entries()) {
    const taken = index === wide ? given.slice(at, at + 1 + extra) : given.slice(at, at + 1);
    if (word.startsWith('{')) parts.push(taken.join('/'));
    else if (taken[0] !== word) return undefined;
    at += taken.length;
  }
  return parts;
}

async function perform(call: ApiCall, found: Found): Promise<Reply> {
  const { operation, parts } = found;
  const route = ROUTES[operation];
  if (route.of === 'anybody') return checked(call, operation, () => route.handle(call, ...parts));
  if (route.of === 'app') {
    const { caller } = call;
    if (caller.kind !== 'app') throw refuse(401, 'A JSON web token could not be decoded');
    return checked(call, operation, () => route.handle({ ...call, app: caller.app }, ...parts));
  }
  const [owner, name, ...rest] = parts;
  const repository = found.repository ?? findRepository(call.context.world, `${owner}/${name}`);
  if (repository === undefined) return answerMoved(call, `${owner}/${name}`);
  const { accepted } = route;
  const access = { accepted, reads: call.method === 'GET', ofPublic: route.closed !== true };
  const accepting = { 'x-accepted-github-permissions': accepted };
  try {
    checkAccess(call.caller, repository, access);
    const user = call.caller.kind === 'installation' ? call.caller.user : ({} as User);
    const wanted = { ...call, repository, user };
    const reply = await checked(call, operation, () => route.handle(wanted, ...rest));
    return { ...reply, headers: { ...accepting, ...reply.headers } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { reply } = error;
    throw new Refusal({ ...reply, headers: { ...accepting, ...reply.headers } });
  }
}

/** GET answers 301, the others 307, which keeps their method and body (docs.github.com, "HTTP redirects"). */
function answerMoved(call: ApiCall, name: string): Reply {
  const { world } = call.context;
  const renamed = world.repositories.get(world.formerNames.get(name.toLowerCase()) ?? 0);
  const { caller } = call;
  const isSeen =
    renamed !== undefined &&
    (!renamed.isPrivate || (caller.kind === 'installation' && reaches(caller, renamed)));
  if (!isSeen) throw notFound();
  const tail = call.path.split('/').slice(6).join('/');
  const query = call.query.size > 0 ? `?${call.query.toString()}` : '';
  const location = `${apiUrl(call)}/repositories/${renamed.id}${tail === '' ? '' : `/${tail}`}${query}`;
  const [status, message] =
    call.method === 'GET' ? [301, 'Moved Permanently'] : [307, 'Temporary Redirect'];
  return json(
    status as number,
    { message, url: location, documentation_url: 'https://docs.github.com/rest' },
    { location },
  );
}

async function checked(
  call: ApiCall,
  operation: Operation,
  work: () => Reply | Promise<Reply>,
): Promise<Reply> {
  const complaint = refuseBody(operation, call.input);
  if (complaint !== undefined) {
    const { method, path, body } = call;
    call.hub.violations.push({ method, path, problem: complaint, body });
    return failure(422, complaint);
  }
  const reply = await work();
  const isJson = reply.headers?.['content-type']?.startsWith('application/json') === true;
  const problem = refuseAnswer(
    operation,
    reply.status,
    isJson ? JSON.parse(String(reply.body)) : undefined,
  );
  if (problem === undefined || (reply.status === 200 && !isJson)) return reply;
  throw new Error(`the fake GitHub answers ${operation} wrongly: ${problem}`);
}
