import { pino } from 'pino';
import { Probot, ProbotOctokit } from 'probot';
import type { HttpCall, HttpClient } from '../../lib/http-client.ts';
import type { CallOptions } from '../forge.ts';
import type { AppCredentials } from './credentials.ts';

export type Octokit = InstanceType<typeof ProbotOctokit>;

export type AppOptions = {
  readonly credentials: AppCredentials;
  /** `https://api.github.com`, or `<url>/api/v3` of an Enterprise Server. */
  readonly apiUrl: string;
  readonly http: HttpClient;
  /** `github`: writes of one installation a second apart, comments three, as GitHub asks of Apps. */
  readonly limits: 'github' | 'none';
};

/** Gives the Octokit of an installation; without an id, that of the App itself. */
export type Authenticate = (installationId?: number) => Promise<Octokit>;

/**
 * Probot as a library: it signs as the App, gets and keeps installation tokens, and paces writes. What of it would
 * break our promises is switched off here, for every call:
 *
 * - nothing is sent twice by itself (`retries: 0`): plugin-retry posts a comment again after a 502;
 * - no limit is slept out inside a call, up to an hour: it becomes an error with the time to try again;
 * - pacing is per installation (`auth(id)` sets the key), where `context.octokit` has one queue for all;
 * - its webhook server, whose secret would be "development", is never made: `secret` is given all the same.
 */
export function createAuthenticate(options: AppOptions): Authenticate {
  const { credentials, apiUrl, limits } = options;
  const throttle = {
    enabled: limits === 'github',
    onRateLimit: () => false,
    onSecondaryRateLimit: () => false,
  };
  const probot = new Probot({
    appId: credentials.appId,
    privateKey: credentials.privateKey,
    secret: credentials.webhookSecret,
    baseUrl: apiUrl,
    log: pino({ level: 'silent' }),
    request: { fetch: fetchThrough(options.http), retries: 0 },
    Octokit: ProbotOctokit.defaults((given: object) => ({
      ...given,
      throttle: { ...('throttle' in given ? (given.throttle as object) : {}), ...throttle },
    })),
  });
  return (installationId) => probot.auth(installationId);
}

/**
 * `fetch` over our own HTTP client: its time-out for each attempt, its guard right before the bytes leave, and no
 * redirect followed.
 */
export function fetchThrough(http: HttpClient, call: CallOptions = {}): typeof fetch {
  return async (input, init = {}) => {
    const { method = 'GET', headers, body } = init;
    const answer = await http.call({
      method: method as HttpCall['method'],
      url: input instanceof Request ? input.url : input.toString(),
      headers: Object.fromEntries(new Headers(headers)),
      ...(typeof body === 'string' ? { body } : {}),
      ...(call.signal ? { signal: call.signal } : {}),
      ...(call.guard ? { guard: call.guard } : {}),
    });
    const given = Object.entries(answer.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    // Already unpacked by us.
    const kept = given.filter(([name]) => !['content-encoding', 'content-length'].includes(name));
    const hasBody = ![204, 205, 304].includes(answer.status);
    return new Response(hasBody ? answer.text : null, { status: answer.status, headers: kept });
  };
}
