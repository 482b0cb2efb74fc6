import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookRequest } from '../forge.ts';
import type { Dialect } from './dialect.ts';

/**
 * HMAC-SHA256 over the payload: the raw body, but for a form the decoded `payload` value. A hook without a secret
 * sends the headers empty; missing and empty are both false.
 */
export function hasValidSignature(
  request: WebhookRequest,
  dialect: Dialect,
  secret: string,
): boolean {
  const given = signatureOf(request, dialect);
  if (!/^[0-9a-f]{64}$/i.test(given)) return false;
  const wanted = createHmac('sha256', secret).update(payloadBytes(request)).digest();
  return timingSafeEqual(wanted, Buffer.from(given, 'hex'));
}

function signatureOf(request: WebhookRequest, dialect: Dialect): string {
  const own = headerOf(request, dialect, 'signature');
  return own || (request.headers['x-hub-signature-256']?.replace(/^sha256=/, '') ?? '');
}

/** A header of the server's own family, or of Gitea's. */
export function headerOf(request: WebhookRequest, dialect: Dialect, name: string): string {
  for (const prefix of dialect.headerPrefixes) {
    const value = request.headers[prefix + name];
    if (value) return value;
  }
  return '';
}

export function isForm(request: WebhookRequest): boolean {
  const type = request.headers['content-type']?.toLowerCase() ?? '';
  return type.startsWith('application/x-www-form-urlencoded');
}

/** The JSON text as the server signed it. */
export function payloadBytes(request: WebhookRequest): Buffer {
  if (!isForm(request)) return request.body;
  return Buffer.from(new URLSearchParams(request.body.toString('utf8')).get('payload') ?? '');
}
