import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Followers, renderEvents } from '../live-events.ts';
import type { PagesContext } from './context.ts';
import type { Failure } from './errors.ts';
import { readWindow } from './log-view.ts';
import { parseAfter, parseNumber, parseText } from './queries.ts';
import { renderFollowedLog, renderRawLog } from './raw-log.ts';
import { renderRunPage } from './run-page.ts';
import type { RunRow } from './source.ts';

type RunRequest = FastifyRequest<{
  Params: { number: string; name?: string };
  Querystring: Record<string, unknown>;
}>;
type RunRoute = { Params: RunRequest['params']; Querystring: RunRequest['query'] };

const NO_RUN: Failure = { status: 404, code: 'run_not_found', message: 'No run has this number.' };
const NO_FILE: Failure = {
  status: 404,
  code: 'file_not_found',
  message: 'This run kept no file of that name.',
};
const FULL: Failure = {
  status: 503,
  code: 'too_many_viewers',
  message: 'Too many pages are being followed live. The page itself still works.',
};

/** The pages of one run: itself, its log as text, its files, its live events. */
export function registerRunRoutes(
  pages: FastifyInstance,
  context: PagesContext,
  live: { readonly followers: Followers; readonly heartbeatMs: number },
): void {
  const { source, version, now } = context;
  const { followers, heartbeatMs } = live;

  const withRun =
    (answer: (row: RunRow, request: RunRequest, reply: FastifyReply) => Promise<FastifyReply>) =>
    async (request: RunRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const number = parseNumber(request.params.number);
      const row = number === undefined ? undefined : await source.findRun(number);
      return row === undefined ? context.fail(request, reply, NO_RUN) : answer(row, request, reply);
    };

  pages.get<RunRoute>(
    '/r/:number',
    withRun(async (row, request, reply) => {
      const log = await readWindow(source, row, parseNumber(request.query.from));
      const page = renderRunPage(await context.viewRun(row), { log, version });
      return reply.type('text/html; charset=utf-8').send(page);
    }),
  );

  pages.get<RunRoute>(
    '/r/:number/log',
    { exposeHeadRoute: false },
    withRun(async (row, request, reply) => {
      const stage = parseText(request.query.stage);
      reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store');
      if (request.query.follow !== '1') {
        return sendStream(reply, renderRawLog(source, row.id, stage));
      }
      if (followers.isFull()) return context.fail(request, reply, FULL);
      const looks = followers.follow(row.number, 0, goneSignal(reply));
      reply.header('x-accel-buffering', 'no');
      return sendStream(reply, renderFollowedLog(looks, stage));
    }),
  );

  pages.get<RunRoute>(
    '/r/:number/events',
    { exposeHeadRoute: false },
    withRun(async (row, request, reply) => {
      if (followers.isFull()) return context.fail(request, reply, FULL);
      const after = parseAfter(request.headers['last-event-id'], request.query.after);
      const looks = followers.follow(row.number, after, goneSignal(reply));
      reply
        .type('text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store, no-transform')
        .header('x-accel-buffering', 'no');
      return sendStream(reply, renderEvents(looks, { now, heartbeatMs }));
    }),
  );

  pages.get<RunRoute>('/r/:number/files', async (request, reply) =>
    reply.redirect(`/r/${parseNumber(request.params.number) ?? 0}#sb-artifacts`),
  );

  pages.get<RunRoute>(
    '/r/:number/files/:name',
    { exposeHeadRoute: false },
    withRun(async (row, request, reply) => {
      const { name } = request.params;
      // Only a name that the run's own list holds is ever opened, so that no path can lead elsewhere.
      const known = (await source.listArtifacts(row.id)).find((file) => file.name === name);
      const file = known && (await source.openArtifact(row.id, known.name));
      if (known === undefined || file === undefined) return context.fail(request, reply, NO_FILE);
      return reply
        .type('application/octet-stream')
        .header('content-security-policy', "default-src 'none'; sandbox")
        .header('content-disposition', dispositionOf(known.name))
        .send(file);
    }),
  );
}

/** Fires when the client is gone; streams that wait for news end by it. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}

/** Text is produced only as fast as the socket takes it. */
function sendStream(reply: FastifyReply, text: AsyncIterable<string>): FastifyReply {
  return reply.send(Readable.from(text, { objectMode: false }));
}

/** Tests write these files: they are downloaded, never shown as a page of ours. */
function dispositionOf(name: string): string {
  const base = name.split('/').at(-1) ?? 'file';
  const plain = base.replace(/[^A-Za-z0-9._-]/g, '_');
  const encoded = encodeURIComponent(base.toWellFormed()).replace(/['()*]/g, escapeByte);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

function escapeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
