import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp, openLedger } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import type { Playground } from '../../src/forges/playground/server.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { type Service, startService } from '../../src/service.ts';
import { type FakeDrone, startFakeDrone } from './fake-drone.ts';
import { startPlayground } from './playground.ts';

const WEBHOOK_SECRET = 'a-secret-of-the-scenarios';
const DRONE_SECRET = 'a-secret-of-drone-hooks';
export const REPOSITORY = 'demo/shop';
export const PULL = { repository: REPOSITORY, pull: 1 };

/** What a bare `!testme` does in the scenarios unless they say otherwise: one Drone build. */
export const DRONE_SUITE = 'suites:\n  testme:\n    runner: drone\n    params: { RECIPE: shop }\n';

export type Harness = AsyncDisposable & {
  readonly forge: Playground;
  readonly drone: FakeDrone;
  readonly app: App;
  readonly service: Service;
  /** A comment by a person; returns its id. */
  say(login: string, body: string, pull?: number): Promise<number>;
  /** Resolves when nothing is on its way any more: webhooks, work that is due, runs of this host. */
  settle(): Promise<void>;
  /** Bodies of the bot's comments without their marker line, oldest first. */
  answers(pull?: number): readonly string[];
  reactions(commentId: number): readonly string[];
  /** Newest status of each context on the head. */
  statuses(pull?: number): Readonly<Record<string, string>>;
  /** Ends the bot without a goodbye and starts another on the same ledger. */
  restart(): Promise<void>;
};

export type HarnessOptions = {
  readonly signalboxYml?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly headFiles?: Readonly<Record<string, string>>;
  readonly database?: string;
  readonly redis?: string;
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** The whole product in this process: forge and CI over real HTTP, signed webhooks, a ledger on disk. */
export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'signalbox-scenario-'));
  await chmod(directory, 0o711);
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const botToken = randomBytes(12).toString('hex');
  const port = await freePort();
  const forge = stack.use(await startForge(options, botToken));
  const drone = stack.use(
    await startFakeDrone({
      webhook: { url: `http://127.0.0.1:${port}/hooks/drone/drone`, secret: DRONE_SECRET },
    }),
  );
  drone.addRepository(REPOSITORY);
  const droneToken = drone.addUser('bot', { access: { [REPOSITORY]: 'write' } });
  const yml = {
    listen: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    data: join(directory, 'data'),
    log: { level: process.env.TEST_LOG ?? 'silent' },
    database: options.database ?? '',
    redis: options.redis ?? '',
    catchUpSeconds: 3600,
    forges: {
      acme: {
        kind: 'playground',
        url: forge.url,
        token: botToken,
        webhookSecret: WEBHOOK_SECRET,
        repositories: ['demo/*'],
      },
    },
    runners: {
      drone: { kind: 'drone', url: drone.url, token: droneToken, webhookSecret: DRONE_SECRET },
      local: { kind: 'lifecycle', deployers: ['process'], slots: 2 },
    },
  };
  const boot = async () => {
    const loaded = loadConfig({
      file: 'x.yml',
      env: {},
      cwd: directory,
      readFile: () => JSON.stringify(yml),
    });
    if ('error' in loaded) throw loaded.error;
    await mkdir(loaded.config.data, { recursive: true, mode: 0o711 });
    const ledger = openLedger(loaded.config);
    await migrate(ledger);
    const log = createLogger({ level: loaded.config.log.level, mask: (text) => text });
    const pace = { quietMs: 0, editMs: 0, settleMs: 100 };
    const parts = { config: loaded.config, log, version: 'test', pace, leaseMs: 3_000, pollMs: 50 };
    const app = await createApp(parts, ledger);
    return { app, service: await startService(app, 'all') };
  };
  let running = await boot();
  stack.defer(() => running.service.stop());
  await hook(forge, botToken, `${running.service.address}/webhooks/acme`);
  await running.service.catchUpNow();
  const kept = stack.move();

  const settle = async () => {
    for (let quiet = 0; quiet < 3; ) {
      await forge.idle();
      const before = activity(forge, drone);
      await running.service.dispatcher?.settle();
      await forge.idle();
      quiet = activity(forge, drone) === before ? quiet + 1 : 0;
    }
  };

  return {
    forge,
    drone,
    get app() {
      return running.app;
    },
    get service() {
      return running.service;
    },
    say: async (login, body, pull = 1) =>
      (await forge.comment({ repository: REPOSITORY, pull }, login, body)).id,
    settle,
    answers: (pull = 1) =>
      forge
        .commentsOn({ repository: REPOSITORY, pull })
        .filter((comment) => forge.loginOf(comment.authorId) === 'signalbox')
        .map((comment) => withoutMarker(comment.body)),
    reactions: (commentId) => forge.reactionsOn(commentId).map((reaction) => reaction.content),
    statuses: (pull = 1) => {
      const head = headOf(forge, pull);
      const rows = forge.statusesOn(REPOSITORY, head);
      return Object.fromEntries(
        rows.map((row) => [row.context, `${row.state}: ${row.description}`]),
      );
    },
    restart: async () => {
      await running.service.stop();
      running = await boot();
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function activity(forge: Playground, drone: FakeDrone): string {
  return `${forge.history.length} ${forge.deliveries.length} ${drone.calls.length}`;
}

export function headOf(forge: Playground, pull: number): string {
  const repository = [...forge.world.repositories.values()].find((one) => one.name === 'shop');
  return repository?.pulls.get(pull)?.headSha ?? '';
}

function withoutMarker(body: string): string {
  return body.replace(/\n*<!-- signalbox:[^>]*-->\s*$/, '');
}

async function startForge(options: HarnessOptions, botToken: string): Promise<Playground> {
  const forge = await startPlayground({
    users: [
      { login: 'alice', token: 'token-of-alice', roles: { [REPOSITORY]: 'admin' } },
      { login: 'bob', token: 'token-of-bob', roles: { [REPOSITORY]: 'write' } },
      { login: 'carol', token: 'token-of-carol', roles: { [REPOSITORY]: 'read' } },
      { login: 'mallory', token: 'token-of-mallory' },
      { login: 'signalbox', token: botToken, bot: true, roles: { [REPOSITORY]: 'admin' } },
    ],
  });
  const files = {
    '.signalbox.yml': options.signalboxYml ?? DRONE_SUITE,
    'app.js': 'one\n',
    ...options.files,
  };
  await forge.addRepository({ owner: 'demo', name: 'shop', files });
  const change = { files: { 'app.js': 'two\n', ...options.headFiles }, message: 'Two', by: 'bob' };
  await forge.commit(REPOSITORY, { branch: 'topic', ...change });
  await forge.openPull({ repository: REPOSITORY, title: 'Two', author: 'bob', head: 'topic' });
  return forge;
}

async function hook(forge: Playground, token: string, url: string): Promise<void> {
  const answer = await fetch(`${forge.url}/api/v1/repos/${REPOSITORY}/hooks`, {
    method: 'POST',
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      type: 'gitea',
      active: true,
      events: ['pull_request_only', 'pull_request_sync', 'pull_request_comment'],
      config: { url, content_type: 'json', secret: WEBHOOK_SECRET },
    }),
  });
  if (answer.status !== 201) throw new Error(`hook: ${answer.status}`);
}
