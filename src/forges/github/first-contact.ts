import { z } from 'zod';
import type { HttpClient } from '../../lib/http-client.ts';
import { ForgeError } from '../forge.ts';
import { createGithubClient, parse } from './client.ts';
import type { AppCredentials } from './credentials.ts';

/** What `signalbox setup github` asks GitHub while it waits; every call throws `ForgeError` and nothing else. */
export type FirstContact = {
  /** Asks for the ping again that GitHub sent when it made the App: nobody knew the secret yet. False: there is none. */
  resendPing(): Promise<boolean>;
  /** Accounts that have the App installed. */
  installedOn(): Promise<readonly string[]>;
};

const deliverySchema = z.object({
  id: z.int(),
  event: z.string(),
  status_code: z.number().nullish(),
});
const installationSchema = z.object({ account: z.object({ login: z.string() }).nullish() });

export function createFirstContact(options: {
  readonly forge: string;
  readonly url: string;
  readonly credentials: AppCredentials;
  readonly http: HttpClient;
  readonly now: () => number;
}): FirstContact {
  const client = createGithubClient({
    url: options.url,
    credentials: () => options.credentials,
    http: options.http,
    limits: 'none',
    now: options.now,
    setup: `signalbox setup github ${options.forge}`,
  });
  return {
    async resendPing() {
      const route = 'GET /app/hook/deliveries';
      const answer = await client.asApp({ route, parameters: { per_page: 20 } });
      const pings = parse(answer.data, deliverySchema.array(), route).filter(
        ({ event }) => event === 'ping',
      );
      const [newest] = pings;
      const isRefused = ({ status_code: code }: (typeof pings)[number]) =>
        !code || code < 200 || code > 299;
      if (!newest || !isRefused(newest)) return false;
      const parameters = { delivery_id: newest.id };
      await client.asApp({ route: 'POST /app/hook/deliveries/{delivery_id}/attempts', parameters });
      return true;
    },
    async installedOn() {
      const route = 'GET /app/installations';
      const answer = await client.asApp({ route });
      const found = parse(answer.data, installationSchema.array(), route);
      return found.map(({ account }) => account?.login ?? 'somebody');
    },
  };
}

/** Nothing that GitHub does not answer ends the wait. */
export async function unlessRefused<T>(call: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ForgeError) return otherwise;
    throw error;
  }
}
