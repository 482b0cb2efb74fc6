import type { Run, Stage } from '../domain/run.ts';
import type { LogStore } from '../lib/log-store.ts';
import type { Mask } from '../lib/redact.ts';
import { type RemoteRunner, type RunnerCallOptions, RunnerError } from '../runner/runner.ts';

/** Copies into our log what the far side has logged since the last time. Never fails a run. */
export type KeepRemoteLog = (
  runner: RemoteRunner,
  run: Run,
  options: { readonly stages: readonly Stage[]; readonly call: RunnerCallOptions },
) => Promise<void>;

/**
 * The far side always tells a step's log from its first line, so what we have of it tells where to go on: nothing
 * is remembered beside the log itself, and a crash in between costs no line and doubles none.
 */
export function createRemoteLogs(parts: { logs: LogStore; mask: Mask }): KeepRemoteLog {
  const { logs, mask } = parts;
  const complete = new Set<string>();

  return async (runner, run, { stages, call }) => {
    const wanted = stages.filter(
      (stage) => hasLog(stage) && !complete.has(`${run.id} ${stage.name}`),
    );
    if (wanted.length === 0) return;
    const kept = countByStage(await logs.read(run.id));
    const writer = await logs.open(run.id);
    for (const stage of wanted) {
      const lines = await readQuietly(runner, run, stage.name, call);
      for (const line of lines?.slice(kept.get(stage.name) ?? 0) ?? [])
        writer.write(stage.name, mask(line.text));
      if (lines && stage.state !== 'running') complete.add(`${run.id} ${stage.name}`);
    }
    await writer.flush();
    if (complete.size > MAX_REMEMBERED) complete.clear();
  };
}

/** Forgetting costs one more read of a log that is there already. */
const MAX_REMEMBERED = 10_000;

function hasLog(stage: Stage): boolean {
  return stage.state !== 'pending' && stage.state !== 'skipped' && stage.startedAt !== undefined;
}

function countByStage(lines: readonly { readonly stage: string }[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { stage } of lines) counts.set(stage, (counts.get(stage) ?? 0) + 1);
  return counts;
}

async function readQuietly(runner: RemoteRunner, run: Run, stage: string, call: RunnerCallOptions) {
  try {
    return await runner.readLog(run, stage, call);
  } catch (error) {
    if (error instanceof RunnerError) return undefined;
    throw error;
  }
}
