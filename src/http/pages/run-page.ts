import { html, raw } from 'hono/html';
import { isTerminal } from '../../domain/run.ts';
import { describeRun } from './aspect.ts';
import { renderCause } from './cause.ts';
import { renderFacts, renderFactsTable, renderTeardown } from './facts.ts';
import { type Html, renderLink, renderText, textOf } from './format.ts';
import { urlPart, visibleTitle } from './hostile-text.ts';
import { renderLamp, renderLayout } from './layout.ts';
import { type LogWindow, renderLog } from './log-view.ts';
import type { RunView } from './run-view.ts';
import type { RunRow } from './source.ts';
import { renderStages } from './stages-table.ts';
import { renderNotBegun, renderTrack } from './track.ts';

/**
 * The parts of a run page that change while it is open, by the id of the element that holds them.
 * The page is made of them, and the live events send those that changed.
 */
export function renderFragments(view: RunView): ReadonlyMap<string, string> {
  const fragments: readonly (readonly [string, Html])[] = [
    ['sb-head', renderHead(view)],
    ['sb-cause', renderCause(view)],
    ['sb-track', html`${renderTrack(view.row, view.now)}${renderNotBegun(view.row)}`],
    ['sb-stages', renderStages(view)],
    ['sb-facts', renderFactsTable(view)],
    ['sb-teardown', renderTeardown(view)],
    ['sb-say', html`${sayStage(view.row)}`],
  ];
  return new Map(fragments.map(([id, fragment]) => [id, textOf(fragment)]));
}

export function renderRunPage(
  view: RunView,
  options: { readonly log: LogWindow; readonly version: string },
): string {
  const { row } = view;
  const parts = renderFragments(view);
  const part = (id: string) => raw(parts.get(id) ?? '');
  const ended = isTerminal(row.state);
  const after = options.log.atEnd ? (options.log.lines.at(-1)?.n ?? 0) : options.log.total;
  const events = ended ? '' : `/r/${row.number}/events?after=${after}`;
  const body = html`<div id="sb-run" data-events="${events}">
<p class="crumb">${renderCrumbs(view)}</p>
<div id="sb-head">${part('sb-head')}</div>
<p class="unseen" id="sb-say" role="status" aria-live="polite">${part('sb-say')}</p>
<div id="sb-cause">${part('sb-cause')}</div>
<h2>Track</h2>
<div class="track" id="sb-track" role="region" aria-label="Track" tabindex="0">${part('sb-track')}</div>
<div id="sb-stages">${part('sb-stages')}</div>
<h2>Log</h2>
${renderLog(row, options.log)}
<div class="two"><section><h2>Facts</h2><div class="card" id="sb-facts">${part('sb-facts')}</div></section>
<section><h2>Teardown</h2><div class="card" id="sb-teardown">${part('sb-teardown')}</div></section></div>
</div>`;
  return renderLayout({
    title: titleOf(row),
    place: '/',
    version: options.version,
    body,
    live: { reload: !ended },
  });
}

function titleOf(row: RunRow): string {
  const { emoji, headline } = describeRun(row);
  const name = row.repository.split('/').at(-1) ?? row.repository;
  return `${emoji} ${headline} · ${visibleTitle(name, 80)} #${row.pull}`;
}

function renderCrumbs({ row, links }: RunView): Html {
  const title = row.pullTitle === undefined ? html`` : html` ${renderText(row.pullTitle, 100)}`;
  return html`<a href="/?repository=${urlPart(row.repository)}">${renderText(row.repository)}</a> › ${renderLink(links.pull, html`#${row.pull}${title}`)} › run ${row.number}`;
}

function renderHead(view: RunView): Html {
  const { aspect, glyph, headline, detail } = describeRun(view.row);
  const more = detail === undefined ? html`` : html` <small><bdi>${detail}</bdi></small>`;
  return html`<h1 class="${aspect}" data-title="${titleOf(view.row)} · Signalbox">${renderLamp(aspect, glyph)}<span><bdi>${headline}</bdi>${more}</span></h1>${renderFacts(view)}`;
}

/** What a screen reader is told when it changes: the stage and the outcome, never log lines. */
function sayStage(row: RunRow): string {
  const { headline, detail } = describeRun(row);
  return detail === undefined ? headline : `${headline}, ${detail}`;
}
