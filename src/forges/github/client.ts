import { z } from 'zod';
import type { HttpClient } from '../../lib/http-client.ts';
import { type CallOptions, ForgeError } from '../forge.ts';
import type { AppCredentials } from './credentials.ts';
import { isNotModified, toForgeError } from './errors.ts';
import { type Authenticate, createAuthenticate, fetchThrough, type Octokit } from './octokit.ts';
import { createReadPages, type ReadPages } from './pages.ts';

/** An answer whose body is still to be believed. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: unknown;
};

/** `route` as Octokit writes it, `GET /repos/{owner}/{repo}`; `owner` and `repo` of a repository are filled in. */
export type ApiCall = {
  readonly route: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly options?: CallOptions | undefined;
};

/** Every method throws `ForgeError` and nothing else. */
export type GithubClient = {
  /** Signed as the App: for what belongs to no installation. */
  asApp(call: ApiCall): Promise<Answer>;
  /** With the token of the installation that has the repository. */
  on(repository: string, call: ApiCall): Promise<Answer>;
  pages: ReadPages;
  /** With the token of one installation. */
  inInstallation(id: number, call: ApiCall): Promise<Answer>;
  graphql(repository: string, query: string, call: GraphqlCall): Promise<unknown>;
  installationOf(repository: string, options?: CallOptions): Promise<number>;
  /** A token of the installation that is good for at least half an hour. */
  tokenOf(repository: string, options?: CallOptions): Promise<string>;
};

export type GraphqlCall = {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly options?: CallOptions | undefined;
};

export type ClientOptions = {
  /** The pages, `https://github.com`; no trailing slash. */
  readonly url: string;
  readonly credentials: () => AppCredentials | undefined;
  readonly http: HttpClient;
  readonly limits: 'github' | 'none';
  readonly now: () => number;
  /** What to do without credentials. */
  readonly setup: string;
};

/** Which installation has a repository changes only when people change it. */
const INSTALLATION_MS = 10 * 60_000;

export function apiUrlOf(url: string): string {
  return url === 'https://github.com' ? 'https://api.github.com' : `${url}/api/v3`;
}

export function createGithubClient(options: ClientOptions): GithubClient {
  const { now } = options;
  let app: { of: AppCredentials; authenticate: Authenticate } | undefined;
  let installations = new Map<string, { at: number; id: number }>();

  /** Other credentials make another App: nothing that the last one knew holds. */
  const authenticate: Authenticate = (id) => {
    const credentials = options.credentials();
    if (!credentials) throw new ForgeError('unauthorized', `no App yet: ${options.setup}`);
    if (app?.of.appId !== credentials.appId || app.of.privateKey !== credentials.privateKey) {
      const { http, limits } = options;
      const apiUrl = apiUrlOf(options.url);
      app = {
        of: credentials,
        authenticate: createAuthenticate({ credentials, apiUrl, http, limits }),
      };
      installations = new Map();
    }
    return app.authenticate(id);
  };

  const send = async (
    octokit: () => Promise<Octokit>,
    call: ApiCall,
    { tokenMayBeGone = false } = {},
  ): Promise<Answer> => {
    const { route, parameters, options: given } = call;
    try {
      const client = await octokit();
      const http = tokenMayBeGone ? refusingAtOnce(options.http) : options.http;
      const request = { fetch: fetchThrough(http, given), retries: 0 };
      const answer = await client.request(route, { ...parameters, request });
      const headers = Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
      );
      // Only a renamed repository answers so, to whatever is asked of it.
      if (answer.status >= 300)
        throw new ForgeError('moved', `${route}: moved to ${headers.location ?? 'somewhere'}`, {
          status: answer.status,
        });
      return { status: answer.status, headers, data: answer.data };
    } catch (error) {
      if (isNotModified(error)) return { status: 304, headers: {}, data: undefined };
      throw toForgeError(error, route, now());
    }
  };

  const installationOf: GithubClient['installationOf'] = async (repository, given) => {
    const key = repository.toLowerCase();
    const known = installations.get(key);
    if (known && now() - known.at < INSTALLATION_MS) return known.id;
    const route = 'GET /repos/{owner}/{repo}/installation';
    const parameters = placeOf(repository);
    // The guard is for what follows: the lease may be good when this is asked and gone when that leaves.
    const quiet = given?.signal ? { signal: given.signal } : {};
    const answer = await send(() => authenticate(), { route, parameters, options: quiet }).catch(
      (error: unknown) => {
        if (!(error instanceof ForgeError) || error.code !== 'not_found') throw error;
        // It can be installed again: what waits for it is not given up.
        const text = `the App is not installed on ${repository}: ${options.url}/settings/installations`;
        throw new ForgeError('unauthorized', text, { status: 404 });
      },
    );
    const { id } = answer.data as { id: number };
    installations.set(key, { at: now(), id });
    return id;
  };

  /**
   * A token may be taken back before its time. Nothing has happened then, so the call is made once more with a fresh
   * one: Probot keeps tokens where nobody can take them out, so it begins anew.
   */
  const inInstallation: GithubClient['inInstallation'] = async (id, call) => {
    const used = app;
    try {
      return await send(() => authenticate(id), call, { tokenMayBeGone: true });
    } catch (error) {
      if (!(error instanceof ForgeError) || error.status !== 401) throw error;
      if (app === used) app = undefined;
      return send(() => authenticate(id), call, { tokenMayBeGone: true });
    }
  };

  const on: GithubClient['on'] = async (repository, call) => {
    const id = await installationOf(repository, call.options);
    const parameters = { ...placeOf(repository), ...call.parameters };
    try {
      return await inInstallation(id, { ...call, parameters });
    } catch (error) {
      // Another installation may have it by now.
      if (error instanceof ForgeError && ['unauthorized', 'not_found'].includes(error.code))
        installations.delete(repository.toLowerCase());
      throw error;
    }
  };

  return {
    asApp: (call) => send(() => authenticate(), call),
    on,
    inInstallation,
    installationOf,
    pages: createReadPages(on),
    async graphql(repository, query, call) {
      const route = 'POST /graphql';
      const parameters = { query, variables: call.variables };
      // GraphQL lies beside the REST API, not below its version.
      const baseUrl = apiUrlOf(options.url).replace(/\/api\/v3$/, '/api');
      const answer = await on(repository, {
        route,
        parameters: { ...parameters, baseUrl },
        options: call.options,
      });
      return dataOf(answer, route);
    },
    async tokenOf(repository, given) {
      const id = await installationOf(repository, given);
      const route = 'POST /app/installations/{installation_id}/access_tokens';
      const parameters = { installation_id: id };
      const { data } = await send(() => authenticate(), { route, parameters, options: given });
      return parse(data, z.object({ token: z.string() }), route).token;
    },
  };
}

/**
 * Octokit takes a 401 for a delay between GitHub's servers when the token is young, and sleeps for up to six seconds
 * inside the call, whose lease may run out meanwhile. What has a status of its own goes through at once.
 */
function refusingAtOnce(http: HttpClient): HttpClient {
  return {
    ...http,
    call: async (call) => {
      const answer = await http.call(call);
      if (answer.status === 401)
        throw new ForgeError('unauthorized', `${call.method}: 401 ${answer.text.slice(0, 200)}`, {
          status: 401,
        });
      return answer;
    },
  };
}

function placeOf(repository: string): { owner: string; repo: string } {
  const [owner = '', ...rest] = repository.split('/');
  return { owner, repo: rest.join('/') };
}

/** What the answer holds, or `unexpected` if that is not of the shape. */
export function parse<Schema extends z.ZodType>(
  value: unknown,
  schema: Schema,
  label: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const text = `${label}: unexpected answer at ${issue?.path.join('.')}: ${issue?.message}`;
  throw new ForgeError('unexpected', text, { cause: parsed.error });
}

const GRAPHQL_CODES = { NOT_FOUND: 'not_found', FORBIDDEN: 'forbidden' } as const;

/** GraphQL says 200 to everything; what went wrong stands beside the data. */
function dataOf({ data }: Answer, label: string): unknown {
  const { data: value, errors } = data as {
    data?: unknown;
    errors?: readonly { type?: string; message?: string }[];
  };
  const [first] = errors ?? [];
  if (first === undefined) return value;
  const type = first.type ?? '';
  if (type === 'RATE_LIMITED') throw new ForgeError('rate_limited', `${label}: ${first.message}`);
  const code = Object.hasOwn(GRAPHQL_CODES, type)
    ? GRAPHQL_CODES[type as keyof typeof GRAPHQL_CODES]
    : 'invalid';
  throw new ForgeError(code, `${label}: ${first.message ?? 'refused'}`);
}
