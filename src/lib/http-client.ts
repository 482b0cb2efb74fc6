import { Agent, type Dispatcher, request } from 'undici';

/**
 * Outbound HTTP. One attempt per call: whether a call may be made again is for the caller to know.
 * Redirects are never followed: a followed 301 turns a POST into a GET (Gitea, renamed repositories).
 */
export type HttpCall = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whole call, from connect to the last byte. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** For an endless answer: what has come is the answer once nothing more came for this long. */
  readonly quietMs?: number;
  /** Runs right before the bytes leave the process; what it throws aborts the call with code `guarded`. */
  readonly guard?: () => void;
};

export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
};

export type HttpErrorCode =
  | 'timeout'
  | 'network'
  | 'aborted' // by the caller's signal
  | 'guarded' // by the caller's guard: nothing was sent
  | 'too_large';

export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: HttpErrorCode;

  constructor(code: HttpErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export type HttpClient = {
  /** Throws `HttpError` and nothing else; any status is an answer. */
  call(call: HttpCall): Promise<HttpAnswer>;
  close(): Promise<void>;
};

const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

export function createHttpClient(defaults: {
  timeoutMs: number;
  connections?: number;
  /** Larger answers are cut off with `too_large`. */
  maxAnswerBytes?: number;
}): HttpClient {
  const agent = new Agent({ connections: defaults.connections ?? 32, keepAliveTimeout: 4_000 });
  const maxBytes = defaults.maxAnswerBytes ?? MAX_ANSWER_BYTES;
  return {
    call: (call) => send(agent, { timeoutMs: defaults.timeoutMs, maxBytes, ...call }),
    close: () => agent.destroy(),
  };
}

type BoundedCall = HttpCall & { readonly timeoutMs: number; readonly maxBytes: number };

async function send(agent: Agent, call: BoundedCall): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(call.timeoutMs);
  const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
  const guarded: { error?: unknown } = {};
  const dispatcher = call.guard ? agent.compose(guardInterceptor(call.guard, guarded)) : agent;
  try {
    const answer = await request(call.url, {
      method: call.method,
      dispatcher,
      signal,
      ...(call.headers ? { headers: call.headers } : {}),
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    const text = await readText(untilQuiet(answer.body, call.quietMs), call.maxBytes);
    return { status: answer.statusCode, headers: answer.headers, text };
  } catch (error) {
    throw toHttpError(error, { call, guarded, timeout });
  }
}

/** The body as it comes, to its end or to the first pause of `quietMs`. */
async function* untilQuiet(
  body: AsyncIterable<Buffer> & { destroy(): unknown },
  quietMs: number | undefined,
): AsyncGenerator<Buffer> {
  if (quietMs === undefined) {
    yield* body;
    return;
  }
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const quiet = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, quietMs, undefined);
    });
    const next = chunks.next();
    // Cut off by us below: its failure then is no news.
    next.catch(() => {});
    const chunk = await Promise.race([next, quiet]).finally(() => clearTimeout(timer));
    if (chunk === undefined) body.destroy();
    if (chunk === undefined || chunk.done) return;
    yield chunk.value;
  }
}

/** A `content-length` may be missing or wrong, so the bytes themselves are counted. */
async function readText(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes)
      throw new HttpError('too_large', `the answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function toHttpError(
  error: unknown,
  of: { call: BoundedCall; guarded: { error?: unknown }; timeout: AbortSignal },
): HttpError {
  const { call } = of;
  const where = describe(call);
  if (error instanceof HttpError) return new HttpError(error.code, `${where}: ${error.message}`);
  if ('error' in of.guarded)
    return new HttpError('guarded', `${where}: not sent`, of.guarded.error);
  if (call.signal?.aborted) return new HttpError('aborted', `${where}: aborted`, error);
  if (of.timeout.aborted)
    return new HttpError('timeout', `${where}: no answer in ${call.timeoutMs} ms`, error);
  const cause = error instanceof Error ? error.message : String(error);
  return new HttpError('network', `${where}: ${cause}`, error);
}

/** Without query and credentials: what may stand in a log. */
function describe(call: HttpCall): string {
  if (!URL.canParse(call.url)) return `${call.method} (not an address)`;
  const { origin, pathname } = new URL(call.url);
  return `${call.method} ${origin}${pathname}`;
}

/** The zombie guard: `onRequestStart` is called synchronously before the socket is written to. */
function guardInterceptor(
  guard: () => void,
  guarded: { error?: unknown },
): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      ...bind(handler),
      onRequestStart(controller, context) {
        try {
          guard();
        } catch (error) {
          guarded.error = error;
          controller.abort(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        handler.onRequestStart?.(controller, context);
      },
    });
}

function bind(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    onResponseStart: (...args) => handler.onResponseStart?.(...args),
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
    onResponseError: (...args) => handler.onResponseError?.(...args),
  };
}
