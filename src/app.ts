import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createCore } from './core.ts';
import { type Config, secretsOf } from './domain/operator-schema.ts';
import type { Forge } from './forges/forge.ts';
import { createGiteaForge } from './forges/gitea/index.ts';
import { createCredentialFile } from './forges/github/credentials.ts';
import type { Context } from './handlers/context.ts';
import { createRemoteLogs } from './handlers/remote-logs.ts';
import { helpSections } from './http/help-sections.ts';
import type { Intake } from './http/intake.ts';
import { createPagesSource } from './http/pages-source.ts';
import { createServer } from './http/server.ts';
import type { Ledger } from './ledger/database.ts';
import type { WorkFailure } from './ledger/held.ts';
import { type Operation, tellOperations } from './ledger/operations.ts';
import { ensureSetting } from './ledger/settings.ts';
import { cached } from './lib/cached.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { createHttpClient, type HttpClient } from './lib/http-client.ts';
import { createIds } from './lib/ids.ts';
import { createLogStore, type LogStore } from './lib/log-store.ts';
import type { Logger } from './lib/logger.ts';
import { createMask } from './lib/redact.ts';
import { createBullHints } from './queue/bullmq.ts';
import { createDispatcher, type Dispatcher } from './queue/dispatcher.ts';
import { ownOwner } from './queue/owner.ts';
import { createMarkers } from './report/marker.ts';
import type { Pace } from './report/reporter-options.ts';
import { BUILT_IN_TEMPLATES, createTemplates } from './report/templates.ts';
import { createDroneRunner } from './runner/drone/index.ts';
import { createLifecycleRunner, type LifecycleRunner } from './runner/lifecycle/index.ts';
import type { RemoteRunner } from './runner/runner.ts';

export type AppOptions = {
  readonly config: Config;
  readonly log: Logger;
  readonly version: string;
  readonly clock?: Clock;
  readonly pace?: Pace;
  readonly leaseMs?: number;
  readonly pollMs?: number;
  /** Put first on the PATH of lifecycle children. */
  readonly childPath?: string;
};

/** Every object of the product, built and connected, nothing started. `service.ts` starts it. */
export type App = {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly context: Context;
  readonly logs: LogStore;
  readonly forges: ReadonlyMap<string, Forge>;
  readonly localRunners: readonly LifecycleRunner[];
  readonly intake: Intake;
  readonly owner: string;
  readonly leaseMs: number;
  /** Undefined when this process neither works nor has a way to tell others of work. */
  createDispatcher(options: { isWorker: boolean }): Dispatcher | undefined;
  createServer(dispatcher: Dispatcher | undefined): Promise<FastifyInstance>;
  /** Set by the intake's bound: true refuses with 503. */
  readonly setOverloaded: (isOverloaded: boolean) => void;
  readonly onArrival: (listener: () => void) => void;
  close(): Promise<void>;
};

export async function createApp(options: AppOptions, plainLedger: Ledger): Promise<App> {
  const { config, log, clock = systemClock } = options;
  const ledger = tellOperations(plainLedger, (operation) => logOperation(log, operation));
  const { timings } = config;
  const leaseMs = options.leaseMs ?? timings.leaseMs;
  mkdirSync(config.data, { recursive: true, mode: 0o711 });
  const newId = createIds(clock.now);
  const installation = await ensureSetting(ledger.db, 'installation', newId);
  const markerKey = await ensureSetting(ledger.db, 'marker_key', () =>
    randomBytes(32).toString('hex'),
  );
  const http = createHttpClient({ timeoutMs: 10_000 });
  const logs = createLogStore({ directory: join(config.data, 'runs'), now: clock.now });
  const forges = await createForges(config, { http, now: clock.now });
  const { remote, local } = createRunners(options, { http, logs, clock, installation });
  const mask = createMask(secretsOf(config));
  const core = createCore({
    ledger,
    clock,
    newId,
    forges,
    remoteRunners: remote,
    localRunners: local,
    keepRemoteLog: createRemoteLogs({ logs, mask }),
    mask,
    repositoriesOf: (forge) => config.forges[forge]?.repositories ?? [],
    url: config.url,
    markers: createMarkers(markerKey),
    templates: createTemplates({ directories: [BUILT_IN_TEMPLATES, ...ownTemplates(config)] }),
    pace: options.pace ?? { ...timings, settleMs: timings.commentSettleMs },
  });
  const { context, intake } = core;
  const owner = ownOwner();
  const hints =
    config.redis === undefined
      ? undefined
      : createBullHints({ address: config.redis, prefix: `signalbox-${installation}` });

  return {
    config,
    log,
    clock,
    ledger,
    context,
    logs,
    forges,
    localRunners: local,
    intake,
    owner,
    leaseMs,
    createDispatcher: ({ isWorker }) => {
      if (!isWorker && hints === undefined) return undefined;
      return createDispatcher({
        ledger,
        lanes: isWorker ? core.lanes : core.lanes.map((lane) => ({ ...lane, concurrency: 0 })),
        owner,
        clock,
        leaseMs,
        pollMs: options.pollMs ?? timings.pollMs,
        longestBackoffMs: timings.backoffMs,
        onFailure: (failure) => logFailure(log, failure),
        ...(hints ? { hints } : {}),
      });
    },
    createServer: () =>
      createServer({
        webhooks: {
          forges,
          remoteRunners: remote,
          intake,
          maxBodyBytes: config.limits.maxBodyBytes,
          now: clock.now,
          onError: (error) => log.error({ err: error }, 'the ledger refused a delivery'),
        },
        probes: [
          { name: 'ledger', check: () => ledger.db.selectFrom('settings').selectAll().execute() },
          ...(hints ? [{ name: 'redis', check: () => hints.ping() }] : []),
          ...[...forges.values()].map((forge) => ({
            name: `forge ${forge.name}`,
            check: cached(() => forge.whoAmI(), { ttlMs: 30_000, now: clock.now }),
          })),
        ],
        source: createPagesSource({ ledger, logs, forges, now: clock.now }),
        helpSections: helpSections(),
        version: options.version,
        now: clock.now,
      }),
    setOverloaded: core.setOverloaded,
    onArrival: core.onArrival,
    close: async () => {
      await http.close();
      await ledger.close();
    },
  };
}

/** An operator's own templates, if there are any, lie in `<data>/templates`. */
function ownTemplates({ data }: Config): readonly string[] {
  const directory = join(data, 'templates');
  return existsSync(directory) ? [directory] : [];
}

/** `run` or `command` is its id: what a search through the log goes by. */
function logOperation(log: Logger, operation: Operation): void {
  const [kind = '', id] = operation.subject.split(':');
  const { what, outcome, source, actor } = operation;
  log.info({ [kind]: id, what, outcome, source, ...(actor ? { actor } : {}) }, `${kind} ${what}`);
}

function logFailure(log: Logger, { lease, error, retryAt }: WorkFailure): void {
  const fields = { kind: lease.kind, subject: lease.subject, attempts: lease.attempts, err: error };
  log.warn(
    { ...fields, retryAt: new Date(retryAt).toISOString() },
    'work failed, will be tried again',
  );
}

/** Who the bot is changes only with its token: asked once in ten minutes. */
const IDENTITY_MS = 10 * 60_000;

async function createForges(
  config: Config,
  parts: { http: HttpClient; now: () => number },
): Promise<ReadonlyMap<string, Forge>> {
  const forges = new Map<string, Forge>();
  for (const [name, wanted] of Object.entries(config.forges)) {
    const forge = await createForge(name, wanted, { ...parts, data: config.data });
    const whoAmI = cached(() => forge.whoAmI(), { ttlMs: IDENTITY_MS, now: parts.now });
    forges.set(name, { ...forge, whoAmI });
  }
  return forges;
}

async function createForge(
  name: string,
  wanted: Config['forges'][string],
  parts: { http: HttpClient; now: () => number; data: string },
): Promise<Forge> {
  if (wanted.kind !== 'github') return createGiteaForge({ name, ...wanted, ...parts });
  const { url, limits, roles, appId, privateKey, webhookSecret } = wanted;
  // Probot and its Octokit are a fifth of a second of reading: only for those who have GitHub.
  const { createGithubForge } = await import('./forges/github/index.ts');
  const written = createCredentialFile(credentialPath(parts.data, name));
  const given =
    appId && privateKey && webhookSecret ? { appId, privateKey, webhookSecret } : undefined;
  const credentials = () => given ?? written.read();
  return createGithubForge({ name, url, limits, roles, credentials, ...parts });
}

/** Where `signalbox setup github` writes. */
export function credentialPath(data: string, forge: string): string {
  return join(data, 'credentials', `${forge}.json`);
}

function createRunners(
  { config, childPath }: AppOptions,
  parts: { http: HttpClient; logs: LogStore; clock: Clock; installation: string },
): { remote: ReadonlyMap<string, RemoteRunner>; local: readonly LifecycleRunner[] } {
  const remote = new Map<string, RemoteRunner>();
  const local: LifecycleRunner[] = [];
  const { http, logs, clock, installation } = parts;
  for (const [name, runner] of Object.entries(config.runners)) {
    if (runner.kind === 'drone') {
      const { url, token, webhookSecret } = runner;
      const settleMs = config.timings.buildSettleMs;
      const access = { name, url, token, webhookSecret, settleMs };
      remote.set(name, createDroneRunner({ ...access, http, clock }));
      continue;
    }
    local.push(
      createLifecycleRunner({
        name,
        slots: runner.slots,
        directory: join(config.data, 'workspaces', name),
        installation,
        logs,
        clock,
        mask: createMask(secretsOf(config)),
        uidBase: runner.uidBase,
        ...(childPath === undefined ? {} : { path: childPath }),
      }),
    );
  }
  return { remote, local };
}
