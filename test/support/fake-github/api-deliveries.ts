import type { Reply } from '../../../src/forges/playground/http.ts';
import type { Delivery } from '../../../src/forges/playground/webhooks.ts';
import { type AppCall, json, notFound, number } from './call.ts';
import { hookHeaders } from './hook-request.ts';
import type { App, Scene } from './hub.ts';
import { isoTime, type Json } from './views.ts';

/** The log of the App's webhook, newest first. GitHub keeps it for three days. */
const KEPT_MS = 3 * 24 * 3_600_000;

export function deliveryIdOf({ hub }: Scene, delivery: Delivery): number {
  const known = hub.deliveryIds.get(delivery);
  if (known !== undefined) return known;
  const id = hub.nextId.delivery++;
  hub.deliveryIds.set(delivery, id);
  return id;
}

/** Oldest first, with what has been tried: what waits is not in the log yet. */
export function deliveriesOf(scene: Scene, app: App): Delivery[] {
  const { webhooks, clock } = scene.context;
  const own = webhooks.log.filter((delivery) => delivery.hookId === app.hook.id);
  // Numbered in the order they were announced, whether they are shown yet or not.
  for (const delivery of own) deliveryIdOf(scene, delivery);
  return own.filter(
    (delivery) => delivery.outcome !== 'waiting' && delivery.at + KEPT_MS > clock.now(),
  );
}

/** What never came to us is in GitHub's log as a failure to connect, like what met a closed door. */
function outcomeOf(delivery: Delivery): { status: string; status_code: number } {
  const { outcome, status, error = '' } = delivery;
  if (outcome === 'delivered') return { status: 'OK', status_code: status ?? 200 };
  if (outcome === 'refused')
    return { status: `Invalid HTTP Response: ${status ?? 0}`, status_code: status ?? 0 };
  if (error.startsWith('timeout')) return { status: 'timed out', status_code: 504 };
  return { status: 'failed to connect to host', status_code: 502 };
}

type Told = {
  readonly action?: string;
  readonly installation?: { readonly id: number };
  readonly repository?: { readonly id: number };
};

export function deliveryView(scene: Scene, log: readonly Delivery[], delivery: Delivery): Json {
  const payload = JSON.parse(delivery.body) as Told;
  const first = log.find((one) => one.id === delivery.id);
  return {
    id: deliveryIdOf(scene, delivery),
    guid: delivery.id,
    delivered_at: isoTime(delivery.at),
    redelivery: first !== delivery,
    duration: 0.27,
    ...outcomeOf(delivery),
    event: delivery.event,
    action: payload.action ?? null,
    installation_id: payload.installation?.id ?? null,
    repository_id: payload.repository?.id ?? null,
    throttled_at: null,
  };
}

/** By cursor, not by page: an address that holds while new ones come in on top. */
export function listDeliveries(call: AppCall): Reply {
  const log = deliveriesOf(call, call.app);
  const size = Math.min(Number.parseInt(call.query.get('per_page') ?? '', 10) || 30, 100);
  const cursor = Number(/^v1_(\d+)$/.exec(call.query.get('cursor') ?? '')?.[1] ?? Infinity);
  const older = log.toReversed().filter((one) => deliveryIdOf(call, one) < cursor);
  const rows = older.slice(0, size);
  const last = rows.at(-1);
  const query = new URLSearchParams(call.query);
  if (last !== undefined) query.set('cursor', `v1_${deliveryIdOf(call, last)}`);
  const next = `<${call.context.url}${call.path}?${query.toString()}>; rel="next"`;
  const headers: Record<string, string> = older.length > rows.length ? { link: next } : {};
  return json(
    200,
    rows.map((one) => deliveryView(call, log, one)),
    headers,
  );
}

function requireDelivery(call: AppCall, id: string): Delivery {
  const found = deliveriesOf(call, call.app).find((one) => deliveryIdOf(call, one) === number(id));
  if (found === undefined) throw notFound();
  return found;
}

export function getDelivery(call: AppCall, id: string): Reply {
  const delivery = requireDelivery(call, id);
  const log = deliveriesOf(call, call.app);
  const isAnswered = delivery.status !== undefined;
  return json(200, {
    ...deliveryView(call, log, delivery),
    url: call.app.hook.url,
    request: {
      headers: hookHeaders(call.app, delivery),
      payload: JSON.parse(delivery.body) as Json,
    },
    response: { headers: isAnswered ? {} : null, payload: isAnswered ? '' : null },
  });
}

/** The same body under the same GUID. Answered before it is tried. */
export function attemptDelivery(call: AppCall, id: string): Reply {
  call.context.webhooks.again(call.app.hook, requireDelivery(call, id));
  return json(202, {});
}
