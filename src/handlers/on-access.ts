import type { AccessEvent } from '../domain/forge-event.ts';
import { recordOutcome } from '../ledger/deliveries.ts';
import type { Held, Next } from '../ledger/held.ts';
import { armWaiting } from '../ledger/work.ts';
import type { Context } from './context.ts';

/**
 * Repositories came into reach, or left it. What waits for the forge is tried at once instead of after its pause;
 * without the right, nothing is given up: answers wait until it is there again, and runs go on.
 */
export async function onAccess(
  context: Context,
  held: Held,
  source: { readonly deliveryId: string; readonly forge: string; readonly event: AccessEvent },
): Promise<Next> {
  await held.transact(async (tx) => {
    const { deliveryId, forge, event } = source;
    if (event.access === 'granted')
      await armWaiting(tx, ['command', `report:${forge}`], context.clock.now());
    await recordOutcome(tx, deliveryId, 'accepted', null);
  });
  return {};
}
