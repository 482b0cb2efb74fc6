import { isTerminal, type Verdict } from '../domain/run.ts';
import { cellCode, html, plain, tableRow } from './escape.ts';
import { firstOf, headFields, remoteLink, runLink, type View } from './fields-common.ts';
import { causeFields, leftoverFields, logFields } from './fields-failure.ts';
import { listed, plural } from './format.ts';
import type { RunMessage, RunsMessage } from './message.ts';
import { outcomeWords, VERDICT_ICONS } from './words.ts';

const MAX_PARTS = 5;
/** The worst first: it is the verdict of all. */
const SEVERITY = ['failed', 'errored', 'timed_out', 'cancelled', 'superseded', 'passed'] as const;

/** Several suites under one command: the verdict of all, a row for each, what went wrong in folds. */
export function runsFields({ command, parts }: RunsMessage, view: View) {
  const [first] = parts;
  if (first === undefined) throw new RangeError('a message about several runs has none');
  const states = parts.map(({ run }) => run.state);
  const verdicts = states.filter(isTerminal);
  const isOver = verdicts.length === states.length;
  const worst = SEVERITY.find((verdict) => verdicts.includes(verdict)) ?? 'passed';
  const bad = parts.filter(({ run }) => needsWords(run.state));
  const { shown, more } = firstOf(bad, Math.min(MAX_PARTS, view.rows));
  const total = plural(parts.length, 'suite');
  return {
    ...headFields({ ...first, command }, isOver ? VERDICT_ICONS[worst] : '🔄', view),
    title: isOver ? allOver(parts, worst, view) : 'Running',
    extra: isOver ? leftovers(parts) : `${verdicts.length} of ${total} done${badWords(bad, view)}`,
    rows: firstOf(parts, view.rows).shown.map(({ run, links }) =>
      tableRow([
        isTerminal(run.state) ? VERDICT_ICONS[run.state] : run.state === 'queued' ? '🕒' : '🔄',
        cellCode(run.suite, 60),
        plain(outcomeWords(run), 120),
        runLink(run.number, links.page),
      ]),
    ),
    parts: shown.map((part) => foldOf(part, view)),
    parts_more: more,
    has_open: !isOver,
  };
}

function needsWords(state: RunMessage['run']['state']): boolean {
  return state === 'failed' || state === 'errored' || state === 'timed_out';
}

function allOver(parts: readonly RunMessage[], worst: Verdict, view: View): string {
  const total = plural(parts.length, 'suite');
  if (worst === 'passed') return `All ${total} passed`;
  const of = parts.filter(({ run }) =>
    needsWords(worst) ? needsWords(run.state) : run.state === worst,
  );
  const word = needsWords(worst) ? 'failed' : worst;
  return `${of.length} of ${total} ${word}: ${names(of, view)}`;
}

function badWords(bad: readonly RunMessage[], view: View): string {
  return bad.length === 0 ? '' : `, failed: ${names(bad, view)}`;
}

function names(parts: readonly RunMessage[], view: View): string {
  const { shown, more } = firstOf(parts, 3);
  const words = shown.map(({ run }) => plain(run.suite, Math.min(view.room, 24)));
  return listed([...words, ...(more > 0 ? [`${more} more`] : [])]);
}

/** What no row of its own tells: whether all is clean. */
function leftovers(parts: readonly RunMessage[]): string | null {
  const states = parts.map(({ run }) => run.cleanliness.state);
  const dirty = states.filter((state) => state === 'dirty').length;
  if (dirty > 0) return `${plural(dirty, 'suite')} not cleaned up`;
  return states.some((state) => state === 'clean') && !states.includes('unknown')
    ? 'torn down clean'
    : null;
}

/** A fold with everything a person needs of one part. An alert would not be shown inside a fold. */
function foldOf(part: RunMessage, view: View): string {
  const cause = causeFields(part, view);
  const { log } = logFields(part.run.diagnosis, view);
  const { leftovers: rows } = leftoverFields(part, view);
  const sentences = [
    cause.cause === null ? null : `**Likely cause: ${cause.cause}** ${cause.class_note}`,
    cause.hint,
    cause.tests?.map((test) => `- ${test}`).join('\n') ?? null,
    rows === null
      ? null
      : ['| Kind | Name | Why it is still there |', '|:--|:--|:--|', ...rows].join('\n'),
    log,
    [runLink(part.run.number, part.links.page), remoteLink(part)].filter(Boolean).join(' · '),
  ].filter((text) => text !== null);
  const summary = `${html(part.run.suite, 60)}: ${html(outcomeWords(part.run), 120)}`;
  return [`<details><summary>${summary}</summary>`, ...sentences, '</details>'].join('\n\n');
}
