import { createServer as createHttpServer } from 'node:http';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { type Probe, registerHealth } from './health.ts';
import { type Failure, sendError } from './pages/errors.ts';
import { registerPages } from './pages/routes.ts';
import type { HelpSection, PagesSource } from './pages/source.ts';
import { createWebhookDoor, type WebhookOptions } from './webhooks.ts';

export type ServerOptions = {
  readonly webhooks: WebhookOptions;
  readonly probes: readonly Probe[];
  readonly source: PagesSource;
  readonly helpSections: readonly HelpSection[];
  readonly version: string;
  readonly now: () => number;
};

/** Everything that is served, not yet listening. Requests are not logged: the ledger records what matters. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { version, webhooks } = options;
  const isWebhook = createWebhookDoor(webhooks);
  const app = Fastify({
    logger: false,
    serverFactory: (route) =>
      createHttpServer(TIMEOUTS, (request, response) => {
        if (!isWebhook(request, response)) route(request, response);
      }),
    forceCloseConnections: 'idle',
  });
  app.setNotFoundHandler((request, reply) => sendError(request, reply, { ...NOT_FOUND, version }));
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const failure = failureOf(error);
    if (failure.status >= 500) webhooks.onError(error);
    return sendError(request, reply, { ...failure, version });
  });
  registerHealth(app, options.probes, version);
  registerPages(app, {
    source: options.source,
    version,
    now: options.now,
    helpSections: options.helpSections,
  });
  return app;
}

/** ms. A load balancer that reuses a connection must not find it just closed. */
const TIMEOUTS = { keepAliveTimeout: 75_000, requestTimeout: 30_000 };

const NOT_FOUND: Failure = {
  status: 404,
  code: 'not_found',
  message: 'No page and no webhook has this address.',
};

/** The text of an exception stays with us: it may quote anything. */
function failureOf({ statusCode = 500 }: FastifyError): Failure {
  if (statusCode === 413)
    return {
      status: 413,
      code: 'too_large',
      message: 'The body is larger than limits.maxBodyBytes.',
    };
  if (statusCode >= 500)
    return { status: 500, code: 'internal_error', message: 'This is our fault, and in our log.' };
  return { status: statusCode, code: 'bad_request', message: 'The request is not well formed.' };
}
