import { html, raw } from 'hono/html';
import { RUN_STATES } from '../../domain/run.ts';
import { duration } from '../../report/format.ts';
import { describeRun } from './aspect.ts';
import { tookOf } from './facts.ts';
import { type Html, renderLink, renderText, renderTime } from './format.ts';
import { renderLamp, renderLayout } from './layout.ts';
import type { PagesSource, RunRow } from './source.ts';
import { renderStrip } from './track.ts';

export type RunsFilter = {
  readonly state?: string;
  readonly repository?: string;
  readonly before?: number;
};

export type RunsView = {
  readonly filter: RunsFilter;
  /** Empty where a filter is set. */
  readonly attention: readonly RunRow[];
  readonly rows: readonly RunRow[];
  /** The number to go on from, when there are more. */
  readonly next?: number;
  readonly links: PagesSource['links'];
  readonly now: number;
};

export function renderRunsPage(view: RunsView, version: string): string {
  const { attention, rows } = view;
  const body = html`<h1>Runs</h1>
${renderFilter(view.filter)}
${attention.length === 0 ? '' : html`<h2>Needs attention</h2>${renderTable(attention, view, 'Runs that need attention')}<h2>All runs</h2>`}
${rows.length === 0 ? renderNone(view.filter) : renderTable(rows, view, 'All runs')}
${view.next === undefined ? '' : html`<p class="paging"><a rel="next" href="${pageUrl(view.filter, view.next)}">Older runs</a></p>`}`;
  return renderLayout({ title: 'Runs', place: '/', version, body });
}

function renderFilter({ state, repository }: RunsFilter): Html {
  const option = (value: string, word: string) =>
    html`<option value="${value}"${value === (state ?? '') ? raw(' selected') : ''}>${word}</option>`;
  const filtered = state !== undefined || repository !== undefined;
  return html`<form class="filter" method="get" action="/"><label>State <select name="state">${option('', 'any')}${option('attention', 'needs attention')}${RUN_STATES.map((name) => option(name, name.replace('_', ' ')))}</select></label><label>Repository <input name="repository" value="${repository ?? ''}" placeholder="owner/name" autocomplete="off" spellcheck="false"></label><button class="btn">Show</button>${filtered ? html`<a href="/">show all</a>` : ''}</form>`;
}

function renderTable(rows: readonly RunRow[], view: RunsView, label: string): Html {
  return html`<div class="card runs"><table><caption class="unseen">${label}</caption><thead><tr><th scope="col" class="most">Run</th><th scope="col">Outcome</th><th scope="col">Pull request</th><th scope="col" class="most">Commit</th><th scope="col" class="most">Asked by</th><th scope="col" class="most">Asked</th><th scope="col" class="n">Took</th></tr></thead><tbody>${rows.map((row) => renderRow(row, view))}</tbody></table></div>`;
}

function renderRow(row: RunRow, { links: linksOf, now }: RunsView): Html {
  const { aspect, glyph, headline, detail } = describeRun(row);
  const links = linksOf(row);
  const took = tookOf(row, now);
  const title = row.pullTitle === undefined ? '' : html` ${renderText(row.pullTitle, 80)}`;
  return html`<tr><td class="most">${row.number}</td><td><a class="outcome" href="/r/${row.number}">${renderLamp(aspect, glyph)}<span><bdi>${headline}</bdi></span></a>${detail === undefined ? '' : html`<small><bdi>${detail}</bdi></small>`}${renderStrip(row, now)}</td><td>${renderText(row.repository, 80)} › ${renderLink(links.pull, html`#${row.pull}${title}`)}<small>${renderText(row.suite, 60)}</small></td><td class="most">${renderLink(links.commit, html`<code>${row.sha.slice(0, 7)}</code>`)}</td><td class="most">${renderText(row.requester.login, 40)}</td><td class="most">${renderTime(row.queuedAt, now)}</td><td class="n">${row.state === 'queued' ? html`<small>waits</small> ${duration(now - row.queuedAt)}` : took === undefined ? '' : duration(took)}</td></tr>`;
}

function renderNone({ state, repository, before }: RunsFilter): Html {
  if (state !== undefined || repository !== undefined || before !== undefined) {
    return html`<p class="card">No run fits. <a href="/">Show all runs</a></p>`;
  }
  return html`<div class="card"><p>No run yet. Comment on a pull request of a connected repository:</p><pre><code>!testme</code></pre><p>If nothing happens then, <a href="/deliveries">the deliveries</a> say why.</p></div>`;
}

function pageUrl(filter: RunsFilter, before: number): string {
  const query = new URLSearchParams();
  if (filter.state !== undefined) query.set('state', filter.state);
  if (filter.repository !== undefined) query.set('repository', filter.repository);
  query.set('before', String(before));
  return `/?${query.toString()}`;
}
