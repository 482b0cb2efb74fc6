import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { addUser, type NewUser } from './actions-repositories.ts';
import type { Context } from './context.ts';
import { createFaults, type RequestFault } from './faults.ts';
import { createGit } from './git.ts';
import { parseGitTarget, serveGit } from './git-http.ts';
import { GITEA_TONGUE } from './gitea-tongue.ts';
import { type Reply, readCall, writeReply } from './http.ts';
import { isLiveTarget, serveLive } from './live.ts';
import { answerPage } from './pages.ts';
import { createQueue } from './queue.ts';
import { createStage, type Stage } from './stage.ts';
import type { Tongue } from './tongue.ts';
import { createWebhooks } from './webhooks.ts';
import { createWorld } from './world.ts';

export type PlaygroundOptions = {
  /** Where the git repositories are kept; the rest is in memory. */
  readonly directory: string;
  /** 127.0.0.1 unless told. */
  readonly host?: string;
  /** A free one unless told. */
  readonly port?: number;
  /** Address in links, when it is not the one listened on; no trailing slash. */
  readonly publicUrl?: string;
  readonly users?: readonly NewUser[];
  readonly clock?: Clock;
  /** For links to runs and deliveries in the pages; no trailing slash. */
  readonly signalboxUrl?: string;
  /** Where git is looked for, in the form of PATH. */
  readonly searchPath?: string;
  readonly deliveryTimeoutMs?: number;
  /** Webhooks under way at once; 1 unless told, which keeps their order. */
  readonly deliveryWorkers?: number;
  /** Gitea's unless told. */
  readonly tongue?: Tongue;
};

/** One line for each request served, oldest first; the last 5,000 are kept. */
export type HistoryEntry = {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** Undefined when the connection was broken on purpose. */
  readonly status: number | undefined;
  readonly fault: RequestFault['kind'] | undefined;
};

export type Playground = Stage &
  Pick<Context, 'world' | 'faults'> & {
    /** For a tongue of one's own. @internal */
    readonly context: Context;
    readonly url: string;
    readonly history: readonly HistoryEntry[];
    /** Webhooks, with their outcome. */
    readonly deliveries: Context['webhooks']['log'];
    /** Sends a delivery again, as the replay button does. */
    readonly replay: Context['webhooks']['replay'];
    /** Resolves when no webhook waits or is under way. */
    idle(): Promise<void>;
    /** Refuses connections, until `accept`. Everything is kept. */
    refuse(): Promise<void>;
    accept(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
  };

const MAX_HISTORY = 5_000;

/** Starts a small forge that speaks Gitea's API and webhooks. Stopped by disposing of it. */
export async function createPlayground(options: PlaygroundOptions): Promise<Playground> {
  const clock = options.clock ?? systemClock;
  const faults = createFaults();
  const history: HistoryEntry[] = [];
  const host = options.host ?? '127.0.0.1';
  const server = createServer((request, response) => {
    void serve(context, history, { request, response });
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  const refuse = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });

  await mkdir(options.directory, { recursive: true });
  await listen(options.port ?? 0);
  // A TCP server always has this kind of address.
  const { port } = server.address() as AddressInfo;
  const url = options.publicUrl ?? `http://${host}:${port}`;
  const tongue = options.tongue ?? GITEA_TONGUE;
  const webhooks = createWebhooks({
    tongue,
    clock,
    faults,
    ...(options.deliveryTimeoutMs === undefined ? {} : { timeoutMs: options.deliveryTimeoutMs }),
    ...(options.deliveryWorkers === undefined ? {} : { workers: options.deliveryWorkers }),
  });
  const context: Context = {
    world: createWorld(),
    git: createGit(options.searchPath),
    tongue,
    clock,
    url,
    directory: options.directory,
    faults,
    webhooks,
    signalboxUrl: options.signalboxUrl,
    exclusively: createQueue(),
  };
  for (const user of options.users ?? []) addUser(context, user);

  return {
    ...createStage(context),
    url,
    context,
    world: context.world,
    faults,
    history,
    deliveries: webhooks.log,
    replay: (...delivery) => webhooks.replay(...delivery),
    idle: () => webhooks.idle(),
    refuse,
    accept: () => listen(port),
    [Symbol.asyncDispose]: async () => {
      await refuse();
      await webhooks.close();
    },
  };
}

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

/** Never throws: what goes wrong inside is a 500, as with any server. */
async function serve(context: Context, history: HistoryEntry[], exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const method = request.method ?? 'GET';
  const path = request.url ?? '/';
  const fault = context.faults.take(method, path);
  const at = context.clock.now();
  try {
    await answer(context, exchange, fault);
  } catch (error) {
    const body = error instanceof Error ? `${error.message}\n` : '';
    if (response.headersSent) response.destroy();
    else writeReply(response, { status: 500, headers: { 'content-type': 'text/plain' }, body });
  }
  const status = response.headersSent ? response.statusCode : undefined;
  history.push({ at, method, path, status, fault: fault?.kind });
  if (history.length > MAX_HISTORY) history.shift();
}

async function answer(
  context: Context,
  exchange: Exchange,
  fault: RequestFault | undefined,
): Promise<void> {
  const { request, response } = exchange;
  const target = request.url ?? '/';
  if (fault?.kind === 'reset-before') return void request.socket.destroy();
  const isOvertaken = fault?.kind === 'overtaken';
  if (fault?.delayMs !== undefined && !isOvertaken) await context.clock.sleep(fault.delayMs);
  if (context.faults.unavailable) return writeReply(response, { status: 503 });
  if (fault?.kind === 'before') return writeReply(response, brokenReply(fault));
  if (parseGitTarget(target) !== undefined) return serveGit(context, request, response);
  if (isLiveTarget(target)) return serveLive(context, response);
  const call = await readCall(request);
  if (call === undefined) return writeReply(response, { status: 413 });
  if (isOvertaken) {
    writeReply(response, brokenReply(fault));
    await context.clock.sleep(fault.delayMs ?? 0);
  }
  const { tongue } = context;
  const isApi = tongue.isApi(call.path);
  const reply = await (isApi ? tongue.answer(context, call) : answerPage(context, call));
  if (isOvertaken) return;
  if (fault?.kind === 'reset-after') return void request.socket.destroy();
  writeReply(response, fault?.kind === 'after' ? brokenReply(fault) : reply);
}

/** As a proxy before the forge answers when the forge behind it is in trouble. */
function brokenReply(fault: RequestFault): Reply {
  const status = fault.status ?? 502;
  const body = '<html><body><h1>Bad Gateway</h1></body></html>';
  return { status, headers: { 'content-type': 'text/html' }, body };
}

/** For the message of a failed test. @internal */
export function formatHistory(history: readonly HistoryEntry[]): string {
  return history
    .map(({ at, method, path, status, fault }) => {
      const note = fault === undefined ? '' : ` (fault: ${fault})`;
      return `${new Date(at).toISOString()} ${method} ${path} ${status ?? 'broken off'}${note}`;
    })
    .join('\n');
}
