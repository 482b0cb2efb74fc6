import type { Role } from '../../domain/role.ts';
import type { Context } from './context.ts';
import { type Call, json, type Reply } from './http.ts';
import { commentsOnPull, isAllowed } from './lookup.ts';
import type { Json } from './views.ts';
import type { Comment, Pull, Repository, User } from './world.ts';

/** A call of the API whose caller is known. */
export type ApiCall = Call & { readonly context: Context; readonly caller: User | undefined };
/** …and whose repository exists and may be seen by the caller. */
export type RepositoryCall = ApiCall & { readonly repository: Repository };

/** Thrown by the checks below and answered as it stands; never leaves the API. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reply: Reply;

  constructor(reply: Reply) {
    super(`refused with ${reply.status}`);
    this.reply = reply;
  }
}

/** Gitea's error body. 404s carry `errors`, the others do not. */
export function failure(
  context: Context,
  status: number,
  message: string,
  errors?: readonly string[] | null,
): Reply {
  const url = `${context.url}/api/swagger`;
  return json(status, { ...(errors === undefined ? {} : { errors }), message, url });
}

export function notFound(context: Context, errors: readonly string[] | null = null): Reply {
  return failure(context, 404, 'not found', errors);
}

export function requireCaller(call: ApiCall): User {
  if (call.caller === undefined) throw new Refusal(failure(call.context, 401, 'token is required'));
  return call.caller;
}

/** The words differ by what is asked for, as recorded. */
const DENIALS = {
  write: 'user should have a permission to write to a repo',
  admin: 'user should be an owner or a collaborator with admin write of a repository',
} as const;

export function requireRole(call: RepositoryCall, role: 'write' | 'admin'): User {
  const caller = requireCaller(call);
  if (!isAllowed(call.repository, caller, role))
    throw new Refusal(failure(call.context, 403, DENIALS[role]));
  return caller;
}

export function may(call: RepositoryCall, role: Role): boolean {
  return isAllowed(call.repository, call.caller, role);
}

/** The JSON object sent. Broken JSON is 422, as recorded. */
export function readBody(call: ApiCall): Json {
  if (call.body.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(call.body);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return Object.fromEntries(Object.entries(value));
  } catch {
    // answered below
  }
  const message = "[]: invalid character '\\u0000' looking for beginning of value";
  throw new Refusal(failure(call.context, 422, message));
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** An unknown number answers 500 on the comments of issues, not 404. */
export function requirePullOr500(call: RepositoryCall, number: string): Pull {
  const pull = call.repository.pulls.get(Number(number));
  if (pull === undefined) throw new Refusal(failure(call.context, 500, ''));
  return pull;
}

export function requireComment(call: RepositoryCall, id: string): Comment {
  const comment = call.context.world.comments.get(Number(id));
  if (comment === undefined) {
    const error = `comment does not exist [id: ${id}, issue_id: 0]`;
    throw new Refusal(notFound(call.context, [error]));
  }
  return comment;
}

/** `page` is 1-based; `limit` is 30 unless told and silently cut to 50. */
export function pageOf(call: ApiCall): { page: number; limit: number } {
  const number = (name: string, fallback: number) => {
    const value = Number.parseInt(call.query.get(name) ?? '', 10);
    return Number.isInteger(value) && value > 0 ? value : fallback;
  };
  return { page: number('page', 1), limit: Math.min(number('limit', 30), 50) };
}

export function cutPage<T>(call: ApiCall, rows: readonly T[]): T[] {
  const { page, limit } = pageOf(call);
  return rows.slice((page - 1) * limit, page * limit);
}

export function total(count: number): Record<string, string> {
  return { 'access-control-expose-headers': 'X-Total-Count', 'x-total-count': String(count) };
}

/** Comments a list shows now: with list lag the newest are missing yet. */
export function listedComments(call: RepositoryCall, comments: readonly Comment[]): Comment[] {
  const { faults, clock } = call.context;
  return comments.filter((comment) => comment.createdAt + faults.listLagMs <= clock.now());
}

export function listedOnPull(call: RepositoryCall, pull: Pull): Comment[] {
  return listedComments(call, commentsOnPull(call.context.world, call.repository, pull.number));
}
