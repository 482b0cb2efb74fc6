import { chmod, copyFile, link, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import type { Run } from '../../src/domain/run.ts';
import type { Playground } from '../../src/forges/playground/server.ts';
import { type CommandRecord, loadCommand } from '../../src/ledger/commands.ts';
import {
  addToCounters,
  type Delivery,
  listDeliveries,
  readCounters,
} from '../../src/ledger/deliveries.ts';
import { listRuns } from '../../src/ledger/runs.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { Pace } from '../../src/report/reporter-options.ts';
import { openServingLedger, type Service, startService } from '../../src/service.ts';
import { type FakeDrone, startFakeDrone } from './fake-drone.ts';
import { freePort } from './free-port.ts';
import { currentForge } from './scenario.ts';
import { type ScenarioForge, startScenarioForge } from './scenario-forge.ts';
import { createShiftedClock, type ShiftedClock } from './shifted-clock.ts';

export const DRONE_SECRET = 'a-secret-of-drone-hooks';
export const REPOSITORY = 'demo/shop';
export const PULL = { repository: REPOSITORY, pull: 1 };

/** What a bare `!testme` does in the scenarios unless they say otherwise: one Drone build. */
export const DRONE_SUITE = 'suites:\n  testme:\n    runner: drone\n    params: { RECIPE: shop }\n';

export type Harness = AsyncDisposable & {
  readonly forge: Playground;
  /** Login of the bot's comments. */
  readonly bot: string;
  readonly drone: FakeDrone;
  readonly app: App;
  readonly service: Service;
  readonly clock: ShiftedClock;
  /** Address of the bot, the same after each restart. */
  readonly url: string;
  /** A comment by a person; returns its id. */
  say(login: string, body: string, pull?: number): Promise<number>;
  /** Resolves when nothing is on its way any more: webhooks, work that is due, runs of this host. */
  settle(): Promise<void>;
  /** Lets so much time pass for forge, CI and bot alike, then settles. */
  later(ms: number): Promise<void>;
  /** Resolves as soon as it is true; looks after every change on the forge. */
  until(isTrue: () => boolean): Promise<void>;
  /** Bodies of the bot's comments without their marker line, oldest first. */
  answers(pull?: number): readonly string[];
  /** First lines of the bot's comments, oldest first. */
  lines(pull?: number): readonly string[];
  reactions(commentId: number): readonly string[];
  /** Newest status of each context on the head. */
  statuses(pull?: number): Readonly<Record<string, string>>;
  /** Every run, oldest first. */
  runs(): Promise<readonly Run[]>;
  command(run: Run): Promise<CommandRecord>;
  /** What came in of comments and pull requests, newest first. */
  deliveries(): Promise<readonly Delivery[]>;
  /** Webhooks about comments that the forge sent or meant to send, oldest first. */
  sent(): Playground['deliveries'];
  /** Sends one of them again. */
  replay(delivery: Playground['deliveries'][number]): void;
  /** How often something was passed over for this reason. */
  ignored(reason: string): Promise<number>;
  /** Last thing that the forge refused for good, of each answer that met such a refusal. */
  problems(): Promise<readonly string[]>;
  /** Stops the bot in the middle of whatever it does, and starts another on the same ledger. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
};

export type HarnessOptions = {
  /** `false`: the repository has none. */
  readonly signalboxYml?: string | false;
  readonly files?: Readonly<Record<string, string>>;
  readonly headFiles?: Readonly<Record<string, string>>;
  readonly database?: string;
  readonly redis?: string;
  /** What the pull request is called, and its branch. */
  readonly title?: string;
  readonly branch?: string;
  readonly pace?: Partial<Pace>;
  readonly slots?: number;
};

const NO_WAITING: Pace = { quietMs: 0, editMs: 0, settleMs: 100 };
const PATIENCE_MS = 30_000;

/** The whole product in this process: forge and CI over real HTTP, signed webhooks, a ledger on disk. */
export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'signalbox-scenario-'));
  await chmod(directory, 0o711);
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const port = await freePort();
  const clock = createShiftedClock();
  // Where /tmp is another disk this is a copy of a large file: only for those who need it.
  const hasChildren = options.signalboxYml !== false && options.signalboxYml?.includes('local');
  const children = hasChildren ? { childPath: await placeNode(directory) } : {};
  const { forge, bot, config: access, connect, replay } = await startForge(options, clock);
  stack.use(forge);
  const drone = stack.use(
    await startFakeDrone({
      clock,
      missingYmlDelayMs: 0,
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
      acme: { ...access, repositories: ['demo/*'] },
    },
    runners: {
      drone: { kind: 'drone', url: drone.url, token: droneToken, webhookSecret: DRONE_SECRET },
      local: { kind: 'lifecycle', deployers: ['process'], slots: options.slots ?? 2 },
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
    const ledger = await openServingLedger(loaded.config);
    const log = createLogger({ level: loaded.config.log.level, mask: (text) => text });
    const pace = { ...NO_WAITING, ...options.pace };
    const times = { clock, pace, leaseMs: 3_000, pollMs: 50 };
    const parts = { config: loaded.config, log, version: 'test', ...children, ...times };
    const app = await createApp(parts, ledger);
    return { app, service: await startService(app, 'all') };
  };
  let running = await boot();
  let isRunning = true;
  const start = async () => {
    if (!isRunning) running = await boot();
    isRunning = true;
  };
  const stop = async () => {
    if (isRunning) await running.service.stop({ drainMs: 0 });
    isRunning = false;
  };
  stack.defer(stop);
  await connect(`${running.service.address}/webhooks/acme`);
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

  const answers = (pull = 1) =>
    forge
      .commentsOn({ repository: REPOSITORY, pull })
      .filter((comment) => forge.loginOf(comment.authorId) === bot)
      .map((comment) => withoutMarker(comment.body));

  return {
    forge,
    bot,
    drone,
    clock,
    url: `http://127.0.0.1:${port}`,
    get app() {
      return running.app;
    },
    get service() {
      return running.service;
    },
    say: async (login, body, pull = 1) =>
      (await forge.comment({ repository: REPOSITORY, pull }, login, body)).id,
    settle,
    later: async (ms) => {
      clock.pass(ms);
      await settle();
    },
    until: (isTrue) => untilTrue(forge, isTrue, () => answers().join('\n')),
    answers,
    lines: (pull) => answers(pull).map((body) => body.split('\n')[0] ?? ''),
    reactions: (commentId) => forge.reactionsOn(commentId).map((reaction) => reaction.content),
    statuses: (pull = 1) => {
      const head = headOf(forge, pull);
      const rows = forge.statusesOn(REPOSITORY, head);
      return Object.fromEntries(
        rows.map((row) => [row.context, `${row.state}: ${row.description}`]),
      );
    },
    runs: async () => (await listRuns(running.app.ledger.db, {})).toReversed(),
    command: (run) => loadCommand(running.app.ledger.db, run.commandId),
    deliveries: async () => {
      const rows = await listDeliveries(running.app.ledger.db, { limit: 500 });
      return rows.filter(({ event }) => event !== 'access-changed');
    },
    sent: () => forge.deliveries.filter(({ event }) => event === 'issue_comment'),
    replay,
    ignored: async (reason) => {
      const { ledger, intake } = running.app;
      await addToCounters(ledger.db, intake.drainCounts());
      const counters = await readCounters(ledger.db);
      return (
        (counters.get(`ignored:acme:${reason}`) ?? 0) +
        (counters.get(`ignored:runner:drone:${reason}`) ?? 0)
      );
    },
    problems: async () => {
      const rows = await running.app.ledger.db.selectFrom('reports').select('problem').execute();
      return rows.flatMap(({ problem }) => (problem === null ? [] : [problem]));
    },
    restart: async () => {
      await stop();
      await start();
    },
    stop,
    start,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Whether a request changed a comment. */
export function isEdit({ method, path }: Playground['history'][number]): boolean {
  return method === 'PATCH' && path.includes('/issues/comments/');
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

/** Children of lifecycle runs are nobody in particular: they cannot look into the checkout. */
async function placeNode(directory: string): Promise<string> {
  const bin = join(directory, 'bin');
  await mkdir(bin);
  await link(process.execPath, join(bin, 'node')).catch(() =>
    copyFile(process.execPath, join(bin, 'node')),
  );
  return bin;
}

function untilTrue(forge: Playground, isTrue: () => boolean, describe: () => string) {
  return new Promise<void>((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      forge.world.watchers.delete(look);
      settle();
    };
    const look = () => {
      if (isTrue()) end(resolve);
    };
    const late = () => end(() => reject(new Error(`it never came true:\n${describe()}`)));
    const timer = setTimeout(late, PATIENCE_MS);
    forge.world.watchers.add(look);
    look();
  });
}

async function startForge(options: HarnessOptions, clock: ShiftedClock): Promise<ScenarioForge> {
  const started = await startScenarioForge(currentForge(), {
    clock,
    repositories: [REPOSITORY],
    users: [
      { login: 'alice', token: 'token-of-alice', roles: { [REPOSITORY]: 'admin' } },
      { login: 'bob', token: 'token-of-bob', roles: { [REPOSITORY]: 'write' } },
      { login: 'carol', token: 'token-of-carol', roles: { [REPOSITORY]: 'read' } },
      { login: 'mallory', token: 'token-of-mallory' },
    ],
  });
  const { forge } = started;
  const files = {
    ...(options.signalboxYml === false
      ? {}
      : { '.signalbox.yml': options.signalboxYml ?? DRONE_SUITE }),
    'app.js': 'one\n',
    ...options.files,
  };
  await forge.addRepository({ owner: 'demo', name: 'shop', files });
  const change = { files: { 'app.js': 'two\n', ...options.headFiles }, message: 'Two', by: 'bob' };
  const { branch = 'topic', title = 'Two' } = options;
  await forge.commit(REPOSITORY, { branch, ...change });
  await forge.openPull({ repository: REPOSITORY, title, author: 'bob', head: branch });
  return started;
}
