import { readdirSync, readFileSync } from 'node:fs';

export type RecordedExchange = {
  readonly kind: 'api' | 'delivery' | 'stream';
  /** Set when the call went to the forge. */
  readonly server?: string;
  readonly as?: string;
  readonly note?: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  readonly response: { readonly status: number; readonly body: string };
};

export type RecordedCase = {
  readonly case: string;
  readonly secret?: string;
  readonly exchanges: readonly RecordedExchange[];
};

const FOLDER = new URL('../../fixtures/recorded/drone/2.0.4/', import.meta.url);

/** Recorded traffic of Drone 2.0.4, one case by name. */
export function recordedCase(name: string): RecordedCase {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as RecordedCase;
}

export function recordedCases(): readonly RecordedCase[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => recordedCase(file.replace(/\.json$/, '')));
}

/** Body of the nth exchange of a case: of the answer, or of the delivery. */
export function recordedBody(name: string, index: number): unknown {
  const exchange = recordedCase(name).exchanges[index];
  if (exchange === undefined) throw new Error(`${name} has no exchange ${index}`);
  const text = exchange.kind === 'delivery' ? exchange.request.body : exchange.response.body;
  return JSON.parse(text) as unknown;
}

export function recordedDeliveries(): readonly {
  readonly case: string;
  readonly secret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}[] {
  return recordedCases().flatMap(({ case: name, secret = '', exchanges }) =>
    exchanges
      .filter(({ kind }) => kind === 'delivery')
      .map(({ request }) => ({ case: name, secret, ...lowered(request) })),
  );
}

function lowered(request: RecordedExchange['request']): {
  headers: Readonly<Record<string, string>>;
  body: string;
} {
  const headers = Object.entries(request.headers).map(([key, value]) => [key.toLowerCase(), value]);
  return { headers: Object.fromEntries(headers) as Record<string, string>, body: request.body };
}
