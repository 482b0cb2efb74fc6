import type { Call, Reply } from '../../../src/forges/playground/http.ts';
import type { Repository, User } from '../../../src/forges/playground/world.ts';
import type { App, Installation, Scene, Token } from './hub.ts';
import type { Json } from './views.ts';

export type Caller =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'app'; readonly app: App }
  | InstallationCaller;

export type InstallationCaller = {
  readonly kind: 'installation';
  readonly app: App;
  readonly installation: Installation;
  readonly token: Token;
  /** `slug[bot]`. */
  readonly user: User;
};

export type ApiCall = Call & Scene & { readonly caller: Caller; readonly input: Json };
export type AppCall = ApiCall & { readonly app: App };
/** Of an installation, or of nobody in a public repository. */
export type RepositoryCall = ApiCall & {
  readonly repository: Repository;
  /** The App's robot. Only for calls that change something: those are refused to nobody. */
  readonly user: User;
};

/** Thrown anywhere below a call and answered as it stands. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reply: Reply;

  constructor(reply: Reply) {
    super(`refused with ${reply.status}`);
    this.reply = reply;
  }
}

export function json(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

export const NO_CONTENT: Reply = { status: 204 };

const DOCUMENTATION = 'https://docs.github.com/rest';

/** The one shape of GitHub's errors. */
export function failure(
  status: number,
  message: string,
  details: { readonly errors?: readonly Json[]; readonly documentation?: string } = {},
): Reply {
  const { errors, documentation = DOCUMENTATION } = details;
  return json(status, {
    message,
    ...(errors === undefined ? {} : { errors }),
    documentation_url: documentation,
    status: String(status),
  });
}

export const refuse = (...failed: Parameters<typeof failure>) => new Refusal(failure(...failed));
export const notFound = () => refuse(404, 'Not Found');
export const notAccessible = () => refuse(403, 'Resource not accessible by integration');
export const badCredentials = () => refuse(401, 'Bad credentials');

export function invalid(error: {
  readonly resource: string;
  readonly field: string;
  readonly code: string;
  readonly message?: string;
}): Refusal {
  return refuse(422, 'Validation Failed', { errors: [error] });
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function number(id: string | undefined): number {
  return /^\d+$/.test(id ?? '') ? Number(id) : Number.NaN;
}

/** `page` counts from 1; `per_page` is 30 unless told and cut to 100. */
function pageOf(query: URLSearchParams): { page: number; size: number } {
  const read = (name: string, fallback: number) => {
    const value = Number.parseInt(query.get(name) ?? '', 10);
    return value > 0 ? value : fallback;
  };
  return { page: read('page', 1), size: Math.min(read('per_page', 30), 100) };
}

/** One page, and the `Link` header with the addresses of the others (RFC 5988), absolute. */
export function cutPage<T>(call: ApiCall, rows: readonly T[]) {
  const { page, size } = pageOf(call.query);
  const last = Math.max(Math.ceil(rows.length / size), 1);
  const link = (target: number, rel: string) => {
    const query = new URLSearchParams(call.query);
    query.set('page', String(target));
    return `<${call.context.url}${call.path}?${query.toString()}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
    ...(page > 1 ? [link(1, 'first')] : []),
  ];
  const headers: Record<string, string> = links.length === 0 ? {} : { link: links.join(', ') };
  return { rows: rows.slice((page - 1) * size, page * size), headers };
}

export function listReply<T>(call: ApiCall, all: readonly T[], view: (row: T) => Json): Reply {
  const { rows, headers } = cutPage(call, all);
  return json(200, rows.map(view), headers);
}

/** By the last change, whole seconds, inclusive. */
export function changedSince<T extends { readonly updatedAt: number }>(
  call: ApiCall,
  rows: readonly T[],
): readonly T[] {
  const since = Date.parse(call.query.get('since') ?? '');
  if (Number.isNaN(since)) return rows;
  return rows.filter((row) => Math.floor(row.updatedAt / 1000) >= Math.floor(since / 1000));
}

/** With list lag the newest are missing from lists. */
export function visible<T extends { readonly createdAt: number }>(
  { context }: Scene,
  rows: readonly T[],
): readonly T[] {
  return rows.filter((row) => row.createdAt + context.faults.listLagMs <= context.clock.now());
}

/** `direction` counts only with `sort`; without it the order is by id. */
export function sorted<
  T extends { readonly id: number; readonly createdAt: number; readonly updatedAt: number },
>(call: ApiCall, rows: readonly T[]): readonly T[] {
  const sort = call.query.get('sort');
  const time = (row: T) => (sort === 'updated' ? row.updatedAt : sort === null ? 0 : row.createdAt);
  const ascending = rows.toSorted((a, b) => time(a) - time(b) || a.id - b.id);
  if (sort === null) return ascending;
  return call.query.get('direction') === 'asc' ? ascending : ascending.toReversed();
}
