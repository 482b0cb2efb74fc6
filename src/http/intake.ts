import { createHash } from 'node:crypto';
import type { Comment, ForgeEvent, IgnoreReason } from '../domain/forge-event.ts';
import { deletionKey } from '../ledger/deliveries.ts';
import { type Inbox, InboxFull, type NewDelivery } from '../ledger/inbox.ts';
import { crashPoint } from '../lib/crash-point.ts';

/** What the sender of a delivery is told. */
export type IntakeAnswer =
  | { readonly outcome: 'accepted'; readonly id: string }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'ignored'; readonly reason: IgnoreReason };

/** A fact found at the door: from a webhook, from catch-up, or typed at the command line. */
export type Arrival = {
  readonly forge: string;
  readonly source: NewDelivery['source'];
  readonly event: ForgeEvent | { readonly kind: 'build-updated'; readonly runId: string };
  /** The forge's delivery id, used where the event has no identity of its own. */
  readonly deliveryId: string | undefined;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
};

export type Intake = {
  /** Resolves after the commit. Throws `Overloaded` or the database's error: nothing was kept then. */
  take(arrival: Arrival): Promise<IntakeAnswer>;
  /** Counted, not kept. */
  ignore(forge: string, reason: IgnoreReason): IntakeAnswer;
  /** Takes the counts since the last call. */
  drainCounts(): ReadonlyMap<string, number>;
};

export class Overloaded extends Error {
  override readonly name = 'Overloaded';
}

/** Reasons worth a row of their own, because somebody may ask why nothing happened. The rest is only counted. */
const TELLING: ReadonlySet<IgnoreReason> = new Set([
  'repository_not_allowed',
  'not_a_pull_request',
  'edited_by_other',
  'review_without_id',
  'test_delivery',
]);

export function createIntake(options: {
  inbox: Inbox;
  newId: () => string;
  now: () => number;
  isAllowed: (forge: string, repository: string) => boolean;
  /** Too much unfinished work: refuse rather than hoard. */
  isOverloaded: () => boolean;
}): Intake {
  let counts = new Map<string, number>();
  const ignore = (forge: string, reason: IgnoreReason): IntakeAnswer => {
    const name = `ignored:${forge}:${reason}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return { outcome: 'ignored', reason };
  };

  const take = async (arrival: Arrival): Promise<IntakeAnswer> => {
    const event = admit(arrival, options.isAllowed);
    if (event.kind === 'ignored' && !TELLING.has(event.reason))
      return ignore(arrival.forge, event.reason);
    if (options.isOverloaded()) throw new Overloaded('too many accepted commands are unfinished');
    const id = options.newId();
    const outcome = await options.inbox.record({
      id,
      forge: arrival.forge,
      source: arrival.source,
      dedupeKey: dedupeKey(event, arrival.deliveryId ?? id),
      event: event.kind,
      repository: 'repository' in event ? event.repository : undefined,
      receivedAt: options.now(),
      headersJson: JSON.stringify(arrival.headers),
      body: arrival.body,
      factJson: JSON.stringify(event),
    });
    crashPoint('intake.after-commit');
    if (outcome === 'duplicate') return { outcome };
    return event.kind === 'ignored' ? ignore(arrival.forge, event.reason) : { outcome, id };
  };

  return {
    ignore,
    take: (arrival) =>
      take(arrival).catch((error) => {
        throw error instanceof InboxFull ? new Overloaded(error.message) : error;
      }),
    drainCounts: () => {
      const drained = counts;
      counts = new Map();
      return drained;
    },
  };
}

function admit(
  { event, forge }: Arrival,
  isAllowed: (forge: string, repository: string) => boolean,
): Arrival['event'] {
  if (!('repository' in event) || isAllowed(forge, event.repository)) return event;
  return { kind: 'ignored', reason: 'repository_not_allowed' };
}

/**
 * What makes two deliveries the same. A replay on Gitea has a new delivery id, and catch-up has none: so a comment
 * is known by its id and text, whichever way it comes, and only the rest by the id of its delivery.
 */
function dedupeKey(event: Arrival['event'], deliveryId: string): string {
  switch (event.kind) {
    case 'comment-created':
    case 'comment-edited':
      return commentKey(event.comment);
    case 'comment-deleted':
      return deletionKey(event.comment.id);
    case 'pull-request-opened':
    case 'pull-request-updated':
    case 'pull-request-closed':
    case 'button-pressed':
    case 'access-changed':
    case 'build-updated':
      return `${event.kind}:${deliveryId}`;
    case 'ignored':
      return event.comment ? commentKey(event.comment) : `${event.kind}:${deliveryId}`;
  }
}

function commentKey({ id, body }: Pick<Comment, 'id' | 'body'>): string {
  return `comment:${id}:${digest(body)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
