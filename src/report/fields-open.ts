import { isTerminal } from '../domain/run.ts';
import { currentStage } from '../domain/run-machine.ts';
import { inlineCode, link, plain, prose, tableRow } from './escape.ts';
import {
  commitLink,
  firstOf,
  headFields,
  pageUrl,
  personLink,
  type RichRunMessage,
  remoteLink,
  runLink,
  someOrNull,
  stoppedBy,
  type View,
} from './fields-common.ts';
import { stageRows } from './fields-stages.ts';
import { about, clock, plural, time, uncapitalised, unstopped } from './format.ts';
import { outcomeWords, progress, unitOf, VERDICT_ICONS, verdictWords } from './words.ts';

/** Fields of the comments of a run that is not over yet. */

export function queuedFields(message: RichRunMessage, view: View) {
  const { run, queue, usual, links } = message;
  return {
    ...headFields(message, '🕒', view),
    requester: personLink(message.requester, links.requester, view.room),
    ahead: queue === undefined || queue.waitsFor !== undefined ? null : aheadWords(queue, view),
    starts: queue?.startsAt === undefined ? null : time(queue.startsAt),
    waits_for: queue?.waitsFor === undefined ? null : waitWords(queue.waitsFor),
    plan: run.plan.kind === 'lifecycle' ? run.plan.stages.join(' → ') : null,
    usual:
      usual === undefined ? null : `${about(usual.totalMs)} (median of the last ${usual.runs})`,
    page: pageUrl(message),
  };
}

/** The far side says "waits for …", and so do we. */
function waitWords(waitsFor: string): string {
  return prose(unstopped(waitsFor.replace(/^waits for /iu, '')), 160);
}

function aheadWords(queue: NonNullable<RichRunMessage['queue']>, view: View): string {
  const runner = inlineCode(queue.runner, 40);
  const { shown, more } = firstOf(queue.ahead, Math.min(3, view.rows));
  if (shown.length === 0) return `a free slot on runner ${runner}`;
  const runs = shown.map(({ number, repository, url, leftMs }) => {
    const left = leftMs === undefined ? '' : `, about ${about(leftMs)} left`;
    return `${link(`${plain(repository, 60)}, run ${number}`, url)}${left}`;
  });
  const rest = more === 0 ? '' : `; and ${more} more`;
  return `${plural(queue.ahead.length, 'run')} ahead on runner ${runner} (${runs.join('; ')}${rest})`;
}

export function runningFields(message: RichRunMessage, view: View) {
  const { run, more } = message;
  const at = progress(run);
  const stage = currentStage(run);
  const begun = run.startedAt;
  const stopping = run.cancellation !== undefined && !isTerminal(run.state);
  const busy = run.state === 'running' && !stopping;
  const rows = stageRows(message, message.usual ? 'usual' : 'outcome', view);
  return {
    ...headFields(message, run.state === 'finishing' && !stopping ? '🧹' : '🔄', view),
    title: stopping ? 'Cancelling' : run.state === 'finishing' ? 'Cleaning up' : 'Running',
    place: busy && at?.place ? at.place : null,
    stage: busy && at?.stage !== undefined ? plain(at.stage, view.room) : null,
    extra: extraWords(message, view),
    started: busy && begun !== undefined ? time(begun) : null,
    ends: busy && begun !== undefined ? endWords(message, begun, view.now) : null,
    note: noteWords(message),
    stages: rows,
    unit: unitOf(run),
    has_usual: message.usual !== undefined,
    earlier: someOrNull(earlierRows(message, view)),
    earlier_count: more?.earlier?.length ?? 0,
    live: pageUrl(message, stage?.name),
    remote: remoteLink(message),
    can_cancel: busy,
  };
}

/** What line 1 says besides, while a run is being stopped or cleaned up. */
function extraWords({ run, links }: RichRunMessage, view: View): string | null {
  if (run.cancellation !== undefined) {
    const during = run.cancellation.during;
    const where = during === undefined ? '' : `, during **${plain(during, view.room)}**`;
    return `${stoppedBy(run.cancellation, links.canceller, view.room)}${where}`;
  }
  if (run.state !== 'finishing' || run.verdict === undefined) return null;
  const words = plain(uncapitalised(verdictWords(run, run.verdict, view.room)), 60);
  return `${words}; what it had started is being removed`;
}

function endWords({ run, usual }: RichRunMessage, begun: number, now: number): string | null {
  if (usual === undefined) return null;
  // A second try begins again, while the run keeps the time of its first start.
  const from = run.attempt > 1 ? (run.stages[0]?.startedAt ?? now) : begun;
  const ends = from + usual.totalMs;
  return ends > now ? `ends about ${clock(ends)}` : `usually ${about(usual.totalMs)}`;
}

function noteWords({ run, more }: RichRunMessage): string | null {
  const { interruption } = run;
  if (interruption?.outcome === 'reattached') {
    const away = more?.awayMs;
    return away === undefined
      ? `The bot restarted and took this run over again at ${time(interruption.at)}. The stage kept running; no log lines were lost.`
      : `The bot restarted at ${time(interruption.at)} and took this run over again after ${about(away)}. The stage kept running; no log lines were lost.`;
  }
  if (interruption?.outcome !== 'requeued') return null;
  const during = interruption.during;
  const where = during === undefined ? '' : ` during **${plain(during, 40)}**`;
  return `The bot's host went down${where} at ${time(interruption.at)}. What was left was removed, and this is the second and last automatic try.`;
}

/** Rows about the other runs of this pull request. */
function earlierRows({ more }: RichRunMessage, view: View): readonly string[] {
  return firstOf(more?.earlier ?? [], view.rows).shown.map(({ run, commitUrl, url }) =>
    tableRow([
      isTerminal(run.state) ? VERDICT_ICONS[run.state] : '🔄',
      commitLink(run.sha, commitUrl),
      plain(outcomeWords(run), 120),
      runLink(run.number, url),
    ]),
  );
}

export function interruptedFields(message: RichRunMessage, view: View) {
  const { run, links, queue } = message;
  const during = run.interruption?.during;
  return {
    ...headFields(message, '💥', view),
    during: during === undefined ? null : plain(during, view.room),
    removed_at: run.interruption === undefined ? null : time(run.interruption.at),
    run: runLink(run.number, links.page),
    waits_for: queue?.waitsFor === undefined ? null : waitWords(queue.waitsFor),
  };
}
