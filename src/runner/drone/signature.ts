import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A delivery is as old as its Date says; both directions, because clocks differ. */
const MAX_AGE_MS = 15 * 60_000;
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

export type SignedRequest = {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
};

/**
 * Drone signs only Date and Digest (HTTP signatures, `hmac-sha256`, key id `hmac-key`). Its own client library
 * stops there; the digest has to be compared with the body, and the date with the clock, or bodies can be
 * swapped and old deliveries replayed. An empty secret verifies nothing.
 */
export function verifySignature(request: SignedRequest, secret: string, nowMs: number): boolean {
  const { signature, date, digest } = request.headers;
  if (secret === '' || !signature || !date || !digest) return false;
  const params = parseParams(signature);
  if (params?.get('keyId') !== 'hmac-key' || params.get('algorithm') !== 'hmac-sha256')
    return false;
  const signed = signedText(params.get('headers'), { date, digest });
  if (signed === undefined) return false;
  const expected = createHmac('sha256', secret).update(signed).digest('base64');
  const bodyDigest = `SHA-256=${createHash('sha256').update(request.body).digest('base64')}`;
  const isSigned = isSame(params.get('signature') ?? '', expected);
  const isBody = isSame(digest, bodyDigest);
  return isSigned && isBody && isRecent(date, nowMs);
}

/** Parameters in any order; a repeated one makes the header meaningless. */
function parseParams(header: string): Map<string, string> | undefined {
  const params = new Map<string, string>();
  for (const [, name = '', value = ''] of header.matchAll(/(\w+)="([^"]*)"/g)) {
    if (params.has(name)) return undefined;
    params.set(name, value);
  }
  return params;
}

/** The text that was signed: the named headers in the order named; both of ours must be among them. */
function signedText(
  names: string | undefined,
  values: Readonly<Record<'date' | 'digest', string>>,
): string | undefined {
  const order = names?.toLowerCase().split(' ') ?? [];
  if (order.toSorted().join(' ') !== 'date digest') return undefined;
  return order
    .map((name) => `${name}: ${name === 'date' ? values.date : values.digest}`)
    .join('\n');
}

function isRecent(date: string, nowMs: number): boolean {
  return HTTP_DATE.test(date) && Math.abs(nowMs - Date.parse(date)) <= MAX_AGE_MS;
}

function isSame(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
