import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { type ApiDeps, kill } from './fake-drone/api.ts';
import { createFaults, type Faults } from './fake-drone/faults.ts';
import {
  type Access,
  type BuildState,
  DEFAULT_PIPELINE,
  type DroneState,
  type FakePipeline,
  type RepositoryState,
} from './fake-drone/model.ts';
import { createPlayers } from './fake-drone/players.ts';
import { breakStage, decline } from './fake-drone/progress.ts';
import { listen, type SeenCall } from './fake-drone/server.ts';
import { createWebhooks, type WebhookTarget } from './fake-drone/webhooks.ts';

export type FakeDroneOptions = {
  readonly clock?: Clock;
  readonly webhook?: WebhookTarget;
  /** 45 s at the real one. */
  readonly missingYmlDelayMs?: number;
};

export type BuildRow = {
  readonly repository: string;
  readonly number: number;
  readonly status: string;
  readonly sha: string;
  readonly params: Readonly<Record<string, string>>;
};

export type Outcome = {
  readonly repository?: string;
  /** The step that fails; the last one of the first stage unless given. */
  readonly step?: string;
  readonly exitCode?: number;
  readonly log?: readonly string[];
};

type Where = { readonly repository?: string };

/** A Drone 2.0.4 on a loopback port that remembers its builds. Made with the user `ada`, administrator. */
export type FakeDrone = AsyncDisposable & {
  readonly url: string;
  readonly adminToken: string;
  readonly faults: Faults;
  /** Every call that came in, oldest first. */
  readonly calls: readonly SeenCall[];
  setWebhook(target: WebhookTarget | undefined): void;
  setForgeAway(isAway: boolean): void;
  /** Returns the user's token. */
  addUser(
    login: string,
    options?: { isAdmin?: boolean; access?: Readonly<Record<string, Access>> },
  ): string;
  /** Any full sha is a commit with `anyCommit` (default: clone, greet, test), unless that is null. */
  addRepository(
    slug: string,
    options?: { isPrivate?: boolean; isActive?: boolean; anyCommit?: FakePipeline | null },
  ): void;
  addCommit(slug: string, commit: { sha: string; branch?: string; pipeline?: FakePipeline }): void;
  /** One step of the runner; false when the build has nothing left to do. */
  advance(number: number, where?: Where): Promise<boolean>;
  /** Plays a build to its end. */
  finish(number: number, result: 'success' | 'failure', outcome?: Outcome): Promise<void>;
  /** A build that waits for approval; `decline` ends it without any webhook. */
  block(number: number, where?: Where): void;
  decline(number: number, where?: Where): void;
  /** Somebody cancels it in Drone. */
  kill(number: number, where?: Where): Promise<void>;
  loseRunner(number: number, where?: Where): void;
  breakRunner(number: number, error: string, where?: Where): Promise<void>;
  /** From now on a runner is there: every build that waits, and every new one, is played. */
  autoplay(options: { readonly stepMs: number }): void;
  builds(): readonly BuildRow[];
  /** Numbers of builds by the value of SIGNALBOX_RUN: one each, when nothing was built twice. */
  buildsByRun(): ReadonlyMap<string, readonly number[]>;
  close(): Promise<void>;
};

export async function startFakeDrone(options: FakeDroneOptions = {}): Promise<FakeDrone> {
  const clock = options.clock ?? systemClock;
  const now = () => Math.floor(clock.now() / 1000);
  const state: DroneState = {
    repositories: new Map(),
    users: [],
    link: '',
    forge: { url: 'http://forge.test:3000', isAway: false },
    ids: { build: 0, stage: 0, step: 0 },
    startedAt: now(),
    now,
  };
  let { webhook } = options;
  const calls: SeenCall[] = [];
  const faults = createFaults();
  const stop = new AbortController();
  const webhooks = createWebhooks(
    state,
    () => webhook,
    () => clock.now(),
  );

  const players = createPlayers(state, webhooks, clock);
  const deps: ApiDeps = {
    state,
    clock: { ...clock, sleep: (ms) => clock.sleep(ms, stop.signal) },
    missingYmlDelayMs: options.missingYmlDelayMs ?? 45_000,
    announce: (build, notice) => {
      if (notice.action === 'created') players.offer(build);
      return webhooks.send(build, notice);
    },
  };

  const server = await listen({ deps, faults, calls, clock: deps.clock });
  state.link = server.url;

  const repositoryOf = (slug: string | undefined): RepositoryState => {
    const found =
      slug === undefined ? [...state.repositories.values()][0] : state.repositories.get(slug);
    if (found === undefined) throw new Error(`the fake Drone has no repository ${slug ?? ''}`);
    return found;
  };
  const buildOf = (number: number, where: Where = {}): BuildState => {
    const build = repositoryOf(where.repository).builds[number - 1];
    if (build === undefined) throw new Error(`the fake Drone has no build ${number}`);
    return build;
  };
  const allBuilds = () => [...state.repositories.values()].flatMap(({ builds }) => builds);
  const addUser: FakeDrone['addUser'] = (login, { isAdmin = false, access = {} } = {}) => {
    const token = `token-of-${login}-0123456789abcdef`;
    state.users.push({
      id: state.users.length + 1,
      login,
      token,
      isAdmin,
      isMachine: false,
      access: new Map(Object.entries(access)),
    });
    return token;
  };
  const adminToken = addUser('ada', { isAdmin: true });
  const close = async () => {
    stop.abort(new Error('the fake Drone is closed'));
    await webhooks.close();
    await players.close();
    await server.close();
  };

  return {
    url: state.link,
    adminToken,
    faults,
    calls,
    setWebhook: (target) => {
      webhook = target;
    },
    setForgeAway: (isAway) => {
      state.forge.isAway = isAway;
    },
    addUser,
    addRepository: (slug, { isPrivate = false, isActive = true, anyCommit } = {}) => {
      const [namespace = '', name = ''] = slug.split('/');
      state.repositories.set(slug, {
        id: state.repositories.size + 1,
        namespace,
        name,
        slug,
        isPrivate,
        isActive,
        commits: new Map(),
        branches: new Map(),
        anyCommit: anyCommit === null ? undefined : (anyCommit ?? DEFAULT_PIPELINE),
        builds: [],
        version: 1,
      });
    },
    addCommit: (slug, { sha, branch, pipeline = DEFAULT_PIPELINE }) => {
      const repository = repositoryOf(slug);
      repository.commits.set(sha, { sha, message: `Change ${sha.slice(0, 7)}\n`, pipeline });
      if (branch !== undefined) repository.branches.set(branch, sha);
    },
    advance: (number, where) => players.step(buildOf(number, where)),
    finish: async (number, result, outcome = {}) => {
      const build = buildOf(number, outcome);
      const name = outcome.step ?? build.stages[0]?.script.steps.at(-1)?.name ?? '';
      const exitCode = result === 'success' ? 0 : (outcome.exitCode ?? 1);
      build.outcomes.set(name, { exitCode, ...(outcome.log ? { log: outcome.log } : {}) });
      while (await players.step(build));
    },
    block: (number, where) => {
      for (const stage of buildOf(number, where).stages) stage.status = 'blocked';
    },
    decline: (number, where) => decline(buildOf(number, where)),
    kill: (number, where) => kill(deps, buildOf(number, where)),
    loseRunner: (number, where) => {
      buildOf(number, where).isRunnerLost = true;
    },
    breakRunner: async (number, error, where) => {
      const build = buildOf(number, where);
      breakStage(state, build, error);
      await webhooks.send(build, { action: 'updated' });
    },
    autoplay: ({ stepMs }) => players.start(stepMs, allBuilds()),
    builds: () =>
      allBuilds().map(({ repository, number, status, sha, params }) => ({
        repository: repository.slug,
        number,
        status,
        sha,
        params: params ?? {},
      })),
    buildsByRun: () =>
      Map.groupBy(allBuilds(), ({ params }) => params?.SIGNALBOX_RUN ?? '')
        .entries()
        .filter(([run]) => run !== '')
        .reduce(
          (byRun, [run, builds]) =>
            byRun.set(
              run,
              builds.map(({ number }) => number),
            ),
          new Map<string, readonly number[]>(),
        ),
    close,
    [Symbol.asyncDispose]: close,
  };
}
