import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Forge, PayloadError, type WebhookRequest } from '../forges/forge.ts';
import type { RemoteRunner } from '../runner/runner.ts';
import { type Intake, type IntakeAnswer, Overloaded } from './intake.ts';
import { answerJson, readBody, refuseJson } from './raw.ts';

export type WebhookOptions = {
  readonly forges: ReadonlyMap<string, Forge>;
  readonly remoteRunners: ReadonlyMap<string, RemoteRunner>;
  readonly intake: Intake;
  readonly maxBodyBytes: number;
  readonly now: () => number;
  /** The ledger refused: somebody should know. */
  readonly onError: (error: unknown) => void;
};

/** One request, read: whom it is for and what it says. */
type Hook = { readonly name: string; readonly request: WebhookRequest };
type Handler = (options: WebhookOptions, response: ServerResponse, hook: Hook) => void;

/** Takes a request that is a webhook and answers it; false when it is none. */
export type WebhookDoor = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * `POST /webhooks/<forge>` and `POST /hooks/drone/<runner>`. Over the raw bytes, in this order: size (413),
 * signature (401), cheap look (ignored), parse (400), ledger, 2xx after the commit. If the ledger cannot write:
 * 503, never 2xx. It stands in front of Fastify's router: going through it costs a quarter of the time of a delivery
 * that concerns nobody, and that is what nearly all are.
 */
export function createWebhookDoor(options: WebhookOptions): WebhookDoor {
  return (request, response) => {
    const path = request.method === 'POST' ? WEBHOOK_PATH.exec(request.url ?? '') : null;
    if (!path) return false;
    const [, kind, name = ''] = path;
    const handler: Handler = kind === 'webhooks' ? onForgeHook : onRunnerHook;
    readBody(request, options.maxBodyBytes, (body) => {
      if (body === undefined) return refuseJson(response, 413, 'too_large', TOO_LARGE);
      try {
        handler(options, response, { name, request: { headers: headersOf(request), body } });
      } catch (error) {
        fail(options, response, error);
      }
    });
    return true;
  };
}

/** Names are of letters, digits and dashes: nothing in them is ever escaped. */
const WEBHOOK_PATH = /^\/(webhooks|hooks\/drone)\/([^/?#]+)\/?(?:\?|$)/;
const TOO_LARGE = 'The body is larger than limits.maxBodyBytes.';
const SIGNATURE_HINT =
  'the signature does not fit: is the secret of the webhook the one in signalbox.yml, and does a proxy change the body?';

const headersOf = (request: IncomingMessage) => request.headers as WebhookRequest['headers'];

function onForgeHook(options: WebhookOptions, response: ServerResponse, hook: Hook) {
  const { name, request } = hook;
  const forge = options.forges.get(name);
  if (!forge)
    return refuseJson(response, 404, 'unknown_forge', `no forge "${name}" in signalbox.yml`);
  if (!forge.verify(request)) return refuseJson(response, 401, 'bad_signature', SIGNATURE_HINT);
  const noise = forge.prefilter(request);
  if (noise !== undefined) return answer(response, options.intake.ignore(name, noise));
  const taken = options.intake.take({
    forge: name,
    source: 'webhook',
    event: forge.normalize(request),
    deliveryId: forge.deliveryId(request),
    headers: keptHeaders(request),
    body: request.body,
  });
  settle(options, response, taken);
}

function onRunnerHook(options: WebhookOptions, response: ServerResponse, hook: Hook) {
  const { name, request } = hook;
  const webhook = options.remoteRunners.get(name)?.webhook;
  if (!webhook) {
    const message = `no runner "${name}" with webhooks in signalbox.yml`;
    return refuseJson(response, 404, 'unknown_runner', message);
  }
  if (!webhook.verify(request, options.now()))
    return refuseJson(response, 401, 'bad_signature', SIGNATURE_HINT);
  const forge = `runner:${name}`;
  const runId = webhook.runIdOf(request.body);
  if (runId === undefined) return answer(response, options.intake.ignore(forge, 'not_our_build'));
  const taken = options.intake.take({
    forge,
    source: 'webhook',
    event: { kind: 'build-updated', runId },
    deliveryId: undefined,
    headers: keptHeaders(request),
    body: request.body,
  });
  settle(options, response, taken);
}

/** What tells deliveries apart in a search; the rest is the same in each or is a secret. */
const KEPT_HEADERS = [
  'content-type',
  'user-agent',
  ...['x-gitea', 'x-forgejo', 'x-github', 'x-drone'].flatMap((family) => [
    `${family}-event`,
    `${family}-event-type`,
    `${family}-delivery`,
  ]),
];

function keptHeaders({ headers }: WebhookRequest): WebhookRequest['headers'] {
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

function settle(
  options: WebhookOptions,
  response: ServerResponse,
  taken: Promise<IntakeAnswer>,
): void {
  taken.then(
    (outcome) => answer(response, outcome),
    (error: unknown) => fail(options, response, error),
  );
}

function fail(options: WebhookOptions, response: ServerResponse, error: unknown) {
  if (error instanceof SyntaxError || error instanceof PayloadError)
    return refuseJson(response, 400, 'bad_payload', error.message);
  if (!(error instanceof Overloaded)) options.onError(error);
  const code = error instanceof Overloaded ? 'overloaded' : 'ledger_unavailable';
  const message = 'not recorded: send it again, or leave it to catch-up';
  refuseJson(response.setHeader('retry-after', '10'), 503, code, message);
}

function answer(response: ServerResponse, outcome: IntakeAnswer): void {
  answerJson(response, outcome.outcome === 'accepted' ? 202 : 200, outcome);
}
