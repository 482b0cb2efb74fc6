import type { LogLine, Stage, StageState } from '../../domain/run.ts';
import { plain } from './text.ts';
import {
  type DroneBuild,
  type DroneLogEntry,
  type DroneStage,
  type DroneStatus,
  type DroneStep,
  toMs,
} from './wire.ts';

/** A step of Drone with the name that people and `readLog` know it by. */
export type NamedStep = {
  readonly name: string;
  readonly stage: DroneStage;
  /** Absent for a stage that has no steps (yet). */
  readonly step?: DroneStep;
};

const STATES: Readonly<Record<DroneStatus, StageState>> = {
  pending: 'pending',
  waiting_on_dependencies: 'pending',
  blocked: 'pending',
  running: 'running',
  success: 'passed',
  failure: 'failed',
  error: 'errored',
  killed: 'cancelled',
  declined: 'skipped',
  skipped: 'skipped',
};
const MAX_NAME = 80;

/**
 * Drone's stages and steps as one flat list, in order, each name once. Names carry the stage when there are
 * several. A stage without steps stands for itself, unless it is the only one and has nothing to say.
 */
export function namedSteps(build: DroneBuild): readonly NamedStep[] {
  const stages = build.stages ?? [];
  const several = stages.length > 1;
  const taken = new Set<string>();
  return stages.flatMap((stage): NamedStep[] => {
    const steps = stage.steps ?? [];
    if (steps.length === 0) {
      return several || stage.error ? [{ name: unique(taken, nameOf(stage)), stage }] : [];
    }
    const prefix = several ? `${nameOf(stage)}/` : '';
    return steps.map((step) => ({
      name: unique(taken, `${prefix}${nameOf(step)}`),
      stage,
      step,
    }));
  });
}

/** The steps as the run machine's stages. */
export function stagesOf(build: DroneBuild): readonly Stage[] {
  return namedSteps(build).map(({ name, stage, step }) => {
    const source = step ?? stage;
    const startedAt = toMs(source.started);
    const finishedAt = toMs(source.stopped);
    const reason = reasonOf(stage, step);
    return {
      name,
      state: STATES[source.status],
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(finishedAt === undefined ? {} : { finishedAt }),
      ...(reason === undefined ? {} : { reason }),
    };
  });
}

/** The step that decided a build that did not succeed, if one did. Steps whose failure is ignored never do. */
export function failingStep(build: DroneBuild): NamedStep | undefined {
  const bad = ({ stage, step }: NamedStep) => {
    const { status } = step ?? stage;
    return (status === 'failure' || status === 'error') && step?.errignore !== true;
  };
  return namedSteps(build).find(bad);
}

/** Drone's log entries as lines numbered from 1; an entry without text is an artefact, not an empty line. */
export function logLines(entries: readonly DroneLogEntry[], of: NamedStep): readonly LogLine[] {
  const base = toMs(of.step?.started) ?? 0;
  return entries
    .flatMap(({ out, time }) =>
      out === ''
        ? []
        : out
            .replace(/\r?\n$/, '')
            .split(/\r?\n/)
            .map((text) => ({ text, at: base + time * 1000 })),
    )
    .map(({ text, at }, index) => ({ n: index + 1, at, stage: of.name, text }));
}

function reasonOf(stage: DroneStage, step: DroneStep | undefined): string | undefined {
  const error = step ? step.error : stage.error;
  if (error) return plain(error);
  if ((step ?? stage).status === 'blocked') return 'waits for approval in Drone';
  if ((step ?? stage).status === 'declined') return 'declined in Drone';
  return step?.status === 'failure' ? `exit code ${step.exit_code}` : undefined;
}

function nameOf(named: { readonly name: string; readonly number: number }): string {
  return plain(named.name, MAX_NAME) || String(named.number);
}

function unique(taken: Set<string>, name: string): string {
  let candidate = name;
  for (let n = 2; taken.has(candidate); n += 1) candidate = `${name} (${n})`;
  taken.add(candidate);
  return candidate;
}
