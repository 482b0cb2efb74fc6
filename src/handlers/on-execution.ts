import type { Repository } from '../domain/forge-event.ts';
import { type Diagnosis, isTerminal, type Run } from '../domain/run.ts';
import type { RunEvent } from '../domain/run-machine.ts';
import { type Forge, ForgeError } from '../forges/forge.ts';
import type { Held, Next, Processor } from '../ledger/held.ts';
import { advanceRun, listRuns, loadRun } from '../ledger/runs.ts';
import { arm } from '../ledger/work.ts';
import { crashPoint } from '../lib/crash-point.ts';
import { Interrupted, type LifecycleRunner } from '../runner/lifecycle/index.ts';
import { type Context, forgeOf } from './context.ts';

/** When a run that waits for the janitor is looked at again; the janitor wakes it sooner. */
const HELD_UP_MS = 60_000;
/** How often an execution looks whether somebody cancelled it. */
const WATCH_MS = 500;

/**
 * Executes a run on this host, start to proven end, holding one slot of its runner. When the holder before died,
 * what it left is removed first, and the run begins again, once.
 */
export function createExecutionProcessor(context: Context, runner: LifecycleRunner): Processor {
  return async (held) => {
    let run = await loadRun(context.ledger.db, held.lease.subject);
    if (isTerminal(run.state)) return {};
    const advance = (event: RunEvent) => record(context, held, run.id, event);
    if (run.state !== 'queued') {
      run = await recover(context, runner, run, advance);
      if (isTerminal(run.state)) return {};
    }
    if (await isHeldUp(context, run)) {
      const now = context.clock.now();
      await held.transact((tx) => arm(tx, `report:${run.forge}`, run.commandId, now));
      return { dueAt: now + HELD_UP_MS };
    }
    return execute(context, held, runner, run);
  };
}

/** What a run could not remove might break the next one of its kind: the janitor first, then this. */
async function isHeldUp({ ledger }: Context, run: Run): Promise<boolean> {
  const { forge, repository, suite, runner } = run;
  const same = { forge, repository, suite, runner, dirty: true, limit: 1 };
  return (await listRuns(ledger.db, same)).length > 0;
}

function record(context: Context, held: Held, runId: string, event: RunEvent): Promise<Run> {
  const origin = { at: context.clock.now(), source: 'worker' as const, fence: held.lease.fence };
  return held.transact((tx) => advanceRun(tx, runId, event, origin));
}

type Advance = (event: RunEvent) => Promise<Run>;

async function recover(
  context: Context,
  runner: LifecycleRunner,
  run: Run,
  advance: Advance,
): Promise<Run> {
  const cleanliness = await runner.remove(run.id);
  const at = context.clock.now();
  const after = await advance({ kind: 'interrupted', at });
  if (after.state !== 'finishing') return after;
  return advance({ kind: 'torn-down', at, cleanliness });
}

async function execute(
  context: Context,
  held: Held,
  runner: LifecycleRunner,
  run: Run,
): Promise<Next> {
  const forge = forgeOf(context, run.forge);
  const repository = await readSource(forge, held, run);
  if ('diagnosis' in repository) {
    const at = context.clock.now();
    await record(context, held, run.id, {
      kind: 'concluded',
      at,
      verdict: 'errored',
      ...repository,
    });
    const cleanliness = { state: 'not_needed' as const };
    await record(context, held, run.id, { kind: 'torn-down', at, cleanliness });
    return {};
  }
  const stop = new AbortController();
  const watching = new AbortController();
  const watch = watchForCancel(context, run.id, { stop, until: watching.signal });
  const onCut = () => stop.abort({ kind: 'shutdown' });
  held.signal.addEventListener('abort', onCut, { once: true });
  try {
    await runner.execute({
      run,
      source: { cloneUrl: repository.cloneUrl, gitEnvironment: repository.gitEnvironment },
      record: async (event) => {
        const after = await record(context, held, run.id, event);
        if (event.kind === 'started') crashPoint('execution.after-start');
        if (event.kind === 'concluded') crashPoint('execution.before-teardown');
        return after;
      },
      signal: stop.signal,
    });
    return {};
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const at = context.clock.now();
    await record(context, held, run.id, { kind: 'interrupted', at });
    // Whoever comes after us begins it again.
    return { dueAt: at };
  } finally {
    held.signal.removeEventListener('abort', onCut);
    watching.abort();
    await watch;
  }
}

type Source = Pick<Repository, 'cloneUrl'> & {
  readonly gitEnvironment: Readonly<Record<string, string>>;
};

/** A repository that the forge will never show us again ends the run: nobody could take it up later. */
async function readSource(
  forge: Forge,
  held: Held,
  run: Run,
): Promise<Source | { readonly diagnosis: Diagnosis }> {
  try {
    const call = { signal: held.signal };
    const { cloneUrl } = await forge.readRepository(run.repository, call);
    return { cloneUrl, gitEnvironment: await forge.gitEnvironment(run.repository, call) };
  } catch (error) {
    if (!(error instanceof ForgeError) || error.retryable) throw error;
    return {
      diagnosis: {
        code: 'forge.repository_unreadable',
        class: 'infrastructure',
        headline: `the forge does not let me read ${run.repository} any more`,
        hint: `It says: ${error.code.replaceAll('_', ' ')}. Nothing was tested. Was the repository renamed or deleted, or the bot's access taken away?`,
      },
    };
  }
}

/** Somebody may cancel from another process: the ledger is asked, not a message awaited. */
async function watchForCancel(
  context: Context,
  runId: string,
  { stop, until }: { stop: AbortController; until: AbortSignal },
): Promise<void> {
  while (!until.aborted) {
    try {
      await context.clock.sleep(WATCH_MS, until);
      const run = await loadRun(context.ledger.db, runId);
      if (run.cancellation) stop.abort({ kind: 'cancelled' });
    } catch {
      // Aborted, or the ledger is away for a moment: the next look tells.
    }
  }
}
