import type { Recipe } from '../../domain/recipe.ts';
import type { LogLine, Run, Stage } from '../../domain/run.ts';
import type { RunEvent } from '../../domain/run-machine.ts';
import type { LogWriter } from '../../lib/log-store.ts';
import type { Findings, StageContext } from './context.ts';
import type { Deployer } from './deployers/deployer.ts';
import { createProcessDeployer } from './deployers/process.ts';
import type { Execution } from './execution.ts';
import { type Claim, marksOf } from './identity.ts';
import { allocatePort } from './ports.ts';
import type { Settings } from './settings.ts';
import { removeEarlierAttempts } from './sweep.ts';
import { claimUser, isRoot, USER_SPAN } from './users.ts';
import { ensureDirectory, workspaceOf } from './workspace.ts';

/** Everything that lives as long as one execution. */
export type Session = {
  readonly settings: Settings;
  readonly recipe: Recipe;
  readonly deployer: Deployer;
  readonly stop: AbortSignal;
  /** Run as the ledger last told it. */
  run(): Run;
  stages(): readonly Stage[];
  record(event: RunEvent): Promise<void>;
  recordStage(stage: Stage): Promise<void>;
  /** Log lines from now on belong to this stage. */
  readonly enter: (stage: string) => void;
  readonly log: (text: string) => void;
  /** What the log got since `enter`, newest last, at most 600 lines, and how long the whole log is. */
  readonly recent: () => { readonly lines: readonly LogLine[]; readonly total: number };
  context(signal: AbortSignal, isAsked: StageContext['isAsked']): StageContext;
  readonly found: Findings;
  close(): Promise<void>;
};

const RECENT_LINES = 600;

/** Makes ready what has no effect outside: a user id, ports, the log. Throws when the host has none left. */
export async function openSession(settings: Settings, execution: Execution): Promise<Session> {
  const { id, attempt, plan } = execution.run;
  if (plan.kind !== 'lifecycle') throw new Error(`a ${plan.kind} plan is not for this runner`);
  const { recipe } = plan;
  const directory = await ensureDirectory(settings.directory);
  const workspace = workspaceOf(directory, id, attempt);
  await removeEarlierAttempts(settings, id);
  const claimed = isRoot() ? await claimUser(settings.uidBase) : undefined;
  const user = claimed === undefined ? {} : { user: claimed.user };
  const claim = claimOf(settings, execution.run, workspace.path);
  const ports: Record<string, number> = {};
  for (const service of Object.keys(recipe.services)) ports[service] = await allocatePort();
  const log = createSessionLog(settings, await settings.logs.open(id));
  const deployer = createProcessDeployer({
    recipe,
    workspace,
    claim,
    ...user,
    ...(settings.path === undefined ? {} : { path: settings.path }),
    ports,
    clock: settings.clock,
    sink: { line: log.write, settle: log.settle },
    output: settings.limits.output,
    quietMs: settings.limits.quietMs,
    killGraceMs: settings.limits.killGraceMs,
  });
  const found: Findings = {};
  const state = { run: execution.run };
  const record = async (event: RunEvent) => {
    state.run = await execution.record(event);
  };
  return {
    settings,
    recipe,
    deployer,
    found,
    stop: execution.signal,
    run: () => state.run,
    stages: () => state.run.stages,
    record,
    recordStage: (stage) => record({ kind: 'stage-changed', stage }),
    enter: log.enter,
    log: log.write,
    recent: log.recent,
    context: (signal, isAsked) => ({
      run: state.run,
      recipe,
      workspace,
      ...user,
      deployer,
      clock: settings.clock,
      mask: settings.mask,
      signal,
      isAsked,
      log: log.write,
      found,
      source: {
        cloneUrl: execution.source.cloneUrl,
        environment: execution.source.gitEnvironment,
      },
      marks: marksOf(claim),
      protocols: settings.protocols,
      ports,
      installation: settings.installation,
      artifacts: settings.logs.artifacts(id),
    }),
    async close() {
      try {
        await log.settle();
      } finally {
        await claimed?.release();
      }
    },
  };
}

function claimOf(settings: Settings, { id, attempt }: Run, path: string): Claim {
  const { installation, uidBase } = settings;
  const users = { from: uidBase, to: uidBase + USER_SPAN - 1 };
  return {
    installation,
    runId: id,
    attempt,
    workspaces: [path],
    ...(isRoot() ? { users } : {}),
  };
}

function createSessionLog({ mask, clock }: Settings, writer: LogWriter) {
  let stage = 'prepare';
  let lines: LogLine[] = [];
  return {
    enter: (name: string) => {
      stage = name;
      lines = [];
    },
    write: (text: string) => {
      const masked = mask(text);
      writer.write(stage, masked);
      lines.push({ n: writer.lines, at: clock.now(), stage, text: masked.slice(0, 2_000) });
      if (lines.length > 2 * RECENT_LINES) lines = lines.slice(-RECENT_LINES);
    },
    settle: () => writer.flush(),
    recent: () => ({ lines: lines.slice(-RECENT_LINES), total: writer.lines }),
  };
}
