import Fastify, { type FastifyInstance } from 'fastify';
import { type Probe, registerHealth } from './health.ts';
import { registerPages } from './pages/routes.ts';
import type { HelpSection, PagesSource } from './pages/source.ts';
import { registerWebhooks, type WebhookOptions } from './webhooks.ts';

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
  const app = Fastify({
    logger: false,
    // A load balancer that reuses a connection must not find it just closed.
    keepAliveTimeout: 75_000,
    requestTimeout: 30_000,
    forceCloseConnections: true,
  });
  await registerWebhooks(app, options.webhooks);
  registerHealth(app, options.probes);
  registerPages(app, {
    source: options.source,
    version: options.version,
    now: options.now,
    helpSections: options.helpSections,
  });
  return app;
}
