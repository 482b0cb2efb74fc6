import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { createFollowers } from '../live-events.ts';
import { registerAssets } from './assets.ts';
import type { PagesContext } from './context.ts';
import { renderDeliveriesPage } from './deliveries-page.ts';
import { sendError } from './errors.ts';
import { renderHelpPage } from './help-page.ts';
import { PAGE_HEADERS } from './layout.ts';
import { parseRunsFilter, parseText } from './queries.ts';
import { renderFragments } from './run-page.ts';
import { registerRunRoutes } from './run-routes.ts';
import { renderRunsPage } from './runs-page.ts';
import type { HelpSection, PagesSource, RunRow } from './source.ts';

const PAGE_LENGTH = 50;
const MAX_VIEWERS = 1_000;

export type PagesOptions = {
  readonly source: PagesSource;
  readonly version: string;
  readonly now: () => number;
  readonly helpSections?: readonly HelpSection[];
  /** How often a watched run is looked at. */
  readonly pollMs?: number;
  readonly heartbeatMs?: number;
};

/**
 * Signalbox's own pages: `/`, `/r/<number>` with log, files and live events, `/deliveries`, `/help`. They only
 * read. Security headers and the error page apply to these routes alone.
 */
export function registerPages(app: FastifyInstance, options: PagesOptions): void {
  const { source, version, now, helpSections = [], pollMs = 700, heartbeatMs = 15_000 } = options;
  const context: PagesContext = {
    source,
    version,
    now,
    viewRun: async (row) => ({
      row,
      links: source.links(row),
      artifacts: await source.listArtifacts(row.id),
      help: helpSections,
      now: now(),
    }),
    fail: (request, reply, failure) => sendError(request, reply, { ...failure, version }),
  };
  const followers = createFollowers({
    source,
    pollMs,
    maxViewers: MAX_VIEWERS,
    renderParts: async (row) => renderFragments(await context.viewRun(row)),
  });
  app.addHook('preClose', async () => followers.close());
  app.register(async (pages) => {
    pages.addHook('onRequest', async (_request, reply) => {
      reply.headers(PAGE_HEADERS).header('cache-control', 'private, no-cache');
    });
    pages.setErrorHandler<FastifyError>((error, request, reply) => {
      const status = error.statusCode ?? 500;
      if (status < 500) {
        return context.fail(request, reply, {
          status,
          code: 'bad_request',
          message: 'The request is not well formed.',
        });
      }
      request.log.error({ err: error }, 'a page failed');
      return context.fail(request, reply, {
        status: 500,
        code: 'internal',
        message:
          'The fault is logged. Runs and answers on pull requests go on; try the page again.',
      });
    });
    registerAssets(pages);
    registerLists(pages, context);
    registerHelp(pages, helpSections, version);
    registerRunRoutes(pages, context, { followers, heartbeatMs });
  });
}

function registerLists(pages: FastifyInstance, context: PagesContext): void {
  const { source, version, now } = context;
  pages.get<{ Querystring: Record<string, unknown> }>('/', async (request, reply) => {
    const filter = parseRunsFilter(request.query);
    const found = await source.listRuns({ ...filter, limit: PAGE_LENGTH + 1 });
    const rows = found.slice(0, PAGE_LENGTH);
    const next = found.length > PAGE_LENGTH ? rows.at(-1)?.number : undefined;
    const attention =
      Object.keys(filter).length > 0
        ? []
        : await source.listRuns({ state: 'attention', limit: 20 });
    const more = next === undefined ? {} : { next };
    const view = {
      filter,
      attention,
      rows,
      links: (row: RunRow) => source.links(row),
      now: now(),
      ...more,
    };
    return sendPage(reply, renderRunsPage(view, version));
  });
  pages.get<{ Querystring: Record<string, unknown> }>('/deliveries', async (request, reply) => {
    const before = parseText(request.query.before);
    const found = await source.listDeliveries({
      ...(before === undefined ? {} : { before }),
      limit: PAGE_LENGTH + 1,
    });
    const rows = found.slice(0, PAGE_LENGTH);
    const next = found.length > PAGE_LENGTH ? rows.at(-1)?.id : undefined;
    const view = { rows, now: now(), ...(next === undefined ? {} : { next }) };
    return sendPage(reply, renderDeliveriesPage(view, version));
  });
}

function registerHelp(
  pages: FastifyInstance,
  sections: readonly HelpSection[],
  version: string,
): void {
  pages.get('/help', async (_request, reply) => sendPage(reply, renderHelpPage(sections, version)));
}

/** Sends finished HTML. */
function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page);
}
