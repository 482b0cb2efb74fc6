import type { ForgeEvent } from '../domain/forge-event.ts';
import { loadDelivery, recordOutcome } from '../ledger/deliveries.ts';
import type { Held, Next, Processor } from '../ledger/held.ts';
import { arm } from '../ledger/work.ts';
import type { Context } from './context.ts';
import { onAccess } from './on-access.ts';
import { onButton } from './on-button.ts';
import { onComment } from './on-comment.ts';
import { onPullRequestClosed } from './on-pull-request.ts';

/** What a delivery says: a forge's event, or word of a build. */
export type DeliveredFact = ForgeEvent | { readonly kind: 'build-updated'; readonly runId: string };

/** Takes a delivery from the inbox and turns it into commands, cancellations or a nudge. */
export function createDeliveryProcessor(context: Context): Processor {
  return async (held) => {
    const delivery = await loadDelivery(context.ledger.db, held.lease.subject);
    const fact = JSON.parse(delivery.fact_json) as DeliveredFact;
    const source = {
      deliveryId: delivery.id,
      forge: delivery.forge,
      receivedAt: delivery.received_at,
    };
    switch (fact.kind) {
      case 'comment-created':
      case 'comment-edited':
      case 'comment-deleted':
        return onComment(context, held, { ...source, event: reviveDates(fact) });
      case 'pull-request-closed':
        return onPullRequestClosed(context, held, { ...source, event: fact });
      case 'build-updated':
        return onBuildUpdated(context, held, { ...source, runId: fact.runId });
      case 'pull-request-opened':
      case 'pull-request-updated':
        return finish(held, delivery.id, 'action_not_used');
      case 'button-pressed':
        return onButton(context, held, { ...source, event: fact });
      case 'access-changed':
        return onAccess(context, held, { ...source, event: fact });
      case 'ignored':
        return finish(held, delivery.id, fact.reason);
    }
  };
}

async function finish(held: Held, deliveryId: string, reason: string): Promise<Next> {
  await held.transact((tx) => recordOutcome(tx, deliveryId, 'ignored', reason));
  return {};
}

/** The webhook is a hint: it only makes us look at the build at once. */
async function onBuildUpdated(
  context: Context,
  held: Held,
  source: { deliveryId: string; runId: string },
): Promise<Next> {
  await held.transact(async (tx) => {
    const known = await tx
      .selectFrom('runs')
      .select('id')
      .where('id', '=', source.runId)
      .executeTakeFirst();
    if (known) await arm(tx, 'run', source.runId, context.clock.now());
    await recordOutcome(
      tx,
      source.deliveryId,
      known ? 'accepted' : 'ignored',
      known ? null : 'not_our_build',
    );
  });
  return {};
}

function reviveDates<E extends Extract<ForgeEvent, { comment: unknown }>>(event: E): E {
  const { createdAt, updatedAt } = event.comment;
  return {
    ...event,
    comment: { ...event.comment, createdAt: new Date(createdAt), updatedAt: new Date(updatedAt) },
  };
}
