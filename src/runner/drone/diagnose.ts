import type { Diagnosis, LogLine, Run, Verdict } from '../../domain/run.ts';
import { verdictOfCancellation } from '../../domain/run-machine.ts';
import { failingStep, type NamedStep } from './steps.ts';
import { plain } from './text.ts';
import type { DroneBuild } from './wire.ts';

/** Whole log of the failing step, when it could be read. */
export type FailureLog = readonly LogLine[];
export type Conclusion = { readonly verdict: Verdict; readonly diagnosis?: Diagnosis };

const EVIDENCE_LINES = 60;

/** What a finished build means for the run; undefined while it is not finished. Pure. */
export function concludeBuild(
  build: DroneBuild,
  run: Run,
  log: FailureLog = [],
): Conclusion | undefined {
  switch (build.status) {
    case 'pending':
    case 'waiting_on_dependencies':
    case 'blocked':
    case 'running':
      return undefined;
    case 'success':
      return { verdict: 'passed' };
    case 'failure':
      return withEvidence(failed(build), log);
    case 'error':
      return withEvidence(errored(build), log);
    case 'killed':
      return killed(build, run);
    case 'declined':
      return { verdict: 'errored', diagnosis: DECLINED };
    case 'skipped':
      return { verdict: 'errored', diagnosis: SKIPPED };
  }
}

const DECLINED: Diagnosis = {
  code: 'drone.declined',
  class: 'configuration',
  headline: 'declined in Drone',
  hint: 'An administrator of the repository declined this build in Drone, so nothing of it ran. Ask them why, then ask for a new run.',
};

const SKIPPED: Diagnosis = {
  code: 'drone.skipped',
  class: 'configuration',
  headline: 'Drone skipped every pipeline of this build',
  hint: 'Nothing was tested. Check the triggers and dependencies of the pipelines in .drone.yml.',
};

/** Exit codes stand in the steps: a stage says 0 for an ordinary failure (recorded). */
function failed(build: DroneBuild): Conclusion {
  const failing = failingStep(build);
  if (failing?.step === undefined) {
    return {
      verdict: 'failed',
      diagnosis: {
        code: 'drone.failed',
        class: 'unclear',
        headline: 'the build failed in Drone',
        hint: `Drone names no step that failed. Look at build ${build.number} there.`,
      },
    };
  }
  return isClone(failing)
    ? { verdict: 'errored', diagnosis: cloneFailed(failing.step.exit_code) }
    : { verdict: 'failed', diagnosis: stepFailed(failing.name, failing.step.exit_code) };
}

function stepFailed(name: string, exitCode: number): Diagnosis {
  const isKill = exitCode === 137;
  return {
    code: 'drone.step_failed',
    class: isKill ? 'unclear' : 'change',
    headline: `${name} failed with exit code ${exitCode}`,
    hint: isKill
      ? 'Something killed the step, most often for want of memory. The end of its log shows how far it came.'
      : 'The end of its log shows what it said last.',
  };
}

/** The tested code has not run by then, so it is not the one that failed. */
function cloneFailed(exitCode: number): Diagnosis {
  return {
    code: 'drone.clone_failed',
    class: 'infrastructure',
    headline: `Drone could not check out the commit (exit code ${exitCode})`,
    hint: 'Nothing was tested. Most often the branch was deleted or force-pushed meanwhile, the commit is not on that branch, or the forge did not answer the runner.',
  };
}

function isClone({ step }: NamedStep): boolean {
  return step?.name === 'clone' && step.number === 1;
}

/** Errors of the server stand in the build, those that only a runner finds in its stage or step. */
function errored(build: DroneBuild): Conclusion {
  const failing = failingStep(build);
  // A runner may fail before or between the steps: then only the stage says why.
  const stageError = build.stages?.find((stage) => stage.error)?.error;
  const text = build.error || failing?.step?.error || failing?.stage.error || stageError || '';
  const isRefused = Boolean(build.error) || /linter|yaml/i.test(text);
  const says = text === '' ? '' : `Drone says: ${plain(text)}. `;
  const evidence =
    text === ''
      ? {}
      : {
          evidence: {
            lines: [{ n: 1, at: build.finished * 1000, stage: 'drone', text }],
            total: 1,
          },
        };
  return {
    verdict: 'errored',
    diagnosis: isRefused
      ? {
          code: 'drone.pipeline_refused',
          class: 'configuration',
          headline: 'Drone does not accept the .drone.yml of this commit',
          hint: `${says}Nothing was tested. Correct the file and push.`,
          ...evidence,
        }
      : {
          code: 'drone.runner_error',
          class: 'infrastructure',
          headline: 'the Drone runner could not run the build',
          hint: `${says}This says nothing about the change. Look at build ${build.number} in Drone, then ask for a new run.`,
          ...evidence,
        },
  };
}

function killed(build: DroneBuild, run: Run): Conclusion {
  if (run.cancellation) return { verdict: verdictOfCancellation(run.cancellation) };
  if (run.remote.cancelSentAt !== undefined) return { verdict: 'cancelled' };
  return {
    verdict: 'errored',
    diagnosis: {
      code: 'drone.killed_elsewhere',
      class: 'infrastructure',
      headline: 'killed in Drone by somebody else',
      hint: `Signalbox did not ask for it: somebody cancelled build ${build.number} in Drone, or it reached the time limit that Drone has for the repository. This says nothing about the change.`,
    },
  };
}

/** The failing step's own log beats Drone's one-line message. */
function withEvidence(conclusion: Conclusion, log: FailureLog): Conclusion {
  if (log.length === 0 || conclusion.diagnosis === undefined) return conclusion;
  const evidence = { lines: log.slice(-EVIDENCE_LINES), total: log.length };
  return { ...conclusion, diagnosis: { ...conclusion.diagnosis, evidence } };
}
