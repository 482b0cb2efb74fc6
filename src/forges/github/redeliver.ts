import { z } from 'zod';
import { type Forge, ForgeError } from '../forge.ts';
import { type GithubClient, PAGE_SIZE, parse } from './client.ts';

const deliverySchema = z.object({
  id: z.int(),
  guid: z.string(),
  delivered_at: z.string(),
  status_code: z.number().nullish(),
});
type Delivery = z.output<typeof deliverySchema>;

/** GitHub keeps deliveries for three days. */
const MAX_PAGES = 50;

/**
 * GitHub sends each delivery once, and keeps a log. Those of which no try got an answer are asked for again; a
 * redelivery has the same guid. The list is newest first, so it is read back to `since` and no further.
 */
export function createRedeliver(client: GithubClient): Forge['redeliverFailed'] {
  return async (since, options) => {
    const arrived = new Set<string>();
    const failed = new Map<string, Delivery>();
    for await (const delivery of deliveriesSince(client, since, options)) {
      const status = delivery.status_code ?? 0;
      // What we refused we would refuse again.
      if (status > 0 && status < 500) arrived.add(delivery.guid);
      else if (!failed.has(delivery.guid)) failed.set(delivery.guid, delivery);
    }
    let asked = 0;
    for (const { guid, id } of failed.values()) {
      if (arrived.has(guid)) continue;
      const route = 'POST /app/hook/deliveries/{delivery_id}/attempts';
      const parameters = { delivery_id: id };
      await client.asApp({ route, parameters, options }).catch(tolerateGone);
      asked += 1;
    }
    return asked;
  };
}

async function* deliveriesSince(
  client: GithubClient,
  since: Date,
  options: Parameters<Forge['redeliverFailed']>[1],
): AsyncGenerator<Delivery> {
  const route = 'GET /app/hook/deliveries';
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const parameters = { per_page: PAGE_SIZE, ...(cursor ? { cursor } : {}) };
    const answer = await client.asApp({ route, parameters, options });
    for (const delivery of parse(answer.data, deliverySchema.array(), route)) {
      if (new Date(delivery.delivered_at) < since) return;
      yield delivery;
    }
    cursor = /[?&]cursor=([^&>]+)[^>]*>;\s*rel="next"/.exec(answer.headers.link ?? '')?.[1];
    if (cursor === undefined) return;
    cursor = decodeURIComponent(cursor);
  }
}

/** Too old to be sent again. */
function tolerateGone(error: unknown): void {
  if (!(error instanceof ForgeError) || !['not_found', 'invalid'].includes(error.code)) throw error;
}
