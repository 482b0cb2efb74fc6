import type { ServerResponse } from 'node:http';
import type { Context } from './context.ts';

/** The stream of a pull request's page. */
export function isLiveTarget(target: string): boolean {
  return /^\/[^/]+\/[^/]+\/pulls\/\d+\/live$/.test(target);
}

/** An open stream that says "changed" after every change; the page's script then fetches itself again. */
export function serveLive(context: Context, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write('retry: 1000\n\n');
  const tell = () => void response.write('data: changed\n\n');
  context.world.watchers.add(tell);
  response.on('close', () => context.world.watchers.delete(tell));
}
