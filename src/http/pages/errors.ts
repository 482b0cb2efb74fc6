import type { FastifyReply, FastifyRequest } from 'fastify';
import { html } from 'hono/html';
import { PAGE_HEADERS, renderLamp, renderLayout } from './layout.ts';

export type Failure = {
  readonly status: number;
  /** Stable snake_case code for programs. */
  readonly code: string;
  /** A whole sentence of ours for people; never the text of an exception. */
  readonly message: string;
};

const HEADLINES: Readonly<Record<number, string>> = {
  400: 'That address is not well formed',
  404: 'There is nothing here',
  500: 'Something broke on our side',
  503: 'Not ready at the moment',
};

/**
 * Answers with a failure: a page for who asks for HTML (browsers), else `{"error":{"code","message"}}`.
 * For the server's own error and not-found handlers as well.
 */
export function sendError(
  request: FastifyRequest,
  reply: FastifyReply,
  options: Failure & { readonly version: string },
): FastifyReply {
  const { status, code, message } = options;
  reply.code(status).header('cache-control', 'no-store').headers(PAGE_HEADERS);
  if (!wantsHtml(request)) return reply.send({ error: { code, message } });
  const headline = HEADLINES[status] ?? 'That did not work';
  const lamp = status >= 500 ? renderLamp('infra', '!') : renderLamp('lunar', '–');
  const body = html`<h1>${lamp}${headline}</h1>
<p>${message}</p>
<p><a href="/">All runs</a> · <a href="/deliveries">why did it not react?</a> · <code>${code}</code></p>`;
  return reply
    .type('text/html; charset=utf-8')
    .send(renderLayout({ title: headline, version: options.version, body }));
}

function wantsHtml(request: FastifyRequest): boolean {
  const accept = request.headers.accept ?? '';
  return (request.method === 'GET' || request.method === 'HEAD') && accept.includes('text/html');
}
