import type { HttpAnswer, HttpError } from '../../lib/http-client.ts';
import type { Mask } from '../../lib/redact.ts';
import { ForgeError, type ForgeErrorCode } from '../forge.ts';

/** What every message starts with: method and path, never the query, never a header. */
export type Where = { readonly label: string; readonly mask: Mask; readonly now: () => number };

const CODES: Readonly<Record<number, ForgeErrorCode>> = {
  301: 'moved', // Gitea, renamed repository, for every method
  307: 'moved', // Forgejo
  308: 'moved',
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'unsupported',
  408: 'unavailable',
  409: 'conflict',
  410: 'not_found',
  413: 'invalid',
  422: 'invalid',
  423: 'forbidden', // archived repository
  429: 'rate_limited',
};

/** An answer that is not the wanted one, as an error. */
export function toForgeError(answer: HttpAnswer, where: Where): ForgeError {
  const code = codeOf(answer);
  const said = code === 'moved' ? `moved to ${header(answer, 'location')}` : messageOf(answer.text);
  const text = `${where.label}: ${answer.status}${said === '' ? '' : ` ${said}`}`;
  const retryAfterMs = parseRetryAfter(header(answer, 'retry-after'), where.now());
  return new ForgeError(code, where.mask(text), {
    status: answer.status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function codeOf(answer: HttpAnswer): ForgeErrorCode {
  if (answer.status >= 500) return 'unavailable';
  // A path that the API does not have is a 404 in plain text: a wrong base address or a much older server.
  if (answer.status === 404 && answer.text !== '' && !isJson(answer)) return 'unexpected';
  const code = CODES[answer.status];
  if (code === 'moved' && header(answer, 'location') === '') return 'unexpected';
  return code ?? 'unexpected';
}

/**
 * What the network did, as an error. `guarded`: the caller's guard threw, nothing was sent; it becomes `conflict` with
 * the guard's own error as `cause`. `aborted` is `unavailable`: the effect may or may not have happened.
 */
export function fromHttpError(error: HttpError, where: Where): ForgeError {
  const cause = error.code === 'guarded' ? error.cause : error;
  const codes = {
    timeout: 'unavailable',
    network: 'unavailable',
    aborted: 'unavailable',
    guarded: 'conflict',
    too_large: 'unexpected',
  } as const;
  return new ForgeError(codes[error.code], where.mask(error.message), { cause });
}

export function header(answer: HttpAnswer, name: string): string {
  const value = answer.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

export function isJson(answer: HttpAnswer): boolean {
  return header(answer, 'content-type').startsWith('application/json');
}

/** `Retry-After` in ms: seconds or an HTTP date. */
function parseRetryAfter(value: string, now: number): number | undefined {
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** `{"message", "errors"}`; the message of a 500 is empty for those who are not site admins. */
function messageOf(text: string): string {
  const body = errorBody(text);
  const errors: unknown[] = Array.isArray(body?.errors) ? body.errors : [];
  const parts = [body?.message, ...errors].filter((part) => typeof part === 'string');
  return parts.join(': ').slice(0, 400);
}

/**
 * Several 500s of the server mean that something we named is not there. `probe` reads that thing: if it answers
 * `not_found`, this is thrown, else the first error, whose effect is unknown.
 */
export async function explainServerError(
  error: unknown,
  probe: () => Promise<unknown>,
): Promise<never> {
  if (error instanceof ForgeError && (error.status ?? 0) >= 500)
    await probe().catch((said: unknown) => {
      if (said instanceof ForgeError && said.code === 'not_found') throw said;
    });
  throw error;
}

function errorBody(text: string): { message?: unknown; errors?: unknown } | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}
