import { createHmac, randomUUID } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { createHttpClient, type HttpClient, HttpError } from '../../lib/http-client.ts';
import type { Faults } from './faults.ts';
import type { Tongue } from './tongue.ts';
import type { Hook, Repository } from './world.ts';

/** One webhook request, as the log of the hook's page would show it. */
export type Delivery = {
  readonly id: string;
  readonly hookId: number;
  readonly event: string;
  readonly eventType: string;
  readonly body: string;
  readonly at: number;
  outcome: 'waiting' | 'delivered' | 'refused' | 'failed' | 'lost';
  status: number | undefined;
  error: string | undefined;
};

export type Announcement = {
  /** `X-Gitea-Event`, coarse. */
  readonly event: string;
  /** `X-Gitea-Event-Type`, fine: also the name a hook subscribes to. */
  readonly eventType: string;
  readonly payload: unknown;
  /** Of a push: hooks may filter by it. */
  readonly branch?: string;
};

export type Webhooks = {
  /** Sends to each active hook of the repository that subscribed. Returns at once; each is tried exactly once. */
  send(repository: Repository, announcement: Announcement): void;
  /** Sends to one hook, whatever it subscribed to: for forges whose hooks belong to no repository. */
  sendTo(hook: Hook, announcement: Announcement): void;
  /** The replay button: the same body under a new id. */
  replay(repository: Repository, delivery: Delivery): void;
  /** Redelivers as GitHub does: the same body under the same id, as a further line of the log. */
  again(hook: Hook, delivery: Delivery): void;
  readonly log: readonly Delivery[];
  /** Resolves when nothing waits and nothing is on its way. */
  idle(): Promise<void>;
  close(): Promise<void>;
};

export type WebhookOptions = {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly tongue: Speaking;
  readonly timeoutMs?: number;
  /** Deliveries under way at once: with 1 a slow receiver keeps the others waiting, as in Gitea. */
  readonly workers?: number;
};

/** `[webhook] DELIVER_TIMEOUT` of Gitea: 5 s for the whole exchange. */
const DELIVER_TIMEOUT_MS = 5_000;
const MAX_LOG = 5_000;

type Speaking = Pick<Tongue, 'encode' | 'request' | 'deliveries'>;
type Job = { readonly hook: Hook; readonly delivery: Delivery };

export function createWebhooks(options: WebhookOptions): Webhooks {
  const { clock, faults, tongue } = options;
  const client = createHttpClient({ timeoutMs: options.timeoutMs ?? DELIVER_TIMEOUT_MS });
  const closing = new AbortController();
  const log: Delivery[] = [];
  const queue: Job[] = [];
  const underWay = new Set<Promise<void>>();
  let running = 0;

  const track = (work: Promise<void>) => {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  };
  const pump = async () => {
    running += 1;
    for (let job = take(); job !== undefined; job = take()) await deliver(client, tongue, job);
    running -= 1;
  };
  const take = () => {
    const wild = faults.webhookFaults;
    const index = wild?.shuffle === true ? Math.floor(wild.random() * queue.length) : 0;
    return queue.splice(index, 1)[0];
  };
  const start = async (job: Job) => {
    const wild = faults.webhookFaults;
    const delayMs = (wild?.delayMs ?? 0) * (wild?.shuffle === true ? wild.random() : 1);
    if (delayMs > 0) await clock.sleep(delayMs, closing.signal);
    // A shuffle needs company: let what is announced in the same breath arrive first.
    else if (wild?.shuffle === true) await new Promise(setImmediate);
    queue.push(job);
    if (running < (options.workers ?? 1)) await pump();
  };
  const enqueue = (job: Job) => {
    log.push(job.delivery);
    if (log.length > MAX_LOG) log.shift();
    if (isHit(faults.webhookFaults?.lose, faults)) job.delivery.outcome = 'lost';
    else track(start(job).catch((error: unknown) => fail(job.delivery, error)));
  };

  const sendTo: Webhooks['sendTo'] = (hook, announcement) => {
    const body = tongue.encode(announcement.payload);
    const delivery = newDelivery(hook, { ...announcement, body, at: clock.now() });
    enqueue({ hook, delivery });
    if (!isHit(faults.webhookFaults?.duplicate, faults)) return;
    const isResend = isHit(tongue.deliveries.sameIdShare, faults);
    enqueue({ hook, delivery: { ...delivery, ...(isResend ? {} : { id: randomUUID() }) } });
  };

  return {
    log,
    sendTo,
    send: (repository, announcement) => {
      for (const hook of repository.hooks.values())
        if (wants(hook, announcement)) sendTo(hook, announcement);
    },
    again: (hook, { id, ...rest }) => {
      enqueue({ hook, delivery: { ...newDelivery(hook, { ...rest, at: clock.now() }), id } });
    },
    replay: (repository, delivery) => {
      const hook = repository.hooks.get(delivery.hookId);
      if (hook !== undefined)
        enqueue({ hook, delivery: newDelivery(hook, { ...delivery, at: clock.now() }) });
    },
    idle: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    close: async () => {
      closing.abort(new Error('the playground stops'));
      queue.length = 0;
      await client.close();
      await Promise.all(underWay);
    },
  };
}

function isHit(share: number | undefined, faults: Faults): boolean {
  return share !== undefined && (faults.webhookFaults?.random() ?? 1) < share;
}

function newDelivery(
  hook: Hook,
  from: Pick<Delivery, 'event' | 'eventType' | 'body' | 'at'>,
): Delivery {
  const { event, eventType, body, at } = from;
  return {
    id: randomUUID(),
    hookId: hook.id,
    event,
    eventType,
    body,
    at,
    outcome: 'waiting',
    status: undefined,
    error: undefined,
  };
}

function wants(hook: Hook, { eventType, branch }: Announcement): boolean {
  if (!hook.active || !hook.events.includes(eventType)) return false;
  return branch === undefined || matchesFilter(hook.branchFilter, branch);
}

/** Branch filters are globs; the playground knows `*` only. */
function matchesFilter(filter: string, branch: string): boolean {
  if (filter === '' || filter === '*') return true;
  const pattern = filter.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`).test(branch);
}

/** Never throws: a failed delivery is a fact in the log and is not tried again. */
async function deliver(
  client: HttpClient,
  tongue: Speaking,
  { hook, delivery }: Job,
): Promise<void> {
  try {
    let url = hook.url;
    for (let hop = 0; hop <= tongue.deliveries.maxRedirects; hop += 1) {
      const answer = await client.call({ method: 'POST', url, ...tongue.request(hook, delivery) });
      const { location } = answer.headers;
      delivery.status = answer.status;
      if (![307, 308].includes(answer.status) || typeof location !== 'string') break;
      url = new URL(location, url).href;
    }
    const isFine = delivery.status !== undefined && Math.floor(delivery.status / 100) === 2;
    delivery.outcome = isFine ? 'delivered' : 'refused';
  } catch (error) {
    fail(delivery, error);
  }
}

function fail(delivery: Delivery, error: unknown): void {
  delivery.outcome = 'failed';
  delivery.error = error instanceof HttpError ? `${error.code}: ${error.message}` : String(error);
}

/** Headers and body as Gitea sends them. Without a secret the signature headers are there, but empty. */
export function signedRequest(
  hook: Pick<Hook, 'secret' | 'contentType' | 'authorizationHeader'>,
  delivery: Pick<Delivery, 'id' | 'event' | 'eventType' | 'body'>,
): { headers: Record<string, string>; body: string } {
  const sign = (algorithm: string) =>
    hook.secret === ''
      ? ''
      : createHmac(algorithm, hook.secret).update(delivery.body).digest('hex');
  const sha256 = sign('sha256');
  const isForm = hook.contentType === 'form';
  const headers: Record<string, string> = {
    'user-agent': 'Go-http-client/1.1',
    'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
    'accept-encoding': 'gzip',
    'x-gitea-signature': sha256,
    'x-gogs-signature': sha256,
    'x-hub-signature': `sha1=${sign('sha1')}`,
    'x-hub-signature-256': `sha256=${sha256}`,
    'x-gitea-hook-installation-target-type': 'repository',
    'x-github-hook-installation-target-type': 'repository',
  };
  for (const forge of ['gitea', 'gogs', 'github']) {
    headers[`x-${forge}-delivery`] = delivery.id;
    headers[`x-${forge}-event`] = delivery.event;
    headers[`x-${forge}-event-type`] = delivery.eventType;
  }
  if (hook.authorizationHeader !== '') headers.authorization = hook.authorizationHeader;
  const body = isForm ? new URLSearchParams({ payload: delivery.body }).toString() : delivery.body;
  return { headers, body };
}
