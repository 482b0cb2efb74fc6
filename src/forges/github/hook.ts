import { z } from 'zod';
import { type CallOptions, type Forge, ForgeError } from '../forge.ts';
import { EVENTS } from './access.ts';
import { type GithubClient, parse } from './client.ts';

const CONFIG = '/app/hook/config';

const configSchema = z.object({
  url: z.string().nullish(),
  content_type: z.string().nullish(),
  insecure_ssl: z.union([z.string(), z.number()]).nullish(),
});

/**
 * The App has one webhook for all its repositories. So `connect` looks that the App is installed on this one, that
 * it hears all events that we use, and sets the webhook's address, form and secret right.
 */
export function createEnsureWebhook(
  client: GithubClient,
  secret: () => string | undefined,
): Forge['ensureWebhook'] {
  return async (repository, target, options) => {
    await client.installationOf(repository, options);
    await requireEvents(client, options);
    const route = `GET ${CONFIG}`;
    const known = parse((await client.asApp({ route, options })).data, configSchema, route);
    const isGood =
      known.url === target &&
      known.content_type === 'json' &&
      String(known.insecure_ssl ?? '0') === '0';
    if (isGood) return { outcome: 'unchanged', id: 'app' };
    const wanted = { url: target, content_type: 'json', insecure_ssl: '0', secret: secret() };
    // As `data`: a parameter called `url` would be taken for the address of the request, secret and all.
    await client.asApp({ route: `PATCH ${CONFIG}`, parameters: { data: wanted }, options });
    return { outcome: known.url ? 'repaired' : 'created', id: 'app' };
  };
}

/** Which events an App hears only its owner can change, on its page. */
async function requireEvents(client: GithubClient, options?: CallOptions): Promise<void> {
  const route = 'GET /app';
  const schema = z.object({ html_url: z.string(), events: z.string().array() });
  const app = parse((await client.asApp({ route, options })).data, schema, route);
  const missing = EVENTS.filter((event) => !app.events.includes(event));
  if (missing.length === 0) return;
  const text = `the App does not hear ${missing.join(', ')}: tick these events on its settings page (${app.html_url})`;
  throw new ForgeError('forbidden', text);
}
