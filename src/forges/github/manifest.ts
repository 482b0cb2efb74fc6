import { z } from 'zod';
import { type HttpClient, HttpError } from '../../lib/http-client.ts';
import { ForgeError } from '../forge.ts';
import { EVENTS, PERMISSIONS } from './access.ts';
import type { AppCredentials } from './credentials.ts';

/** GitHub's own limit for the name of an App; it must be free on all of GitHub, and can be changed on its page. */
const LONGEST_NAME = 34;

export type ManifestOptions = {
  /** Key under `forges:`. */
  readonly forge: string;
  /** Public address of the bot. */
  readonly botUrl: string;
  /** Where GitHub sends the browser once the App is made. */
  readonly redirectUrl: string;
};

/** What the App shall be: https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest */
export function createManifest({ forge, botUrl, redirectUrl }: ManifestOptions): object {
  return {
    name: `signalbox-${new URL(botUrl).hostname}`.slice(0, LONGEST_NAME),
    url: botUrl,
    hook_attributes: { url: `${botUrl}/webhooks/${forge}`, active: true },
    redirect_url: redirectUrl,
    public: false,
    default_permissions: PERMISSIONS,
    default_events: EVENTS,
  };
}

/** An organisation's or account's name, as GitHub allows it. */
export const LOGIN = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$/;

/** Page of GitHub that takes the manifest. */
export function creationUrl(
  url: string,
  { organization, state }: { organization: string | undefined; state: string },
): string {
  const place = organization ? `/organizations/${encodeURIComponent(organization)}` : '';
  return `${url}${place}/settings/apps/new?state=${encodeURIComponent(state)}`;
}

const conversionSchema = z.object({
  id: z.int().positive(),
  slug: z.string(),
  html_url: z.url({ protocol: /^https?$/ }),
  pem: z.string().min(1),
  webhook_secret: z.string().min(16),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
});

export type NewApp = AppCredentials & { readonly slug: string; readonly htmlUrl: string };

const TIMEOUT_MS = 20_000;

/** Takes the App's credentials for the code that came with the browser: once, within an hour. */
export async function convertCode(
  http: HttpClient,
  { apiUrl, code }: { readonly apiUrl: string; readonly code: string },
): Promise<NewApp> {
  const label = 'POST /app-manifests/{code}/conversions';
  const answer = await http
    .call({
      method: 'POST',
      url: `${apiUrl}/app-manifests/${encodeURIComponent(code)}/conversions`,
      timeoutMs: TIMEOUT_MS,
      headers: {
        accept: 'application/vnd.github+json',
        'user-agent': 'signalbox',
        'x-github-api-version': '2022-11-28',
      },
    })
    .catch((error: unknown) => {
      if (!(error instanceof HttpError)) throw error;
      throw new ForgeError('unavailable', `${label}: GitHub does not answer`, { cause: error });
    });
  if (answer.status === 404 || answer.status === 422)
    throw new ForgeError(
      'not_found',
      `${label}: ${answer.status}, the code was used or is too old`,
    );
  if (answer.status !== 201)
    throw new ForgeError('unexpected', `${label}: ${answer.status}`, { status: answer.status });
  const parsed = conversionSchema.safeParse(parse(answer.text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const text = `${label}: unexpected answer at ${issue?.path.join('.')}: ${issue?.message}`;
    throw new ForgeError('unexpected', text);
  }
  const { id, slug, pem, client_id: clientId, client_secret: clientSecret } = parsed.data;
  return {
    appId: id,
    privateKey: pem,
    webhookSecret: parsed.data.webhook_secret,
    slug,
    htmlUrl: parsed.data.html_url,
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
