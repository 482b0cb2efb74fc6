import type { FastifyInstance } from 'fastify';
import type { App } from './app.ts';
import type { CommentEvent } from './domain/forge-event.ts';
import type { Forge } from './forges/forge.ts';
import { executionKind } from './handlers/wake-runner.ts';
import { addToCounters, countUnfinished } from './ledger/deliveries.ts';
import { migrate } from './ledger/migrate.ts';
import { holdDirectory } from './ledger/sole-owner.ts';
import { checkpoint } from './ledger/sqlite.ts';
import { endLeasesOf } from './ledger/work.ts';
import { type Repeater, repeat } from './lib/repeat.ts';
import { catchUp } from './maintenance/catch-up.ts';
import { sweep } from './maintenance/janitor.ts';
import { reconcile } from './maintenance/reconcile.ts';
import type { Dispatcher } from './queue/dispatcher.ts';
import { isDeadOwner } from './queue/owner.ts';

/** `web` answers webhooks and serves pages, `worker` does the work; one process may do both. */
export type Role = 'all' | 'web' | 'worker';

export type Service = {
  /** Base address that it really listens on, e.g. `http://127.0.0.1:8080`; empty for a pure worker. */
  readonly address: string;
  readonly dispatcher: Dispatcher | undefined;
  /** Looks once for what no webhook brought; resolves with the number of comments handed in. */
  catchUpNow(): Promise<number>;
  /** Takes no new work, finishes or hands back what is held, closes everything. */
  stop(): Promise<void>;
};

const RECONCILE_MS = 60_000;
const UPKEEP_MS = 1_000;
const DRAIN_MS = 20_000;

/**
 * Boot, in this order, each step before the next: ledger and schema, sole ownership of the data directory, leases of
 * the dead, janitor, work, listener, catch-up. Whatever fails ends the start.
 */
export async function startService(app: App, role: Role): Promise<Service> {
  const { ledger, config, log } = app;
  await migrate(ledger);
  const freeDirectory = ledger.dialect === 'sqlite' ? holdDirectory(config.data) : () => {};
  const isWorker = role !== 'web';
  const isWeb = role !== 'worker';
  const ended = await endLeasesOf(ledger.db, isDeadOwner);
  if (ended > 0) log.info({ ended }, 'took over the leases of processes that died');
  if (isWorker) await janitor(app);
  await reconcileNow(app);

  const dispatcher = isWorker ? app.createDispatcher() : undefined;
  dispatcher?.start();
  app.onArrival(() => dispatcher?.nudge());
  const server = isWeb ? await app.createServer(dispatcher) : undefined;
  const address = server
    ? await server.listen({ host: config.listen.host, port: config.listen.port })
    : '';
  const catchUpNow = () => catchUpAll(app, dispatcher);
  const onError = (task: string) => (error: unknown) =>
    log.warn({ err: error }, `${task} failed, will be tried again`);
  const { clock } = app;
  const repeaters: Repeater[] = [
    repeat({ clock, everyMs: UPKEEP_MS, onError: onError('upkeep') }, () => upkeep(app)),
    repeat({ clock, everyMs: RECONCILE_MS, onError: onError('reconcile') }, () =>
      reconcileNow(app),
    ),
  ];
  if (isWorker)
    repeaters.push(
      repeat({ clock, everyMs: RECONCILE_MS, onError: onError('janitor') }, () => janitor(app)),
    );
  if (isWeb) {
    const everyMs = config.catchUpSeconds * 1_000;
    await catchUpNow().catch(onError('catch-up'));
    repeaters.push(repeat({ clock, everyMs, onError: onError('catch-up') }, catchUpNow));
  }
  return {
    address,
    dispatcher,
    catchUpNow,
    stop: () => stop(app, { server, dispatcher, repeaters, freeDirectory }),
  };
}

async function stop(
  app: App,
  parts: {
    server: FastifyInstance | undefined;
    dispatcher: Dispatcher | undefined;
    repeaters: readonly Repeater[];
    freeDirectory: () => void;
  },
): Promise<void> {
  await parts.server?.close();
  await Promise.all(parts.repeaters.map((repeater) => repeater.stop()));
  await parts.dispatcher?.drain(DRAIN_MS);
  await flushCounts(app);
  await app.close();
  parts.freeDirectory();
}

async function janitor(app: App): Promise<void> {
  const { ledger, owner, leaseMs, clock } = app;
  for (const runner of app.localRunners) {
    const kind = executionKind(runner.name);
    const swept = await sweep({ ledger, runner, kind, owner, leaseMs, now: clock.now });
    for (const one of swept) app.log.info(one, 'the janitor removed what a run had left');
  }
}

async function reconcileNow(app: App): Promise<void> {
  const { localRunners } = app.context;
  const kindOfRun = (runner: string) => (localRunners.has(runner) ? executionKind(runner) : 'run');
  const repairs = await reconcile(app.ledger, { now: app.clock.now(), kindOfRun });
  for (const repair of repairs)
    app.log.warn(repair, 'reconcile found work that nobody would have done');
}

/** Small chores: counts to the ledger, the intake's bound, the write-ahead log into the file. */
async function upkeep(app: App): Promise<void> {
  await flushCounts(app);
  app.setOverloaded((await countUnfinished(app.ledger.db)) >= app.config.limits.maxUnfinished);
  if (app.ledger.sqlite) checkpoint(app.ledger.sqlite);
}

async function flushCounts({ intake, ledger }: App): Promise<void> {
  await addToCounters(ledger.db, intake.drainCounts());
}

async function catchUpAll(app: App, dispatcher: Dispatcher | undefined): Promise<number> {
  let taken = 0;
  for (const forge of app.forges.values()) {
    const repositories = await connectedRepositories(app, forge);
    const take = (from: Forge, event: CommentEvent) => takeComment(app, from, event);
    taken += await catchUp({ ledger: app.ledger, forge, repositories, now: app.clock.now, take });
  }
  dispatcher?.nudge();
  return taken;
}

async function connectedRepositories(app: App, forge: Forge): Promise<readonly string[]> {
  const patterns = app.config.forges[forge.name]?.repositories ?? [];
  return forge.listRepositories(patterns);
}

/** The same door as a webhook's; the comment as we read it stands for the body that we did not get. */
function takeComment({ intake }: App, forge: Forge, event: CommentEvent): Promise<unknown> {
  return intake.take({
    forge: forge.name,
    source: 'catch-up',
    event,
    deliveryId: undefined,
    headers: {},
    body: Buffer.from(JSON.stringify(event.comment)),
  });
}
