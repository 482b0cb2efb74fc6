import { html, raw } from 'hono/html';
import { isTerminal } from '../../domain/run.ts';
import type { StoredLine } from '../../lib/log-store.ts';
import { formatCount, formatLogTime, type Html } from './format.ts';
import { urlPart, visibleText, visibleTitle } from './hostile-text.ts';
import type { PagesSource, RunRow } from './source.ts';

/** Lines of one page, and of one chunk in the document. */
const WINDOW = 500;
/** Lines shown above the first line of evidence. */
const LEAD_IN = 20;

export type LogWindow = {
  readonly lines: readonly StoredLine[];
  readonly total: number;
  /** Whether the window reaches the end, so that new lines can be added to it. */
  readonly atEnd: boolean;
};

/**
 * The part of a log that a page shows: from `from` if given, else around the evidence of a failure,
 * else the last lines.
 */
export async function readWindow(
  source: PagesSource,
  row: RunRow,
  from: number | undefined,
): Promise<LogWindow> {
  const total = await source.countLog(row.id);
  const tail = Math.max(1, total - WINDOW + 1);
  const evidence = row.diagnosis?.evidence?.lines[0]?.n;
  const opened =
    evidence !== undefined && isTerminal(row.state) ? Math.max(1, evidence - LEAD_IN) : tail;
  const first = Math.max(1, from ?? Math.min(opened, tail));
  const lines = await source.readLog(row.id, first - 1, WINDOW);
  return { lines, total, atEnd: (lines.at(-1)?.n ?? total) >= total };
}

const ERROR =
  /\b(?:ERROR|FATAL|PANIC|FAIL|FAILED|Traceback)\b|\b(?:error|fatal|panic|[Ee]xception)\b ?:|Error: |^E {2,}|^(?:exit|exited with)(?: code)? [1-9]/;
const NO_ERROR = /\b(?:0|no) (?:errors?|failed|failures?)\b/i;

/** Whether a reader who looks for the error would stop at this line. A guess, for marking only. @internal */
export function looksLikeError(text: string): boolean {
  return ERROR.test(text) && !NO_ERROR.test(text);
}

/** The fragment that leads to a stage's part of the log. Never one of the page's own ids. @internal */
export function stageAnchor(stage: string): string {
  const slug = stage.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 60);
  return /^(?:sb-|L\d|-?$)/.test(slug) ? `stage-${slug}` : slug;
}

/** What live.js needs to add one line, all text already made visible. */
export type LiveLine = {
  readonly n: number;
  readonly iso: string;
  readonly time: string;
  readonly stage: string;
  readonly anchor: string;
  readonly text: string;
  readonly error: boolean;
};

export function toLiveLine(line: StoredLine): LiveLine {
  const text = visibleText(line.text);
  return {
    n: line.n,
    iso: new Date(line.at).toISOString(),
    time: formatLogTime(line.at),
    stage: visibleTitle(line.stage, 60),
    anchor: stageAnchor(line.stage),
    text,
    error: looksLikeError(text),
  };
}

export function renderLog(row: RunRow, log: LogWindow): Html {
  const lines = log.lines.map(toLiveLine);
  const errors = lines.filter(({ error }) => error);
  const live = !isTerminal(row.state) && log.atEnd;
  const empty = isTerminal(row.state)
    ? 'This run wrote no log.'
    : 'Nothing yet: lines appear as they are written.';
  return html`<div class="log" id="sb-log" data-live="${live ? 'yes' : 'no'}">
<header>${renderTabs(row, lines)}<span class="end"><span id="sb-errors" data-count="${errors.length}">${renderErrorCount(errors)}</span><button type="button" data-act="previous" hidden aria-label="Previous error">↑</button><button type="button" data-act="next" hidden aria-label="Next error">↓</button></span><label><input type="checkbox" class="wrap" checked> wrap</label><label hidden><input type="checkbox" id="sb-follow"> follow</label><label hidden><input type="checkbox" id="sb-keys"> keys</label><a href="/r/${row.number}/log">raw</a></header>
${renderEarlier(row, log)}
<div class="lines" id="sb-lines" role="log" aria-live="off" aria-label="Log of run ${row.number}" tabindex="0">${renderLines(lines)}<p class="none"${lines.length > 0 ? raw(' hidden') : ''}>${empty}</p></div>
<button type="button" class="newer" id="sb-newer" hidden></button>
${renderLater(row, log)}
</div>`;
}

function renderLines(lines: readonly LiveLine[]): Html {
  const seen = new Set<string>();
  return html`<ol>${lines.map((line, i) => {
    const starts = i === 0 || lines[i - 1]?.stage !== line.stage;
    const anchor = starts && !seen.has(line.anchor) ? raw(` id="${line.anchor}"`) : '';
    if (starts) seen.add(line.anchor);
    const head = starts ? html`<li class="stage"${anchor}><bdi>${line.stage}</bdi></li>` : '';
    return html`${head}${renderLine(line)}`;
  })}</ol>`;
}

function renderLine(line: LiveLine): Html {
  return html`<li id="L${line.n}"${line.error ? raw(' class="err"') : ''}><a href="#L${line.n}">${line.n}</a><time datetime="${line.iso}">${line.time}</time><span>${line.text}</span></li>`;
}

/** Stages whose lines are on this page are anchors; the others lead to their own raw text. */
function renderTabs(row: RunRow, lines: readonly LiveLine[]): Html {
  const shown = new Set(lines.map(({ anchor }) => anchor));
  const begun = row.stages.filter(({ startedAt }) => startedAt !== undefined);
  return html`<span class="tabs" id="sb-tabs">${begun.map(({ name }) => {
    const anchor = stageAnchor(name);
    const href = shown.has(anchor) ? `#${anchor}` : `/r/${row.number}/log?stage=${urlPart(name)}`;
    return html`<a href="${href}"><bdi>${visibleTitle(name, 60)}</bdi></a>`;
  })}</span>`;
}

function renderErrorCount(errors: readonly LiveLine[]): Html {
  const first = errors[0];
  if (first === undefined) return html`no errors`;
  return html`<a href="#L${first.n}">${errors.length === 1 ? '1 error' : `${errors.length} errors`}</a>`;
}

function renderEarlier(row: RunRow, { lines }: LogWindow): Html {
  const first = lines[0]?.n ?? 1;
  if (first <= 1) return html``;
  const from = Math.max(1, first - WINDOW);
  return html`<a class="more" href="/r/${row.number}?from=${from}#L${first - 1}">Load lines ${formatCount(from)}–${formatCount(first - 1)}</a>`;
}

function renderLater(row: RunRow, { lines, total, atEnd }: LogWindow): Html {
  const last = lines.at(-1)?.n;
  if (atEnd || last === undefined) return html``;
  const until = Math.min(total, last + WINDOW);
  return html`<a class="more" href="/r/${row.number}?from=${last + 1}#L${last + 1}">Load lines ${formatCount(last + 1)}–${formatCount(until)}</a>`;
}
