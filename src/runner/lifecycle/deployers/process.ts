import type { Ending } from '../../../domain/diagnosis.ts';
import type { Line, Recipe } from '../../../domain/recipe.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type Child, startChild } from '../children.ts';
import { type Claim, limitMark } from '../identity.ts';
import { killOwned, signalProcess } from '../kill.ts';
import type { LineSink, OutputLimits } from '../output.ts';
import { ownedProcesses, scanProcesses } from '../processes.ts';
import { exists, removeWorkspace, type Workspace } from '../workspace.ts';
import type { Deployer, Step, Version } from './deployer.ts';
import { archivePaths, unarchivePaths } from './process-archive.ts';
import { childEnvironment } from './process-environment.ts';
import { watchMemory } from './process-memory.ts';
import { findResiduals } from './process-residuals.ts';
import { describeProcess, findStrangers } from './process-strangers.ts';

export type ProcessDeployerOptions = {
  readonly recipe: Recipe;
  readonly workspace: Workspace;
  readonly claim: Claim;
  /** The user that all children run as; absent when we are not root. */
  readonly user?: number;
  /** Put first in the children's PATH. */
  readonly path?: string;
  /** One for each service. */
  readonly ports: Readonly<Record<string, number>>;
  readonly clock: Clock;
  readonly sink: LineSink;
  readonly output: OutputLimits;
  readonly quietMs: number;
  readonly killGraceMs: number;
};

/** What the parts of this deployer share. */
export type ProcessHost = ProcessDeployerOptions & {
  /** Runs one command to its end; with `sink` its output does not go to the log. */
  execute(step: Step & { cwd?: string; sink?: LineSink }): Promise<Ending>;
};

type Running = { readonly service: string; readonly child: Child };

/** Runs an app as plain processes of an unprivileged user: no container engine, for trusted recipes. */
export function createProcessDeployer(options: ProcessDeployerOptions): Deployer {
  const { recipe, ports, claim, clock } = options;
  let running: Running[] = [];
  const memory = watchMemory(options);

  const spawn = async (
    argv: Line,
    version: Version,
    how: { service?: string; cwd?: string; sink: LineSink },
  ): Promise<Child> => {
    const child = await startChild({
      argv,
      cwd: how.cwd ?? version.directory,
      environment: childEnvironment(options, version, how.service),
      resources: recipe.resources,
      lockLimit: limitMark(claim),
      sink: how.sink,
      output: options.output,
      ...(options.user === undefined ? {} : { user: options.user }),
    });
    return child;
  };

  const execute: ProcessHost['execute'] = async (step) => {
    step.signal.throwIfAborted();
    const how = { sink: step.sink ?? options.sink, ...(step.cwd ? { cwd: step.cwd } : {}) };
    const child = await spawn(step.argv, step.version, how);
    const outcome = await waitFor(child, step, options);
    await killGroup(child.pid, options);
    step.signal.throwIfAborted();
    return memory.explain(outcome);
  };
  const host: ProcessHost = { ...options, execute };

  return {
    kind: 'process',
    async start(version, signal) {
      for (const [service, { run }] of Object.entries(recipe.services)) {
        signal.throwIfAborted();
        const sink = prefixed(options.sink, service);
        running.push({ service, child: await spawn(run, version, { service, sink }) });
      }
    },
    services: () =>
      running.map(({ service, child }) => {
        const ending = child.ending();
        const known = ending === undefined ? {} : { ending: memory.explain(ending) };
        return { service, port: ports[service] ?? 0, ...known };
      }),
    async stop(signal) {
      for (const { service, child } of running.toReversed()) {
        const graceMs = recipe.services[service]?.stopGraceMs ?? options.killGraceMs;
        await stopChild(child, clock, graceMs, signal);
      }
      running = [];
      // What a service left in the background would go on writing to the data of the next version.
      await killOwned({ claim, clock, graceMs: 0, quietMs: 60, budgetMs: 10_000 });
      signal.throwIfAborted();
    },
    run: execute,
    endpoint: (service) => ({ host: '127.0.0.1', port: ports[service] ?? 0 }),
    strangers: (version) => findStrangers(host, version, running.map(toPid)),
    archive: (paths, step) => archivePaths(host, paths, step),
    unarchive: (paths, step) => unarchivePaths(host, paths, step),
    snapshot: () => ownedProcesses(scanProcesses(), claim).map(describeProcess),
    async destroy(budgetMs) {
      memory.stop();
      const { path } = options.workspace;
      const { killGraceMs: graceMs, quietMs } = options;
      const killed = await killOwned({ claim, clock, graceMs, quietMs, budgetMs });
      await Promise.all(killed.left.length === 0 ? running.map(({ child }) => child.ended) : []);
      const directories = (await exists(path)) ? 1 : 0;
      if (killed.left.length === 0) await removeWorkspace(path);
      return { removed: { processes: killed.count, directories } };
    },
    residuals: () => findResiduals({ ...options, path: options.workspace.path }),
  };
}

async function stopChild(
  child: Child,
  clock: Clock,
  graceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  child.signal('SIGTERM');
  const grace = clock.sleep(graceMs, AbortSignal.any([signal, gone.signal]));
  await Promise.race([child.ended, grace]).catch(() => {});
  gone.abort();
  child.signal('SIGKILL');
  await child.ended;
}

/** Waits for a command; a stop from outside kills its group at once, its own timeout after a grace. */
async function waitFor(
  child: Child,
  step: Pick<Step, 'signal' | 'timeoutMs'>,
  { clock, killGraceMs }: ProcessDeployerOptions,
): Promise<Ending> {
  const kill = () => child.signal('SIGKILL');
  const done = new AbortController();
  step.signal.addEventListener('abort', kill, { once: true });
  // An abort between the start and this line would not be heard any more.
  if (step.signal.aborted) kill();
  let timedOut = false;
  const timer = clock.sleep(step.timeoutMs, done.signal).then(async () => {
    timedOut = true;
    child.signal('SIGTERM');
    await clock.sleep(killGraceMs, done.signal);
    kill();
  });
  timer.catch(() => {});
  const ending = await child.ended;
  done.abort();
  step.signal.removeEventListener('abort', kill);
  if (!timedOut) return ending;
  return {
    ...ending,
    timedOut: true,
    words: `was stopped: no end after ${Math.round(step.timeoutMs / 1000)} s`,
  };
}

/** Ends what a command left behind in its own process group. */
async function killGroup(group: number, { claim, clock }: ProcessDeployerOptions): Promise<void> {
  const members = () =>
    ownedProcesses(scanProcesses(), claim).filter((facts) => facts.group === group);
  for (let found = members(); found.length > 0; found = members()) {
    for (const facts of found) signalProcess(facts, 'SIGKILL');
    await clock.sleep(10);
  }
}

function prefixed(sink: LineSink, service: string): LineSink {
  return { settle: sink.settle, line: (text) => sink.line(`${service} | ${text}`) };
}

function toPid({ service, child }: Running): { service: string; pid: number } {
  return { service, pid: child.pid };
}
