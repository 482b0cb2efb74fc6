import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookRequest } from '../forge.ts';

/** HMAC-SHA256 over the raw bytes. The SHA-1 header that GitHub sends besides proves nothing and is not looked at. */
export function hasValidSignature({ headers, body }: WebhookRequest, secret: string): boolean {
  const given = /^sha256=([0-9a-f]{64})$/.exec(headers['x-hub-signature-256'] ?? '')?.[1];
  if (given === undefined || secret === '') return false;
  const wanted = createHmac('sha256', secret).update(body).digest();
  return timingSafeEqual(wanted, Buffer.from(given, 'hex'));
}
