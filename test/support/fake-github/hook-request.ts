import { createHmac } from 'node:crypto';
import type { Delivery } from '../../../src/forges/playground/webhooks.ts';
import type { App } from './hub.ts';

type Sent = Pick<Delivery, 'id' | 'event' | 'body'>;

/** As `GET /app/hook/deliveries/{id}` shows them, too. */
export function hookHeaders(app: App, delivery: Sent): Record<string, string> {
  const { hook } = app;
  const sign = (algorithm: string) =>
    createHmac(algorithm, hook.secret).update(delivery.body).digest('hex');
  return {
    Accept: '*/*',
    'Content-Type': 'application/json',
    'User-Agent': 'GitHub-Hookshot/044aadd',
    'X-GitHub-Delivery': delivery.id,
    'X-GitHub-Event': delivery.event,
    'X-GitHub-Hook-ID': String(hook.id),
    'X-GitHub-Hook-Installation-Target-ID': String(app.id),
    'X-GitHub-Hook-Installation-Target-Type': 'integration',
    // Without a secret GitHub does not sign at all.
    ...(hook.secret === ''
      ? {}
      : {
          'X-Hub-Signature': `sha1=${sign('sha1')}`,
          'X-Hub-Signature-256': `sha256=${sign('sha256')}`,
        }),
  };
}
