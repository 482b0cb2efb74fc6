import type { z } from 'zod';
import {
  type HttpAnswer,
  type HttpCall,
  type HttpClient,
  HttpError,
} from '../../lib/http-client.ts';
import { createMask } from '../../lib/redact.ts';
import { type CallOptions, ForgeError } from '../forge.ts';
import { fromHttpError, header, isJson, toForgeError, type Where } from './errors.ts';

export type ApiCall = {
  readonly method: HttpCall['method'];
  /** Below `/api/v1`, segments already escaped. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly options?: CallOptions | undefined;
};

/** Calls to `<url>/api/v1`. Every method throws `ForgeError` and nothing else. */
export type GiteaClient = {
  /** Any 2xx; everything else is an error. */
  call(call: ApiCall): Promise<HttpAnswer>;
  /** A 2xx whose body is JSON of this shape. */
  read<Schema extends z.ZodType>(call: ApiCall, schema: Schema): Promise<z.output<Schema>>;
  /** All pages of a list, within the budget. */
  readPages<Schema extends z.ZodType>(
    call: ApiCall,
    item: Schema,
  ): Promise<Pages<z.output<Schema>>>;
};

export type Pages<Item> = { readonly items: readonly Item[]; readonly pages: number };

export type ClientOptions = {
  readonly url: string;
  readonly token: string;
  readonly http: HttpClient;
  /** ms for one call. */
  readonly timeoutMs: number;
  /** ms for all pages of one list together. */
  readonly pagesBudgetMs: number;
  readonly now: () => number;
};

/** The server cuts a larger `limit` to 50 in silence. */
const PAGE_SIZE = 50;

/** For a read that only explains a failed write: the lease was good when the write left. */
export const withoutGuard = (options?: CallOptions): CallOptions =>
  options?.signal ? { signal: options.signal } : {};

export function createGiteaClient(options: ClientOptions): GiteaClient {
  const mask = createMask([options.token]);
  const whereOf = (call: ApiCall): Where => ({
    label: `${call.method} ${call.path}`,
    mask,
    now: options.now,
  });

  async function call(request: ApiCall): Promise<HttpAnswer> {
    const where = whereOf(request);
    const answer = await options.http.call(toHttpCall(request, options)).catch((error: unknown) => {
      throw error instanceof HttpError ? fromHttpError(error, where) : error;
    });
    if (answer.status < 200 || answer.status > 299) throw toForgeError(answer, where);
    return answer;
  }

  async function readAnswer<Schema extends z.ZodType>(request: ApiCall, schema: Schema) {
    const answer = await call(request);
    return { answer, value: parseAnswer(answer, schema, whereOf(request)) };
  }

  return {
    call,
    read: async (request, schema) => (await readAnswer(request, schema)).value,
    readPages: (request, item) => {
      const schema = item.array().nullable(); // an empty list may be `null`
      return collectPages(request, options, async (page) => {
        const { answer, value } = await readAnswer(page, schema);
        return { items: value ?? [], total: totalOf(answer) };
      });
    },
  };
}

function toHttpCall(request: ApiCall, options: ClientOptions): HttpCall {
  const query = request.query ? `?${new URLSearchParams(request.query).toString()}` : '';
  const url = `${options.url}/api/v1${request.path}${query}`;
  // A name such as `..` is legal in no request of ours and would address something else.
  if (!new URL(url).pathname.endsWith(`/api/v1${request.path}`))
    throw new ForgeError('invalid', `${request.method} ${request.path}: not a path`);
  return {
    method: request.method,
    url,
    timeoutMs: options.timeoutMs,
    headers: {
      accept: 'application/json',
      authorization: `token ${options.token}`,
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    ...(request.options?.signal ? { signal: request.options.signal } : {}),
    ...(request.options?.guard ? { guard: request.options.guard } : {}),
  };
}

function parseAnswer<Schema extends z.ZodType>(
  answer: HttpAnswer,
  schema: Schema,
  where: Where,
): z.output<Schema> {
  const unexpected = (what: string, cause?: unknown) =>
    new ForgeError('unexpected', where.mask(`${where.label}: ${what}`), {
      status: answer.status,
      cause,
    });
  if (!isJson(answer)) throw unexpected('the answer is not JSON; is `url` the address of a forge?');
  let value: unknown;
  try {
    value = JSON.parse(answer.text);
  } catch (error) {
    throw unexpected('the answer is broken JSON', error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unexpected(
    `unexpected answer at ${issue?.path.join('.')}: ${issue?.message}`,
    parsed.error,
  );
}

const totalOf = (answer: HttpAnswer) => {
  const text = header(answer, 'x-total-count');
  return /^\d+$/.test(text) ? Number(text) : undefined;
};

type Page<Item> = { readonly items: readonly Item[]; readonly total: number | undefined };

async function collectPages<Item>(
  request: ApiCall,
  options: ClientOptions,
  readPage: (call: ApiCall) => Promise<Page<Item>>,
): Promise<Pages<Item>> {
  const budget = AbortSignal.timeout(options.pagesBudgetMs);
  const given = request.options?.signal;
  const signal = given ? AbortSignal.any([given, budget]) : budget;
  const items: Item[] = [];
  for (let page = 1; ; page += 1) {
    const query = { ...request.query, page: String(page), limit: String(PAGE_SIZE) };
    const answer = await readPage({
      ...request,
      query,
      options: { ...request.options, signal },
    }).catch((error: unknown) => {
      if (!budget.aborted || given?.aborted) throw error;
      const text = `${request.method} ${request.path}: not all pages in ${options.pagesBudgetMs} ms`;
      throw new ForgeError('unavailable', text, { cause: error });
    });
    items.push(...answer.items);
    // A server may cut pages shorter than we ask: only without a total does a short page mean the end.
    const isLast =
      answer.total === undefined ? answer.items.length < PAGE_SIZE : items.length >= answer.total;
    if (isLast || answer.items.length === 0) return { items, pages: page };
  }
}
