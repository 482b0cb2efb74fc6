import { HttpError } from '../../lib/http-client.ts';
import { ForgeError, type ForgeErrorCode } from '../forge.ts';

/** What Octokit throws: an answer that is not the wanted one, or what the network did. */
export type RequestFailure = Error & {
  readonly status: number;
  readonly request?: { readonly url?: string };
  readonly response?: {
    readonly headers: Readonly<Record<string, string | number | undefined>>;
    readonly data: unknown;
  };
};

const CODES: Readonly<Record<number, ForgeErrorCode>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden', // also an archived repository and a locked conversation
  404: 'not_found',
  405: 'unsupported',
  408: 'unavailable',
  409: 'conflict',
  410: 'not_found', // issues are switched off, or a deleted comment
  413: 'invalid',
  422: 'invalid',
  423: 'forbidden',
  429: 'rate_limited',
  451: 'forbidden',
};

/** GitHub names no time for most secondary limits, and asks for at least a minute. */
const SECONDARY_MS = 60_000;

/** `now` is ms since the epoch; `label` is method and route, never a header or a token. */
export function toForgeError(error: unknown, label: string, now: number): ForgeError {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof ForgeError) return at;
  const cause = httpCause(error);
  if (cause) return fromNetwork(cause, label);
  if (!isRequestFailure(error)) {
    // A key that is no key, a token that cannot be made: whoever set the App up must mend it.
    const text = error instanceof Error ? error.message : String(error);
    return new ForgeError('unauthorized', `${label}: ${text}`, { cause: error });
  }
  if (!error.response) return new ForgeError('unavailable', `${label}: ${error.message}`);
  const limit = limitOf(error, now);
  const code = limit ? 'rate_limited' : codeOf(error);
  const text = `${label}: ${error.status} ${messageOf(error)}`.trimEnd();
  return new ForgeError(code, text, {
    status: error.status,
    ...(limit?.retryAfterMs === undefined ? {} : { retryAfterMs: limit.retryAfterMs }),
  });
}

/** Octokit throws it, too: what was asked for is as it was. */
export function isNotModified(error: unknown): boolean {
  return isRequestFailure(error) && error.status === 304;
}

function isRequestFailure(error: unknown): error is RequestFailure {
  return error instanceof Error && 'status' in error && typeof error.status === 'number';
}

/** Our own HTTP client's error, however deep Octokit has wrapped it. */
function httpCause(error: unknown): HttpError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof HttpError) return at;
  return undefined;
}

function fromNetwork(error: HttpError, label: string): ForgeError {
  const codes = {
    timeout: 'unavailable',
    network: 'unavailable',
    aborted: 'unavailable',
    guarded: 'conflict',
    too_large: 'unexpected',
  } as const;
  const cause = error.code === 'guarded' ? error.cause : error;
  return new ForgeError(codes[error.code], `${label}: ${error.message}`, { cause });
}

function codeOf(error: RequestFailure): ForgeErrorCode {
  if (error.status >= 500) return 'unavailable';
  // The installation is gone, not what was asked for; the App may be installed again.
  if (error.status === 404 && (error.request?.url ?? '').endsWith('/access_tokens'))
    return 'unauthorized';
  // It may be given back as it was: what we have to say waits.
  if (error.status === 403 && /installation has been suspended/i.test(error.message))
    return 'unauthorized';
  return CODES[error.status] ?? 'unexpected';
}

/**
 * Limits are told with 403 or 429: the primary one by its header, the secondary ones only by their words, with or
 * without `retry-after`.
 */
function limitOf(error: RequestFailure, now: number): { retryAfterMs?: number } | undefined {
  if (error.status !== 403 && error.status !== 429) return undefined;
  const headers = error.response?.headers ?? {};
  const asked = Number(headers['retry-after'] ?? Number.NaN);
  const isSecondary = /secondary rate limit|abuse detection/i.test(messageOf(error));
  if (Number.isFinite(asked)) return { retryAfterMs: asked * 1_000 };
  if (isSecondary) return { retryAfterMs: SECONDARY_MS };
  if (String(headers['x-ratelimit-remaining'] ?? '') === '0') {
    const resetAt = Number(headers['x-ratelimit-reset'] ?? 0) * 1_000;
    return { retryAfterMs: Math.max(1_000, resetAt - now) };
  }
  return error.status === 429 ? {} : undefined;
}

/** `{message, errors: [{resource, field, code, message}]}` */
function messageOf(error: RequestFailure): string {
  const data = error.response?.data;
  if (typeof data !== 'object' || data === null) return error.message.slice(0, 400);
  const { message, errors } = data as { message?: unknown; errors?: unknown };
  const details = (Array.isArray(errors) ? errors : []).map((one: unknown) => {
    if (typeof one === 'string') return one;
    const { message: text, field, code } = one as Record<string, unknown>;
    return [field, text ?? code].filter((part) => typeof part === 'string').join(' ');
  });
  const parts = [message, ...details].filter((part) => typeof part === 'string' && part !== '');
  return parts.join(': ').slice(0, 400);
}
