import type { Diagnosis, FailureClass, LogLine, Run } from '../domain/run.ts';
import {
  cellCode,
  cellProse,
  fence,
  inlineCode,
  link,
  logText,
  plain,
  prose,
  tableRow,
} from './escape.ts';
import { firstOf, type RichRunMessage, someOrNull, type View } from './fields-common.ts';
import { unstopped } from './format.ts';

const CLASS_NOTES = {
  change: '(a problem in this change, not in the CI)',
  infrastructure: '(a problem of the CI, not of your change)',
  configuration: '(a problem of the configuration)',
  flaky: '(a test that fails now and then, not your change)',
  unclear: '(in the change or in the CI: it is not clear which)',
} as const satisfies Record<FailureClass, string>;

const MAX_LINE = 300;

/** Why a run did not pass. */
export function causeFields({ run, more }: RichRunMessage, view: View) {
  const { diagnosis } = run;
  const tests = firstOf(diagnosis?.failedTests ?? [], Math.min(5, view.rows));
  return {
    alert: run.verdict === 'failed' ? 'CAUTION' : 'WARNING',
    cause: diagnosis === undefined ? null : prose(unstopped(diagnosis.headline), 160),
    class_note: diagnosis === undefined ? null : CLASS_NOTES[diagnosis.class],
    hint: diagnosis === undefined || diagnosis.hint === '' ? null : prose(diagnosis.hint),
    advice: more?.advice === undefined ? null : link('What to check', more.advice),
    tests: someOrNull(
      tests.shown.map(({ name, message }) =>
        message.trim() === ''
          ? inlineCode(name, 160)
          : `${inlineCode(name, 160)}: ${inlineCode(message, 200)}`,
      ),
    ),
    tests_more: tests.more,
  };
}

/** The log around the failure, in a fence. */
export function logFields(diagnosis: Diagnosis | undefined, view: View) {
  const evidence = diagnosis?.evidence;
  const lines = excerpt(evidence?.lines ?? [], view);
  if (evidence === undefined || lines.length === 0) return { log: null, log_summary: null };
  const total = Math.max(evidence.total, evidence.lines.length);
  const of = total === lines.length ? `${lines.length}` : `${lines.length} of ${grouped(total)}`;
  return {
    log: fence(lines),
    log_summary: `${of} ${total === 1 ? 'line' : 'lines'}, secrets masked`,
  };
}

function grouped(count: number): string {
  return count.toLocaleString('en-GB');
}

/** The last lines that fit: the end of a log is nearest to what went wrong. */
function excerpt(lines: readonly LogLine[], view: View): readonly string[] {
  const last = lines.slice(-view.logLines).slice(view.logLines === 0 ? lines.length : 0);
  const stages = last.map(({ stage }) => logText(stage).slice(0, 24));
  const width = Math.max(0, ...stages.map((stage) => stage.length));
  const digits = String(last.at(-1)?.n ?? '').length;
  const texts = last.map(({ n, text }, i) => {
    const shown = logText(text.slice(0, MAX_LINE * 8));
    const cut = shown.length > MAX_LINE ? `${shown.slice(0, MAX_LINE - 1).toWellFormed()}…` : shown;
    const place = `${String(n).padStart(digits)}  ${(stages[i] ?? '').padEnd(width)}`;
    return `${place}  ${cut}`.trimEnd();
  });
  let from = texts.length;
  let room = view.logCharacters;
  while (from > 0 && room >= (texts[from - 1]?.length ?? 0) + 1) {
    from -= 1;
    room -= (texts[from]?.length ?? 0) + 1;
  }
  return texts.slice(from);
}

/** What teardown could not remove. */
export function leftoverFields({ run, more }: RichRunMessage, view: View) {
  const residuals = run.cleanliness.state === 'dirty' ? run.cleanliness.residuals : [];
  const { shown, more: hidden } = firstOf(residuals, view.rows);
  const byHand = more?.cleanup?.byHand ?? [];
  return {
    leftovers: someOrNull(
      shown.map(({ kind, name, reason }) =>
        tableRow([plain(kind, 30), cellCode(name, 100), cellProse(reason, 160)]),
      ),
    ),
    leftover_count: residuals.length,
    leftover_more: hidden,
    runner: inlineCode(run.runner, 40),
    force: more?.cleanup?.canForce === true ? fence([`/cleanup ${run.number}`], 'text', 3) : null,
    by_hand: byHand.length === 0 ? null : fence(byHand.slice(0, view.rows), 'sh', 3),
  };
}

/** How to call the app whose leftovers are in the way. */
export function appOf(run: Run): string {
  return plain(run.plan.kind === 'lifecycle' ? run.plan.recipe.app : run.suite, 40);
}
