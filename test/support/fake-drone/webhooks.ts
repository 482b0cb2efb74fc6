import { createHash, createHmac } from 'node:crypto';
import { Agent, request } from 'undici';
import { buildJson, repositoryJson, userJson } from './json.ts';
import type { BuildState, DroneState } from './model.ts';

export type WebhookTarget = { readonly url: string; readonly secret: string };

/** `bare`: the webhook that Drone sends from its cancel call, whose `repo` holds no `build` (recorded). */
export type Notice = { readonly action: 'created' | 'updated'; readonly bare?: boolean };

export type Webhooks = {
  /** Resolves when the receiver has answered, or could not. One at a time, no retry, answers ignored. */
  send(build: BuildState, notice: Notice): Promise<void>;
  close(): Promise<void>;
};

const TIMEOUT_MS = 60_000;

export function createWebhooks(
  state: DroneState,
  target: () => WebhookTarget | undefined,
  nowMs: () => number,
): Webhooks {
  const agent = new Agent();
  const stop = new AbortController();
  let last: Promise<void> = Promise.resolve();
  const deliver = async (to: WebhookTarget, body: string) => {
    if (stop.signal.aborted) return;
    const answer = await request(to.url, {
      method: 'POST',
      headers: { ...signedHeaders(body, to.secret, nowMs()), 'x-drone-event': 'build' },
      body,
      dispatcher: agent,
      signal: AbortSignal.any([stop.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await answer.body.dump();
  };
  return {
    send: (build, notice) => {
      const to = target();
      if (to === undefined) return Promise.resolve();
      const body = JSON.stringify(payload(state, build, notice));
      last = last.then(() => deliver(to, body)).catch(() => {});
      return last;
    },
    close: async () => {
      stop.abort();
      await last;
      await agent.destroy();
    },
  };
}

/** Headers of a delivery, in the order of Drone: the signature stands before the list of headers. */
export function signedHeaders(body: string, secret: string, nowMs: number): Record<string, string> {
  const date = new Date(nowMs).toUTCString();
  const digest = `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
  const signature = createHmac('sha256', secret)
    .update(`date: ${date}\ndigest: ${digest}`)
    .digest('base64');
  return {
    'content-type': 'application/json',
    date,
    digest,
    signature: `keyId="hmac-key",algorithm="hmac-sha256",signature="${signature}",headers="date digest"`,
  };
}

/** `user` in `created` is who activated the repository, never who asked. */
function payload(state: DroneState, build: BuildState, notice: Notice): unknown {
  const isCreated = notice.action === 'created';
  const json = buildJson(state, build, !isCreated);
  const repository = repositoryJson(state, build.repository);
  const activator = state.users[0];
  const isBare = isCreated || notice.bare === true;
  return {
    event: 'build',
    action: notice.action,
    ...(isCreated && activator ? { user: userJson(state, activator) } : {}),
    repo: isBare ? repository : { ...repository, build: json },
    build: json,
    system: {
      proto: 'http',
      host: new URL(state.link).host,
      link: state.link,
      version: '2.0.4',
    },
  };
}
