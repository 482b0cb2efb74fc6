import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Forge, PayloadError, type WebhookRequest } from '../forges/forge.ts';
import type { RemoteRunner } from '../runner/runner.ts';
import { sendJsonError } from './errors.ts';
import { type Intake, type IntakeAnswer, Overloaded } from './intake.ts';

export type WebhookOptions = {
  readonly forges: ReadonlyMap<string, Forge>;
  readonly remoteRunners: ReadonlyMap<string, RemoteRunner>;
  readonly intake: Intake;
  readonly maxBodyBytes: number;
  readonly now: () => number;
  /** The ledger refused: somebody should know. */
  readonly onError: (error: unknown) => void;
};

/**
 * `POST /webhooks/<forge>` and `POST /hooks/drone/<runner>`. Over the raw bytes, in this order: size (413),
 * signature (401), cheap look (ignored), parse (400), ledger, 2xx after the commit. If the ledger cannot write:
 * 503, never 2xx.
 */
export async function registerWebhooks(
  app: FastifyInstance,
  options: WebhookOptions,
): Promise<void> {
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) =>
      parsed(null, body),
    );
    const route = { bodyLimit: options.maxBodyBytes };
    scope.post('/webhooks/:name', route, (request, reply) => onForgeHook(options, request, reply));
    scope.post('/hooks/drone/:name', route, (request, reply) =>
      onRunnerHook(options, request, reply),
    );
    done();
  });
}

async function onForgeHook(options: WebhookOptions, request: FastifyRequest, reply: FastifyReply) {
  const { name } = request.params as { name: string };
  const forge = options.forges.get(name);
  if (!forge)
    return sendJsonError(reply, 404, 'unknown_forge', `no forge "${name}" in signalbox.yml`);
  const hook = toHook(request);
  if (!forge.verify(hook)) return sendJsonError(reply, 401, 'bad_signature', SIGNATURE_HINT);
  const noise = forge.prefilter(hook);
  if (noise !== undefined) return answer(reply, options.intake.ignore(name, noise));
  return settle(options, reply, () =>
    options.intake.take({
      forge: name,
      source: 'webhook',
      event: forge.normalize(hook),
      deliveryId: forge.deliveryId(hook),
      headers: keptHeaders(hook),
      body: hook.body,
    }),
  );
}

async function onRunnerHook(options: WebhookOptions, request: FastifyRequest, reply: FastifyReply) {
  const { name } = request.params as { name: string };
  const webhook = options.remoteRunners.get(name)?.webhook;
  if (!webhook)
    return sendJsonError(
      reply,
      404,
      'unknown_runner',
      `no runner "${name}" with webhooks in signalbox.yml`,
    );
  const hook = toHook(request);
  if (!webhook.verify(hook, options.now()))
    return sendJsonError(reply, 401, 'bad_signature', SIGNATURE_HINT);
  const forge = `runner:${name}`;
  return settle(options, reply, () => {
    const runId = webhook.runIdOf(hook.body);
    if (runId === undefined) return Promise.resolve(options.intake.ignore(forge, 'not_our_build'));
    return options.intake.take({
      forge,
      source: 'webhook',
      event: { kind: 'build-updated', runId },
      deliveryId: undefined,
      headers: keptHeaders(hook),
      body: hook.body,
    });
  });
}

const SIGNATURE_HINT =
  'the signature does not fit: is the secret of the webhook the one in signalbox.yml, and does a proxy change the body?';

function toHook(request: FastifyRequest): WebhookRequest {
  return {
    headers: request.headers as WebhookRequest['headers'],
    body: Buffer.isBuffer(request.body) ? request.body : EMPTY,
  };
}

const EMPTY = Buffer.alloc(0);
const NOT_KEPT = new Set(['authorization', 'cookie']);

function keptHeaders({ headers }: WebhookRequest): WebhookRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_KEPT.has(name)));
}

async function settle(
  options: WebhookOptions,
  reply: FastifyReply,
  take: () => Promise<IntakeAnswer>,
) {
  try {
    return answer(reply, await take());
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof PayloadError) {
      return sendJsonError(reply, 400, 'bad_payload', error.message);
    }
    if (!(error instanceof Overloaded)) options.onError(error);
    reply.header('retry-after', '10');
    const code = error instanceof Overloaded ? 'overloaded' : 'ledger_unavailable';
    return sendJsonError(reply, 503, code, 'not recorded: send it again, or leave it to catch-up');
  }
}

function answer(reply: FastifyReply, outcome: IntakeAnswer) {
  return reply.code(outcome.outcome === 'accepted' ? 202 : 200).send(outcome);
}
