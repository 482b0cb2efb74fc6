import type { PullRequestEvent } from '../domain/forge-event.ts';
import { recordOutcome } from '../ledger/deliveries.ts';
import type { Held, Next } from '../ledger/held.ts';
import { advanceRun, listRuns } from '../ledger/runs.ts';
import type { Context } from './context.ts';
import { wakeRunner } from './wake-runner.ts';

/** Closed, merged, or its head branch deleted: what runs for it is stopped and torn down. */
export async function onPullRequestClosed(
  context: Context,
  held: Held,
  source: { readonly deliveryId: string; readonly forge: string; readonly event: PullRequestEvent },
): Promise<Next> {
  const { event } = source;
  const at = context.clock.now();
  await held.transact(async (tx) => {
    const live = await listRuns(tx, {
      forge: source.forge,
      repository: event.repository,
      pull: event.pull,
      live: true,
    });
    for (const run of live) {
      const cancellation = { at, by: event.actor.login, cause: 'pull_request_closed' as const };
      await advanceRun(
        tx,
        run.id,
        { kind: 'cancel-requested', cancellation },
        { at, source: 'webhook', actor: event.actor.login },
      );
      await wakeRunner(tx, context, run, at);
    }
    await recordOutcome(
      tx,
      source.deliveryId,
      live.length > 0 ? 'accepted' : 'ignored',
      live.length > 0 ? null : 'action_not_used',
    );
  });
  return {};
}
