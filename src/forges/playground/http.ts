import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { toGoJson } from './go-json.ts';

/** A request read to its end. */
export type Call = {
  readonly method: string;
  /** Without the query, still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
};

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Undefined when the body is larger than any that the playground takes. */
export async function readCall(request: IncomingMessage): Promise<Call | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  const { path, query } = splitTarget(request.url ?? '/');
  const body = Buffer.concat(chunks).toString();
  return { method: request.method ?? 'GET', path, query, headers: request.headers, body };
}

export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const [path = '/', ...query] = target.split('?');
  return { path, query: new URLSearchParams(query.join('?')) };
}

export function writeReply(response: ServerResponse, reply: Reply): void {
  const body = reply.body ?? '';
  const hasBody = ![204, 304].includes(reply.status);
  response.writeHead(reply.status, {
    ...reply.headers,
    ...(hasBody ? { 'content-length': String(Buffer.byteLength(body)) } : {}),
  });
  response.end(hasBody ? body : undefined);
}

/** Headers on every answer of Gitea's API. */
const API_HEADERS = {
  'cache-control': 'max-age=0, private, must-revalidate, no-transform',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'SAMEORIGIN',
};

export function json(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return {
    status,
    headers: { ...API_HEADERS, 'content-type': 'application/json;charset=utf-8', ...headers },
    body: `${toGoJson(value)}\n`,
  };
}

/** A status and nothing else, as some of Gitea's handlers answer. */
export function bare(status: number, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { ...API_HEADERS, ...headers } };
}

export function plain(status: number, text: string): Reply {
  return {
    status,
    headers: { ...API_HEADERS, 'content-type': 'text/plain; charset=utf-8' },
    body: text,
  };
}

/** Path segments, decoded; undefined when an escape is broken. */
export function segmentsOf(path: string): string[] | undefined {
  try {
    return path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
