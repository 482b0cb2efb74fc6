import { z } from 'zod';
import { type CallOptions, type Forge, ForgeError } from '../forge.ts';
import { type GithubClient, parse } from './client.ts';
import { PAGE_SIZE } from './pages.ts';

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
export function createRedeliver(client: Pick<GithubClient, 'asApp'>): Forge['redeliverFailed'] {
  return async (since, options) => {
    const arrived = new Set<string>();
    const failed = new Map<string, Delivery>();
    let seenUntil = new Date(0);
    for await (const delivery of newestFirst(client, options)) {
      const at = new Date(delivery.delivered_at);
      if (at > seenUntil) seenUntil = at;
      if (since === undefined || at < since) break;
      const status = delivery.status_code ?? 0;
      // What we refused we would refuse again.
      if (status > 0 && status < 500) arrived.add(delivery.guid);
      else if (!failed.has(delivery.guid)) failed.set(delivery.guid, delivery);
    }
    const missed = [...failed.values()].filter(({ guid }) => !arrived.has(guid));
    for (const { id } of missed) {
      const route = 'POST /app/hook/deliveries/{delivery_id}/attempts';
      const parameters = { delivery_id: id };
      await client.asApp({ route, parameters, options }).catch(tolerateGone);
    }
    return { asked: missed.length, seenUntil };
  };
}

async function* newestFirst(
  client: Pick<GithubClient, 'asApp'>,
  options: CallOptions | undefined,
): AsyncGenerator<Delivery> {
  const route = 'GET /app/hook/deliveries';
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const parameters = { per_page: PAGE_SIZE, ...(cursor ? { cursor } : {}) };
    const answer = await client.asApp({ route, parameters, options });
    yield* parse(answer.data, deliverySchema.array(), route);
    const next = /[?&]cursor=([^&>]+)[^>]*>;\s*rel="next"/.exec(answer.headers.link ?? '')?.[1];
    if (next === undefined) return;
    cursor = decodeURIComponent(next);
  }
}

/** Too old to be sent again. */
function tolerateGone(error: unknown): void {
  if (!(error instanceof ForgeError) || !['not_found', 'invalid'].includes(error.code)) throw error;
}
