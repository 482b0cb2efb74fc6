import { mkdirSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import type { App } from './app.ts';
import type { CommentEvent } from './domain/forge-event.ts';
import type { Config } from './domain/operator-schema.ts';
import { repositoryAllowed } from './domain/repository-pattern.ts';
import type { Run } from './domain/run.ts';
import { type Forge, ForgeError } from './forges/forge.ts';
import { executionKind } from './handlers/wake-runner.ts';
import { type Ledger, openLedger } from './ledger/database.ts';
import { addToCounters, countUnfinished } from './ledger/deliveries.ts';
import { migrate } from './ledger/migrate.ts';
import { holdDirectory } from './ledger/sole-owner.ts';
import { endLeasesOf } from './ledger/work.ts';
import { type Repeater, repeat } from './lib/repeat.ts';
import { catchUp, redeliver } from './maintenance/catch-up.ts';
import { sweep } from './maintenance/janitor.ts';
import { prune } from './maintenance/prune.ts';
import { reattach } from './maintenance/reattach.ts';
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
  /** Takes no new work, finishes what is held within the budget or hands it back, closes everything. */
  stop(options?: { readonly drainMs: number }): Promise<void>;
};

const RECONCILE_MS = 60_000;
const UPKEEP_MS = 1_000;
const PRUNE_MS = 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
const DRAIN_MS = 20_000;
/** How long requests that are being answered may take when the process stops. */
const CLOSE_MS = 5_000;

/**
 * The ledger of a process that serves: on SQLite the data directory is this process's alone until `close`, and that
 * before the schema is looked at. Throws `DirectoryTaken`, `NewerLedger`, or what the database says.
 */
export async function openServingLedger(config: Config): Promise<Ledger> {
  mkdirSync(config.data, { recursive: true, mode: 0o711 });
  const freeDirectory = config.database === undefined ? holdDirectory(config.data) : () => {};
  let ledger: Ledger | undefined;
  try {
    ledger = openLedger(config);
    await migrate(ledger);
  } catch (error) {
    await ledger?.close();
    freeDirectory();
    throw error;
  }
  const opened = ledger;
  return {
    ...opened,
    close: async () => {
      await opened.close();
      freeDirectory();
    },
  };
}

/**
 * Boot of an app on a ledger of this version, in this order, each step before the next: leases of the dead, janitor,
 * reconcile, listener, work, catch-up. Whatever fails ends the start and closes the app; a forge that is away does not.
 */
export async function startService(app: App, role: Role): Promise<Service> {
  const { ledger, config, log, clock } = app;
  const isWorker = role !== 'web';
  const isWeb = role !== 'worker';
  let drainMs = DRAIN_MS;
  await using stack = new AsyncDisposableStack();
  stack.defer(() => app.close());
  stack.defer(() => flushCounts(app).catch(warn(app, 'counting')));
  const ended = await endLeasesOf(ledger.db, isDeadOwner);
  if (ended > 0) log.info({ ended }, 'took over the leases of processes that died');
  if (isWorker) await janitor(app);
  await reconcileNow(app);
  if (isWorker) {
    const runs = await reattach(ledger, clock.now());
    if (runs.length > 0) log.info({ runs }, 'took over runs that went on elsewhere meanwhile');
  }

  const dispatcher = app.createDispatcher({ isWorker });
  stack.defer(() => dispatcher?.drain(drainMs));
  const repeaters: Repeater[] = [];
  stack.defer(async () => {
    await Promise.all(repeaters.map((repeater) => repeater.stop()));
  });
  const server = isWeb ? await app.createServer(dispatcher) : undefined;
  stack.defer(() => server && closeServer(server));
  const address = server ? await server.listen({ ...config.listen }) : '';
  app.onArrival(() => dispatcher?.nudge());
  dispatcher?.start();

  const every = (
    task: string,
    everyMs: number,
    action: (signal: AbortSignal) => Promise<unknown>,
  ) => repeaters.push(repeat({ clock, everyMs, onError: warn(app, task) }, action));
  ledger.keepLogShort(warn(app, 'keeping the log of the ledger short'));
  every('upkeep', UPKEEP_MS, () => upkeep(app));
  every('reconcile', RECONCILE_MS, () => reconcileNow(app));
  if (isWorker) every('janitor', RECONCILE_MS, () => janitor(app));
  if (isWorker) every('pruning', PRUNE_MS, () => pruneNow(app));
  const catchUpNow = (signal?: AbortSignal) => catchUpAll(app, dispatcher, signal);
  if (isWeb) {
    await catchUpNow();
    every('catch-up', config.catchUpSeconds * 1_000, catchUpNow);
  }
  const running = stack.move();
  return {
    address,
    dispatcher,
    catchUpNow,
    stop: async (options) => {
      drainMs = options?.drainMs ?? DRAIN_MS;
      await running.disposeAsync();
    },
  };
}

/** What is being answered is answered; who reads slowly or keeps a connection open is not waited for. */
async function closeServer(server: FastifyInstance): Promise<void> {
  const late = setTimeout(() => server.server.closeAllConnections(), CLOSE_MS);
  await server.close().finally(() => clearTimeout(late));
}

function warn({ log }: App, task: string): (error: unknown) => void {
  return (error) => {
    // What a far side says needs no stack of ours, which would hide it.
    const said = error instanceof ForgeError ? { error: error.message } : { err: error };
    log.warn(said, `${task} failed, will be tried again`);
  };
}

async function janitor(app: App): Promise<void> {
  const { ledger, owner, leaseMs, clock } = app;
  for (const runner of app.localRunners) {
    const kindOf = (run: Run) => executionKind(run.runner);
    const swept = await sweep({ ledger, runner, kindOf, owner, leaseMs, now: clock.now });
    for (const one of swept) app.log.info(one, 'the janitor removed what a run had left');
  }
}

async function pruneNow({ ledger, logs, clock, config, log }: App): Promise<void> {
  const before = clock.now() - config.limits.keepDays * DAY_MS;
  const pruned = await prune({ ledger, logs, before });
  if (pruned.deliveries + pruned.runs > 0) log.info(pruned, 'removed what is too old');
}

async function reconcileNow(app: App): Promise<void> {
  const { localRunners } = app.context;
  const kindOfRun = (runner: string) => (localRunners.has(runner) ? executionKind(runner) : 'run');
  const repairs = await reconcile(app.ledger, { now: app.clock.now(), kindOfRun });
  for (const repair of repairs)
    app.log.warn(repair, 'reconcile found work that nobody would have done');
}

/** Small chores: counts to the ledger, the intake's bound. */
async function upkeep(app: App): Promise<void> {
  await flushCounts(app);
  app.setOverloaded((await countUnfinished(app.ledger.db)) >= app.config.limits.maxUnfinished);
}

async function flushCounts({ intake, ledger }: App): Promise<void> {
  await addToCounters(ledger.db, intake.drainCounts());
}

/** A forge that is away does not hold up the others; it is asked again next time. */
async function catchUpAll(
  app: App,
  dispatcher: Dispatcher | undefined,
  signal?: AbortSignal,
): Promise<number> {
  const taken = await Promise.all(
    [...app.forges.values()].map(async (forge) => {
      try {
        const repositories = await connectedRepositories(app, forge);
        const take = (from: Forge, event: CommentEvent) => takeComment(app, from, event);
        const { ledger, clock } = app;
        const until = signal ? { signal } : {};
        const asked = await redeliver({ ledger, forge, ...until }).catch(
          warn(app, `asking ${forge.name} for failed deliveries`),
        );
        if (asked) app.log.info({ forge: forge.name, asked }, 'asked for failed deliveries again');
        return await catchUp({ ledger, forge, repositories, now: clock.now, take, ...until });
      } catch (error) {
        if (!signal?.aborted) warn(app, `catch-up with forge ${forge.name}`)(error);
        return 0;
      }
    }),
  );
  dispatcher?.nudge();
  return taken.reduce((sum, count) => sum + count, 0);
}

async function connectedRepositories(app: App, forge: Forge): Promise<readonly string[]> {
  const patterns = app.config.forges[forge.name]?.repositories ?? [];
  const known = await app.ledger.db
    .selectFrom('watermarks')
    .select('repository')
    .where('forge', '=', forge.name)
    .execute();
  const seen = known
    .map((row) => row.repository)
    .filter((repository) => repositoryAllowed(patterns, repository));
  try {
    return [...new Set([...(await forge.listRepositories(patterns)), ...seen])];
  } catch (error) {
    // A token that may not list them all still reads those that we know by name.
    const exact = patterns.filter((pattern) => !pattern.includes('*'));
    if (seen.length + exact.length === 0) throw error;
    warn(app, `listing the repositories of ${forge.name}`)(error);
    return [...new Set([...exact, ...seen])];
  }
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
