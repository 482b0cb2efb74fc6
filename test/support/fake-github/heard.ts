import { startReceiver } from '../playground.ts';
import { startShop } from './ask.ts';

/** A shop whose App's webhooks are kept, by event. */

export const HOOK_SECRET = 'a-secret-of-this-test';

export async function startHeard(events?: readonly string[]) {
  await using stack = new AsyncDisposableStack();
  const receiver = stack.use(await startReceiver());
  const app = {
    webhookUrl: receiver.url,
    webhookSecret: HOOK_SECRET,
    ...(events ? { events } : {}),
  };
  const shop = stack.use(await startShop({ app }));
  const kept = stack.move();
  const heard = async (event: string, action?: string) => {
    await shop.github.idle();
    return receiver.received
      .filter((one) => one.headers['x-github-event'] === event)
      .map((one) => JSON.parse(one.body) as Record<string, unknown>)
      .filter((payload) => action === undefined || payload.action === action);
  };
  return { shop, receiver, heard, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
