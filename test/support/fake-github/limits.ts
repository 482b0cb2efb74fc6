import type { Call, Reply } from '../../../src/forges/playground/http.ts';
import { type ApiCall, type Caller, failure, json } from './call.ts';
import type { Scene } from './hub.ts';

/** Of an installation, an hour (docs.github.com, "Rate limits for the REST API"). */
const PER_HOUR = 5_000;
const HOUR_SECONDS = 3_600;

const idOf = (caller: Caller) => (caller.kind === 'installation' ? caller.installation.id : 0);

function reading({ hub, context }: Scene, caller: Caller) {
  const used = hub.used.get(idOf(caller)) ?? 0;
  const now = Math.floor(context.clock.now() / 1000);
  const reset = now - (now % HOUR_SECONDS) + HOUR_SECONDS;
  return { limit: PER_HOUR, remaining: Math.max(PER_HOUR - used, 0), reset, used };
}

/** Counts the call. These headers are on every answer. */
export function limitHeaders(scene: Scene, caller: Caller): Record<string, string> {
  scene.hub.used.set(idOf(caller), (scene.hub.used.get(idOf(caller)) ?? 0) + 1);
  const { limit, remaining, reset, used } = reading(scene, caller);
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(reset),
    'x-ratelimit-used': String(used),
    'x-ratelimit-resource': 'core',
  };
}

const ABOUT = 'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api';
const HELP =
  'If you reach out to GitHub Support for help, please include the request ID FAKE:0001 and timestamp.';

/** The refusal that a test has armed for this call, if any. */
export function meetLimit(scene: Scene, caller: Caller, call: Call): Reply | undefined {
  const hit = scene.hub.limits.find(
    (one) =>
      one.left > 0 &&
      (one.method === undefined || one.method === call.method) &&
      (one.path === undefined || one.path.test(call.path)),
  );
  if (hit === undefined) return undefined;
  hit.left -= 1;
  const status = hit.status ?? 403;
  if (hit.kind === 'primary') {
    const reply = failure(
      status,
      `API rate limit exceeded for installation ID ${idOf(caller)}. ${HELP}`,
      { documentation: `${ABOUT}#about-primary-rate-limits` },
    );
    const now = Math.floor(scene.context.clock.now() / 1000);
    const reset =
      hit.retryAfter === undefined ? reading(scene, caller).reset : now + hit.retryAfter;
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) };
    return { ...reply, headers: { ...reply.headers, ...headers } };
  }
  const reply = failure(
    status,
    `You have exceeded a secondary rate limit. Please wait a few minutes before you try again. ${HELP}`,
    { documentation: `${ABOUT}#about-secondary-rate-limits` },
  );
  const wait: Record<string, string> =
    hit.retryAfter === undefined ? {} : { 'retry-after': String(hit.retryAfter) };
  return { ...reply, headers: { ...reply.headers, ...wait } };
}

export function getRateLimit(call: ApiCall): Reply {
  const rate = reading(call, call.caller);
  const search = { ...rate, limit: 30, remaining: 30, used: 0 };
  return json(200, { resources: { core: rate, search, graphql: rate }, rate });
}
