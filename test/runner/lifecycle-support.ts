import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { SELECTABLE_STAGES } from '../../src/domain/plan.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import type { Run } from '../../src/domain/run.ts';
import { type RunEvent, transition } from '../../src/domain/run-machine.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLogStore, type LogStore } from '../../src/lib/log-store.ts';
import { createMask } from '../../src/lib/redact.ts';
import { createLifecycleRunner, type LifecycleRunner } from '../../src/runner/lifecycle/index.ts';

export const SECRET = 'sekrit-of-the-operator';

export type Lab = {
  readonly directory: string;
  readonly workspaces: string;
  readonly installation: string;
  readonly runner: LifecycleRunner;
  readonly logs: LogStore;
  /** A repository with one commit per entry, oldest first. */
  repository(commits: readonly Commit[]): { url: string; shas: readonly string[] };
};

export type Commit = {
  readonly files: Readonly<Record<string, string>>;
  /** Whole directories laid over each other before the files. */
  readonly layers?: readonly string[];
  readonly tag?: string;
};

let counter = 0;

/** A runner with its own directories, below a place that unprivileged children can reach. */
export function createLab(t: TestContext, options: { installation?: string } = {}): Lab {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-lab-'));
  chmodSync(directory, 0o755);
  const workspaces = join(directory, 'workspaces');
  const installation = options.installation ?? `lab-${process.pid}-${counter}`;
  counter += 1;
  const logs = createLogStore({ directory: join(directory, 'logs'), now: Date.now });
  const runner = createRunner({ directory, installation, path: placeNode(directory) });
  t.after(async () => {
    await runner.sweep(() => Promise.resolve(false));
    rmSync(directory, { recursive: true, force: true });
  });
  const repository: Lab['repository'] = (commits) =>
    createRepository(join(directory, `repository-${counter++}`), commits);
  return { directory, workspaces, installation, runner, logs, repository };
}

/** The runner of a lab, for its own process and for others. */
export function createRunner(options: {
  directory: string;
  installation: string;
  path: string;
}): LifecycleRunner {
  return createLifecycleRunner({
    name: 'local',
    slots: 2,
    directory: join(options.directory, 'workspaces'),
    installation: options.installation,
    logs: createLogStore({ directory: join(options.directory, 'logs'), now: Date.now }),
    clock: systemClock,
    mask: createMask([SECRET]),
    path: options.path,
    protocols: ['file'],
    limits: {
      quietMs: 100,
      killGraceMs: 200,
      output: { bytes: 1024 * 1024, lines: 2_000 },
    },
  });
}

/** A `node` that other users can execute: the one that runs this may lie in a closed home directory. */
function placeNode(directory: string): string {
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  try {
    linkSync(process.execPath, join(bin, 'node'));
  } catch {
    copyFileSync(process.execPath, join(bin, 'node'));
  }
  return bin;
}

function createRepository(path: string, commits: readonly Commit[]) {
  mkdirSync(path);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=lab', '-c', 'user.email=lab@example.org', ...args], {
      cwd: path,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: path, GIT_CONFIG_NOSYSTEM: '1' },
    }).trim();
  git('init', '--quiet', '--initial-branch=main');
  const shas = commits.map(({ files, layers = [], tag }, index) => {
    for (const layer of layers) cpSync(layer, path, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
    }
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '--message', `commit ${index}`);
    if (tag !== undefined) git('tag', '--annotate', '--message', tag, tag);
    return git('rev-parse', 'HEAD');
  });
  return { url: `file://${path}`, shas };
}

export function createRun(sha: string, recipe: Recipe, fields: Partial<Run> = {}): Run {
  counter += 1;
  return {
    id: `RUN${process.pid}X${counter}`,
    number: 1,
    forge: 'lab',
    repository: 'lab/app',
    pull: 1,
    commandId: 'c1',
    suite: 'testme',
    runner: 'local',
    sha,
    headRef: '--upload-pack=touch /tmp/owned',
    plan: { kind: 'lifecycle', stages: SELECTABLE_STAGES, recipe, timeoutMs: 120_000 },
    state: 'queued',
    rev: 1,
    attempt: 1,
    queuedAt: Date.now(),
    cleanliness: { state: 'unknown' },
    remote: {},
    stages: [],
    ...fields,
  };
}

export type Ledger = {
  readonly record: (event: RunEvent) => Promise<Run>;
  readonly events: readonly RunEvent[];
  run(): Run;
};

/** Applies events with the real run machine; `onEvent` sees each after it was applied. */
export function createLedger(start: Run, onEvent: (event: RunEvent) => void = () => {}): Ledger {
  let run = start;
  const events: RunEvent[] = [];
  const record = (event: RunEvent) => {
    const result = transition(run, event);
    if (result.outcome === 'illegal') return Promise.reject(new Error(result.why));
    if (result.outcome === 'changed') run = result.run;
    events.push(event);
    onEvent(event);
    return Promise.resolve(run);
  };
  return { record, events, run: () => run };
}

/** Executes a run to its end and returns it as the ledger has it. */
export async function execute(
  lab: Lab,
  url: string,
  run: Run,
  options: { signal?: AbortSignal; onEvent?: (event: RunEvent) => void } = {},
): Promise<Run> {
  const ledger = createLedger(run, options.onEvent);
  await lab.runner.execute({
    run,
    source: { cloneUrl: url, gitEnvironment: { LAB_CREDENTIAL: SECRET } },
    record: ledger.record,
    signal: options.signal ?? new AbortController().signal,
  });
  return ledger.run();
}

export function statesOf(run: Run): Record<string, string> {
  return Object.fromEntries(run.stages.map(({ name, state }) => [name, state]));
}

export async function logOf(lab: Lab, run: Run): Promise<string> {
  const lines = await lab.logs.read(run.id);
  return lines.map(({ stage, text }) => `${stage}: ${text}`).join('\n');
}

const APP = join(import.meta.dirname, '../fixtures/repos/notes');

/** The sources of the small app of these tests. */
export const APP_LAYER = APP;

export function readApp(name: string): string {
  return readFileSync(join(APP, name), 'utf8');
}

/** The recipe of the small app, with what a test changes. */
export function createRecipe(changes: Partial<Recipe> = {}): Recipe {
  const marker = (verb: string) => ['node', 'marker.js', verb];
  return {
    version: 1,
    app: 'notes',
    deploy: 'process',
    env: {},
    build: [],
    services: { web: { run: ['node', 'app.js'], env: {}, stopGraceMs: 1_000 } },
    health: { http: { service: 'web', path: '/health', ok: [200] }, stableForMs: 0 },
    versions: { previous: 'semver' },
    data: {
      marker: { seed: marker('seed'), drop: marker('drop'), assert: marker('assert') },
      backup: { pre: [], paths: ['notes'], post: [] },
      restore: { pre: [], post: [] },
    },
    stages: { expectedNa: {}, custom: [] },
    timeouts: {
      convergenceMs: 8_000,
      hookMs: 8_000,
      stageMs: 30_000,
      runMs: 60_000,
      teardownMs: 10_000,
    },
    resources: { memoryBytes: 512 * 1024 ** 2, pids: 100, fileBytes: 32 * 1024 ** 2 },
    ...changes,
  };
}
