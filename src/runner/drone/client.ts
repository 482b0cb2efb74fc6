import type { z } from 'zod';
import { type HttpAnswer, type HttpClient, HttpError } from '../../lib/http-client.ts';
import { type RunnerCallOptions, RunnerError, type RunnerErrorCode } from '../runner.ts';
import { plain } from './text.ts';
import {
  accountSchema,
  buildSchema,
  buildsSchema,
  type DroneBuild,
  type DroneLogEntry,
  logEntrySchema,
  logSchema,
  repositorySchema,
} from './wire.ts';

/** Drone answers a missing .drone.yml after 45 s, and `created` webhooks hold the answer up as well. */
const CREATE_TIMEOUT_MS = 75_000;
export const PAGE_SIZE = 100;
/** The stream of a running step begins with all its lines so far, then goes on; a pause means we have caught up. */
const STREAM_QUIET_MS = 250;

/** One call per method, one attempt per call. All throw `RunnerError` and nothing else. */
export type DroneClient = {
  /** Any status is an answer here: what it means needs more than the status. */
  postBuild(slug: string, query: URLSearchParams, options?: RunnerCallOptions): Promise<HttpAnswer>;
  readBuild(slug: string, number: string, options?: RunnerCallOptions): Promise<DroneBuild>;
  /** Newest first, without stages; pages count from 1. */
  listBuilds(
    slug: string,
    page: number,
    options?: RunnerCallOptions,
  ): Promise<readonly DroneBuild[]>;
  cancelBuild(slug: string, number: string, options?: RunnerCallOptions): Promise<void>;
  /** Empty until the step has finished, and for ever for one that was skipped. */
  readLog(
    slug: string,
    at: { readonly build: string; readonly stage: number; readonly step: number },
    options?: RunnerCallOptions,
  ): Promise<readonly DroneLogEntry[]>;
  /** What a running step has written so far; empty when it does not run (any more). */
  readLiveLog(
    slug: string,
    at: { readonly build: string; readonly stage: number; readonly step: number },
    options?: RunnerCallOptions,
  ): Promise<readonly DroneLogEntry[]>;
  /** Whether the token's account may start builds; undefined when it cannot see the repository. */
  mayWrite(slug: string, options?: RunnerCallOptions): Promise<boolean | undefined>;
};

type Method = 'GET' | 'POST' | 'DELETE';
export type DroneConnection = {
  readonly url: string;
  readonly token: string;
  readonly http: HttpClient;
};

export function createDroneClient(connection: DroneConnection): DroneClient {
  const send = (method: Method, path: string, options: RunnerCallOptions = {}) =>
    call(connection, { method, path, ...options });
  const get = async <T>(path: string, schema: z.ZodType<T>, options?: RunnerCallOptions) =>
    parseAnswer(await send('GET', path, options), schema, `GET ${path}`);
  return {
    postBuild: (slug, query, options) =>
      call(connection, {
        method: 'POST',
        path: `${repositoryPath(slug)}/builds`,
        query: query.toString(),
        timeoutMs: CREATE_TIMEOUT_MS,
        ...options,
      }),
    readBuild: (slug, number, options) => get(buildPath(slug, number), buildSchema, options),
    listBuilds: async (slug, page, options) => {
      const path = `${repositoryPath(slug)}/builds`;
      const query = `page=${page}&per_page=${PAGE_SIZE}`;
      const answer = await call(connection, { method: 'GET', path, query, ...options });
      return parseAnswer(answer, buildsSchema, `GET ${path}`) ?? [];
    },
    cancelBuild: async (slug, number, options) => {
      const path = buildPath(slug, number);
      parseAnswer(await send('DELETE', path, options), buildSchema, `DELETE ${path}`);
    },
    readLog: async (slug, { build, stage, step }, options) => {
      const path = `${buildPath(slug, build)}/logs/${stage}/${step}`;
      const answer = await send('GET', path, options);
      if (answer.status === 404 && messageOf(answer)?.startsWith('sql: no rows')) return [];
      return parseAnswer(answer, logSchema, `GET ${path}`) ?? [];
    },
    readLiveLog: async (slug, { build, stage, step }, options) => {
      const path = `${buildPath(slug, build, 'stream')}/${stage}/${step}`;
      const answer = await call(connection, {
        method: 'GET',
        path,
        quietMs: STREAM_QUIET_MS,
        ...options,
      });
      return answer.status === 200 ? parseStream(answer.text) : [];
    },
    mayWrite: async (slug, options) => {
      const path = repositoryPath(slug);
      const answer = await send('GET', path, options);
      if (answer.status === 404) return undefined;
      const repository = parseAnswer(answer, repositorySchema, `GET ${path}`);
      if (repository.permissions?.write) return true;
      // Administrators have no permissions listed either (recorded).
      return (await get('/api/user', accountSchema, options)).admin;
    },
  };
}

/** Server-sent events, one log line each; a cut last one is left for the next time. */
function parseStream(text: string): readonly DroneLogEntry[] {
  const entries: DroneLogEntry[] = [];
  for (const [, data = ''] of text.matchAll(/^data: (\{.*\})$/gm)) {
    const parsed = logEntrySchema.safeParse(parseJson(data));
    if (parsed.success) entries.push(parsed.data);
  }
  return entries;
}

type Call = RunnerCallOptions & {
  readonly method: Method;
  readonly path: string;
  readonly query?: string;
  readonly timeoutMs?: number;
  readonly quietMs?: number;
};

async function call(connection: DroneConnection, request: Call): Promise<HttpAnswer> {
  const { method, path, query, ...options } = request;
  try {
    return await connection.http.call({
      method,
      url: `${connection.url}${path}${query === undefined ? '' : `?${query}`}`,
      headers: { authorization: `Bearer ${connection.token}`, accept: 'application/json' },
      ...options,
    });
  } catch (error) {
    // Aborted and guarded calls count as unavailable: nothing is known of the effect, or nothing was sent.
    const code =
      error instanceof HttpError && error.code !== 'too_large' ? 'unavailable' : 'unexpected';
    const why = error instanceof Error ? error.message : String(error);
    throw new RunnerError(code, `Drone: ${why}`, error);
  }
}

/** The answer's JSON, checked. Throws `RunnerError` for every status but 2xx and for what is not Drone's. */
export function parseAnswer<T>(answer: HttpAnswer, schema: z.ZodType<T>, what: string): T {
  if (answer.status < 200 || answer.status > 299) throw errorOf(answer, what);
  const parsed = schema.safeParse(parseJson(answer.text));
  if (parsed.success) return parsed.data;
  throw new RunnerError(
    'unexpected',
    `Drone: ${what}: the answer does not look like Drone's. Check the address of the runner and the proxies before it.`,
    parsed.error,
  );
}

/** An answer that is no success, as an error; `what` names the call. */
function errorOf(answer: HttpAnswer, what: string): RunnerError {
  const message = messageOf(answer);
  const said = message === undefined ? '' : ` (${plain(message)})`;
  const code = message === undefined && answer.status < 500 ? 'unexpected' : codeOf(answer.status);
  return new RunnerError(code, `Drone: ${what}: ${answer.status}${said}`);
}

/** Drone's own `message`, or undefined when the answer is not in Drone's form of an error. */
export function messageOf(answer: HttpAnswer): string | undefined {
  const body = parseJson(answer.text);
  const isMessage = typeof body === 'object' && body !== null && 'message' in body;
  return isMessage && typeof body.message === 'string' ? body.message : undefined;
}

/** `undefined` for text that is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(status: number): RunnerErrorCode {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not_found';
  if (status === 409) return 'conflict';
  if (status === 429 || status >= 500) return 'unavailable';
  return status >= 400 ? 'invalid' : 'unexpected';
}

function buildPath(slug: string, number: string, area: 'repos' | 'stream' = 'repos'): string {
  if (!/^\d{1,15}$/.test(number))
    throw new RunnerError('invalid', 'this is no build number of Drone');
  const path = repositoryPath(slug);
  return area === 'repos' ? `${path}/builds/${number}` : `/api/stream/${slug}/${number}`;
}

function repositoryPath(slug: string): string {
  const parts = slug.split('/');
  const isPlain = (part: string) => /^[A-Za-z0-9._-]+$/.test(part) && !/^\.+$/.test(part);
  if (parts.length === 2 && parts.every(isPlain)) return `/api/repos/${slug}`;
  throw new RunnerError('invalid', 'the repository has no name that Drone could know');
}
