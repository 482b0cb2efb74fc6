import {
  type BuildState,
  type DroneState,
  type FakeStep,
  isOver,
  type StageState,
  type StepState,
} from './model.ts';

/**
 * One step of the runner's work on a build, as far as the next webhook.
 * False when there is nothing (more) to do; true after a change that Drone tells by one `updated`.
 */
export function advance(state: DroneState, build: BuildState): boolean {
  if (isOver(build.status) || build.isRunnerLost) return false;
  const stage =
    build.stages.find((other) => other.status === 'running') ??
    build.stages.find((other) => other.status === 'pending');
  if (stage === undefined) return false;
  const now = state.now();
  if (stage.status === 'pending') {
    accept(state, build, stage);
    if (isOver(stage.status)) return true;
  }
  const running = stage.steps.find((step) => step.status === 'running');
  if (running) {
    finishStep(build, stage, running, now);
    return true;
  }
  const next = stage.steps.find((step) => step.status === 'pending');
  if (next) {
    beginStep(stage, next, now);
    return true;
  }
  finishStage(build, stage, now);
  return isOver(build.status) || advance(state, build);
}

/** Drone's cancel: words change at once, whatever the runner still does. False when it was over already. */
export function cancel(state: DroneState, build: BuildState): boolean {
  if (isOver(build.status)) return false;
  const now = state.now();
  for (const stage of build.stages.filter((other) => !isOver(other.status))) {
    // The exit codes are a race with the runner: 130 or 137, the stage 0 or 137 (recorded).
    for (const step of stage.steps) killStep(step, build.isRunnerLost, now);
    const isRunning = stage.status === 'running';
    stage.status = isRunning ? 'killed' : 'skipped';
    stage.exitCode = isRunning && !build.isRunnerLost ? 137 : 0;
    stage.started ||= now;
    stage.stopped = now;
    stage.version += 1;
  }
  build.status = 'killed';
  build.started ||= now;
  build.finished = now;
  build.version += 1;
  return true;
}

/** An administrator declines a build that waits for approval: neither webhook nor commit status follow. */
export function decline(build: BuildState): void {
  for (const stage of build.stages) stage.status = 'declined';
  build.status = 'declined';
  build.version += 1;
}

/** The runner fails outside of any step, e.g. it cannot make its workspace. */
export function breakStage(state: DroneState, build: BuildState, error: string): void {
  const stage = build.stages.find((other) => !isOver(other.status));
  if (stage === undefined) return;
  if (stage.status === 'pending') accept(state, build, stage);
  for (const step of stage.steps.filter(({ status }) => !isOver(status))) step.status = 'skipped';
  endStage(stage, state.now(), { status: 'error', exitCode: 255, error });
  settle(build, state.now());
}

/** Lines of a finished step; undefined until then, for skipped steps, and for what died with its runner. */
export function logOf(
  build: BuildState,
  stage: number,
  step: number,
): readonly string[] | undefined {
  const found = build.stages
    .find((other) => other.number === stage)
    ?.steps.find((other) => other.number === step);
  if (found === undefined || found.started === 0 || found.stopped === 0) return undefined;
  if (found.status === 'skipped' || (found.status === 'killed' && build.isRunnerLost))
    return undefined;
  return build.outcomes.get(found.name)?.log ?? found.script.log ?? [`+ run ${found.name}\n`];
}

function accept(state: DroneState, build: BuildState, stage: StageState): void {
  const now = state.now();
  stage.machine = 'runner-1';
  stage.started = now;
  stage.updated = now;
  stage.version = 3;
  build.started ||= now;
  build.status = 'running';
  build.version = 2;
  if (stage.refusal !== undefined) {
    endStage(stage, now, { status: 'error', exitCode: 255, error: stage.refusal });
    settle(build, now);
    return;
  }
  stage.status = 'running';
  stage.steps = stage.script.steps.map((script, index) => newStep(state, script, index + 1));
}

function newStep(state: DroneState, script: FakeStep, number: number): StepState {
  state.ids.step += 1;
  return {
    id: state.ids.step,
    number,
    name: script.name,
    script,
    status: 'pending',
    exitCode: 0,
    started: 0,
    stopped: 0,
    version: 1,
  };
}

/** Begins the step, or skips it: after a failure only steps meant for failures run. */
function beginStep(stage: StageState, step: StepState, now: number): void {
  const hasFailed = stage.steps.some((other) => other.status === 'failure');
  const runs = hasFailed === (step.script.runsOnFailure ?? false);
  step.started = now;
  step.version = 2;
  step.status = runs ? 'running' : 'skipped';
  if (!runs) step.stopped = now;
}

function finishStep(build: BuildState, stage: StageState, step: StepState, now: number): void {
  step.exitCode = build.outcomes.get(step.name)?.exitCode ?? step.script.exitCode ?? 0;
  step.status = step.exitCode === 0 ? 'success' : 'failure';
  step.stopped = now;
  step.version = 3;
  stage.updated = now;
}

/** The stage's exit code stays 0 for an ordinary failure (recorded). */
function finishStage(build: BuildState, stage: StageState, now: number): void {
  const hasFailed = stage.steps.some((step) => step.status === 'failure');
  for (const step of stage.steps) step.version += 1;
  endStage(stage, now, { status: hasFailed ? 'failure' : 'success', exitCode: 0 });
  settle(build, now);
}

function endStage(
  stage: StageState,
  now: number,
  end: { status: 'success' | 'failure' | 'error'; exitCode: number; error?: string },
): void {
  stage.status = end.status;
  stage.exitCode = end.exitCode;
  if (end.error !== undefined) stage.error = end.error;
  stage.stopped = now;
  stage.updated = now;
  stage.version += 1;
}

/** Releases or skips what waited for the stage; ends the build when nothing is left. */
function settle(build: BuildState, now: number): void {
  for (const stage of build.stages.filter(({ status }) => status === 'waiting_on_dependencies')) {
    const names = stage.script.dependsOn ?? [];
    const awaited = build.stages.filter((other) => names.includes(other.name));
    if (!awaited.every((other) => isOver(other.status))) continue;
    const isGreen = awaited.every((other) => other.status === 'success');
    stage.version += 1;
    stage.status =
      isGreen === ((stage.script.on ?? 'success') === 'success') ? 'pending' : 'skipped';
    if (stage.status === 'skipped') {
      stage.started = now;
      stage.stopped = now;
    }
  }
  if (!build.stages.every((stage) => isOver(stage.status))) return;
  const bad = build.stages.find(({ status }) => ['killed', 'failure', 'error'].includes(status));
  build.status = bad?.status ?? 'success';
  build.finished = now;
  build.version += 1;
}

function killStep(step: StepState, isRunnerLost: boolean, now: number): void {
  if (isOver(step.status)) return;
  const isRunning = step.status === 'running';
  step.status = isRunning ? 'killed' : 'skipped';
  step.exitCode = isRunnerLost ? 130 : isRunning ? 137 : 0;
  step.started ||= now;
  step.stopped = now;
  step.version += 1;
}
