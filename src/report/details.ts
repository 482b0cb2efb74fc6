import { isTerminal, type Run } from '../domain/run.ts';
import type { Annotation, Button, CommitStatus, StatusDetails } from '../forges/forge.ts';
import { logText, oneLine } from './escape.ts';
import type { RunMessage } from './message.ts';
import { statusOf } from './project.ts';
import { renderText } from './render.ts';
import type { ReporterOptions } from './reporter-options.ts';

/** The long form of a run's commit status: the comment's text, a remark for each failed test, buttons. */
export function detailsOf(
  { templates, clock }: Pick<ReporterOptions, 'templates' | 'clock'>,
  part: RunMessage,
): NonNullable<CommitStatus['details']> {
  const { run } = part;
  return {
    key: run.id,
    version: `${run.state} ${run.cleanliness.state}`,
    read: (): StatusDetails => {
      const text = renderText(part, { templates, now: clock.now() });
      return {
        phase: phaseOf(run),
        title: statusOf(run).description,
        summary: withoutBoxes(text),
        ...(run.startedAt === undefined ? {} : { startedAt: new Date(run.startedAt) }),
        ...(run.finishedAt === undefined ? {} : { endedAt: new Date(run.finishedAt) }),
        annotations: isTerminal(run.state) ? annotationsOf(run) : [],
        buttons: buttonsOf(run),
      };
    },
  };
}

const PHASES = {
  queued: 'queued',
  running: 'running',
  finishing: 'running',
  passed: 'success',
  failed: 'failure',
  // The far side knows no word for "our fault": what is not green must not look green.
  errored: 'failure',
  timed_out: 'timed_out',
  cancelled: 'cancelled',
  superseded: 'cancelled',
} as const satisfies Record<Run['state'], StatusDetails['phase']>;

function phaseOf(run: Run): StatusDetails['phase'] {
  return PHASES[run.state];
}

/** Tick boxes work in comments only. */
function withoutBoxes(markdown: string): string {
  return markdown.replaceAll(/^\s*[-*] \[[ x]\] .*(?:\n|$)/gim, '').trim();
}

/** Where a test's report names no file, the configuration that had it run stands in. */
const SOMEWHERE = '.signalbox.yml';

function annotationsOf(run: Run): readonly Annotation[] {
  return (run.diagnosis?.failedTests ?? []).map(({ name, message, path, line }) => ({
    path: path ?? SOMEWHERE,
    line: path === undefined ? 1 : (line ?? 1),
    level: 'failure',
    title: oneLine(name, 200),
    message: logText(message.trim()) || 'failed, without a message',
  }));
}

const CANCEL: Button = {
  action: 'cancel',
  label: 'Cancel',
  description: 'Stop it, tear it down, prove it',
};
const RETRY: Button = {
  action: 'retry',
  label: 'Retry',
  description: 'Run this suite again on this commit',
};
const ALL: Button = {
  action: 'all',
  label: 'Run all',
  description: 'Run every suite of this commit again',
};

/** What can be done with it as it stands. */
function buttonsOf(run: Run): readonly Button[] {
  return isTerminal(run.state) ? [RETRY, ALL] : [CANCEL];
}
