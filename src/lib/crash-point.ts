/**
 * Named places where a crash is most harmful. Inert unless armed: then the process dies there as if by kill -9,
 * or, in the simulation, the given function decides. Tests go through every name.
 */
export const CRASH_POINTS = [
  'intake.after-commit',
  'command.before-decision',
  'run.after-intent',
  'run.after-create',
  'run.after-cancel',
  'execution.after-start',
  'execution.before-teardown',
  'report.after-intent',
  'report.after-create',
  'report.after-edit',
  'report.after-status',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

let armed: ((point: CrashPoint) => void) | undefined;

export function crashPoint(point: CrashPoint): void {
  armed?.(point);
}

/** Returns the disarming function. @internal */
function armCrashPoints(action: (point: CrashPoint) => void): () => void {
  armed = action;
  return () => {
    armed = undefined;
  };
}

/** `name@hit`: dies by SIGKILL when `name` is reached for the `hit`-th time in this process. */
export function armFromText(text: string): void {
  const [name, hit = '1'] = text.split('@');
  const known = CRASH_POINTS.find((point) => point === name);
  if (!known)
    throw new Error(`unknown crash point "${name}"; there are: ${CRASH_POINTS.join(', ')}`);
  let left = Number(hit);
  armCrashPoints((point) => {
    if (point !== known) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  });
}
