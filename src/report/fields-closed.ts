import type { Run } from '../domain/run.ts';
import { fence, inlineCode, link, plain } from './escape.ts';
import {
  commandAgain,
  commitLink,
  headFields,
  historyWords,
  pageUrl,
  type RichRunMessage,
  remoteLink,
  runLink,
  someOrNull,
  stoppedBy,
  type View,
} from './fields-common.ts';
import { appOf, causeFields, leftoverFields, logFields } from './fields-failure.ts';
import { stageRows } from './fields-stages.ts';
import { capitalised, duration, plural, time } from './format.ts';
import type { OutdatedMessage, SupersededMessage } from './message.ts';
import {
  amountWords,
  culprit,
  outcomeWords,
  teardownWords,
  tookMs,
  unitOf,
  VERDICT_ICONS,
  verdictWords,
} from './words.ts';

/** Fields of the comments of a run that is over. */

export function passedFields(message: RichRunMessage, view: View) {
  const { run } = message;
  return {
    ...headFields(message, VERDICT_ICONS.passed, view),
    amount: amountWords(run) ?? null,
    ...endFields(run, view),
    stages: stageRows(message, message.usual ? 'usual' : 'outcome', view),
    unit: unitOf(run),
    has_usual: message.usual !== undefined,
    page: pageUrl(message),
    files: run.plan.kind === 'lifecycle' ? `${pageUrl(message)}/files` : null,
    remote: remoteLink(message),
    history: historyWords(message, VERDICT_ICONS),
  };
}

export function dirtyFields(message: RichRunMessage, view: View) {
  const { run, more } = message;
  const next = more?.cleanup?.nextTry;
  return {
    ...headFields(message, '⚠️', view),
    title: 'Passed, but not cleaned up',
    ...endFields(run, view),
    app: appOf(run),
    next_try: next === undefined ? null : `${time(next.at)} (${next.nth} of ${next.of})`,
    ...leftoverFields(message, view),
    page: pageUrl(message),
  };
}

/** For failed, errored and timed out, clean or not. */
export function failedFields(message: RichRunMessage, view: View) {
  const { run, more } = message;
  const verdict = run.verdict ?? 'errored';
  const dirty = run.cleanliness.state === 'dirty' ? ', and not cleaned up' : '';
  const history = historyWords(message, VERDICT_ICONS);
  return {
    ...headFields(message, VERDICT_ICONS[verdict], view),
    title: `${plain(verdictWords(run, verdict, view.room), 60)}${dirty}`,
    ...endFields(run, view),
    ...causeFields(message, view),
    stages: stageRows(message, 'outcome', view),
    unit: unitOf(run),
    ...leftoverFields(message, view),
    ...logFields(run.diagnosis, view),
    next: nextWords(message),
    next_command: fence([commandAgain(run, culprit(run)?.name)], 'text', 3),
    actions: someOrNull(
      (more?.actions ?? []).map(
        ({ name, label }) => `- [ ] <!-- signalbox:act ${name} ${run.id} --> ${plain(label)}`,
      ),
    ),
    history: history === null ? null : [capitalised(history), ...flake(message)].join(' · '),
    has_log: run.stages.length > 0,
    remote: remoteLink(message),
    page: pageUrl(message),
  };
}

function flake({ more }: RichRunMessage): readonly string[] {
  return more?.flake === undefined
    ? []
    : [`this test failed ${more.flake.failed} of ${more.flake.of}`];
}

function nextWords({ run, more }: RichRunMessage): string {
  switch (run.diagnosis?.class) {
    case 'infrastructure':
    case 'flaky':
      return 'nothing to change here; to run it again, comment';
    case 'configuration':
      return 'mend the configuration, then comment';
    case 'change':
      return more?.rerunsOnPush === true
        ? 'push a fix (it re-runs by itself), or comment'
        : 'push a fix, then comment';
    case 'unclear':
    case undefined:
      return 'look at the log; then push a fix, or run it again with';
  }
}

export function cancelledFields(message: RichRunMessage, view: View) {
  const { run, links } = message;
  const { cancellation } = run;
  return {
    ...headFields(message, VERDICT_ICONS[run.verdict ?? 'cancelled'], view),
    title: run.verdict === 'superseded' ? 'Superseded' : 'Cancelled',
    reason: cancellation === undefined ? null : stoppedBy(cancellation, links.canceller, view.room),
    during: cancellation?.during === undefined ? null : plain(cancellation.during, view.room),
    gone: goneWords(run),
    verified_at: run.cleanliness.state === 'clean' ? time(run.cleanliness.at) : null,
    teardown: capitalised(endFields(run, view).teardown ?? '') || null,
    ...leftoverFields(message, view),
    again: cancellation?.cause === 'pull_request_closed' ? null : inlineCode(message.command),
    remote: remoteLink(message),
    page: pageUrl(message),
  };
}

/** `4 services, 3 volumes`: what was removed, as far as there was any of it. */
function goneWords(run: Run): string | null {
  if (run.cleanliness.state !== 'clean') return null;
  const removed = Object.entries(run.cleanliness.removed).filter(([, count]) => count > 0);
  return removed.length === 0
    ? null
    : removed.map(([kind, count]) => plain(plural(count, kind), 40)).join(', ');
}

export function supersededFields({ run, by }: SupersededMessage, view: View) {
  const during = run.cancellation?.during;
  return {
    sha: inlineCode(run.sha.slice(0, 7)),
    during: during === undefined ? null : plain(during, view.room),
    successor: commitLink(by.sha, by.commitUrl),
    cause: by.cause,
    comment: by.commentUrl === undefined ? null : link('current status', by.commentUrl),
  };
}

export function outdatedFields({ command, run, links }: OutdatedMessage, view: View) {
  return {
    icon: VERDICT_ICONS[run.verdict ?? 'errored'],
    what: plain(capitalised(outcomeWords(run)), view.room + 20),
    command: inlineCode(command, view.room),
    commit: commitLink(run.sha, links.commit),
    run: runLink(run.number, links.page),
    newer: link('newer run', links.newer),
  };
}

function endFields(run: Run, view: View) {
  const took = tookMs(run);
  const teardown = teardownWords(run);
  return {
    took: took === undefined ? null : duration(took),
    teardown: teardown === undefined ? null : teardownMarkdown(run, teardown, view),
  };
}

function teardownMarkdown(run: Run, words: string, view: View): string {
  return run.cleanliness.state === 'dirty'
    ? `${plural(run.cleanliness.residuals.length, 'leftover')} on ${inlineCode(run.runner, view.room)}`
    : words;
}
