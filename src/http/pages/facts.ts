import { html } from 'hono/html';
import { isTerminal } from '../../domain/run.ts';
import { duration, plural } from '../../report/format.ts';
import { formatBytes, type Html, renderLink, renderText, renderTime } from './format.ts';
import { urlPart } from './hostile-text.ts';
import type { RunView } from './run-view.ts';

/** The line under the headline: commit, who, where, how long, how clean. */
export function renderFacts({ row, links, now }: RunView): Html {
  const started = row.stages[0]?.startedAt ?? row.startedAt;
  const waited = (started ?? row.finishedAt ?? now) - row.queuedAt;
  const queued = row.state === 'queued';
  return html`<ul class="facts"><li>${renderLink(links.commit, html`<code>${row.sha.slice(0, 7)}</code>`)} on <b>${renderText(row.headRef, 80)}</b></li><li>asked by <b>${renderLink(links.requester, renderText(row.requester.login, 60))}</b> with <code>${renderText(row.commandText, 80)}</code> at ${renderTime(row.queuedAt, now)}</li><li>on <b>${renderText(row.runner, 60)}</b>, ${queued ? 'waiting for' : 'waited'} ${duration(waited)}</li>${renderTook(row, now)}${renderClean(row, now)}${
    isTerminal(row.state) ? '' : html`<li><code>/cancel</code> on the pull request stops it</li>`
  }</ul>`;
}

/** How long the work took; undefined when none was begun. */
export function tookOf(
  row: Pick<RunView['row'], 'startedAt' | 'finishedAt' | 'state'>,
  now: number,
): number | undefined {
  if (row.startedAt === undefined || row.state === 'queued') return undefined;
  return (row.finishedAt ?? now) - row.startedAt;
}

function renderTook(row: RunView['row'], now: number): Html {
  const took = tookOf(row, now);
  if (took === undefined) return html``;
  const usual = row.usual === undefined ? '' : html`, usually ${duration(row.usual.totalMs)}`;
  return html`<li>${isTerminal(row.state) ? 'took' : 'running for'} <b>${duration(took)}</b>${usual}</li>`;
}

function renderClean({ cleanliness }: RunView['row'], now: number): Html {
  switch (cleanliness.state) {
    case 'clean':
      return html`<li class="word clear">✓ torn down clean, proven ${renderTime(cleanliness.at, now, 'precise')}</li>`;
    case 'dirty':
      return html`<li class="word caution">! ${plural(cleanliness.residuals.length, 'leftover')}</li>`;
    case 'unknown':
    case 'not_needed':
      return html``;
  }
}

export function renderFactsTable({ row, links, artifacts, now }: RunView): Html {
  const time = (at: number | undefined) =>
    at === undefined ? undefined : renderTime(at, now, 'precise');
  const remote = row.remote.url ?? links.remote;
  const params = row.plan.kind === 'remote' ? Object.entries(row.plan.params) : [];
  const rows: readonly (readonly [string, Html | string | undefined])[] = [
    ['Commit', html`<code class="long">${row.sha}</code>`],
    ['Branch', html`<code>${renderText(row.headRef)}</code>`],
    ['Suite', renderText(row.suite)],
    [
      'Runner',
      remote === undefined
        ? renderText(row.runner)
        : html`${renderText(row.runner)}, ${renderLink(remote, 'its build')}`,
    ],
    [
      'Parameters',
      params.length === 0
        ? undefined
        : html`${params.map(([key, value]) => html`<code>${renderText(`${key}=${value}`)}</code> `)}`,
    ],
    ['Queued', time(row.queuedAt)],
    ['Started', time(row.startedAt)],
    ['Finished', time(row.finishedAt)],
    ['Attempt', row.attempt > 1 ? `${row.attempt}, after an interruption` : undefined],
    ['Artifacts', renderArtifacts(row.number, artifacts)],
  ];
  return html`<table>${rows.map(([name, value]) =>
    value === undefined ? '' : html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`,
  )}</table>`;
}

function renderArtifacts(number: number, artifacts: RunView['artifacts']): Html {
  if (artifacts.length === 0) return html`none`;
  return html`<ul class="files" id="sb-artifacts">${artifacts.map(
    ({ name, bytes }) =>
      html`<li><a href="/r/${number}/files/${urlPart(name)}">${renderText(name)}</a> ${formatBytes(bytes)}</li>`,
  )}</ul>`;
}

export function renderTeardown({ row, now }: RunView): Html {
  const { cleanliness } = row;
  switch (cleanliness.state) {
    case 'not_needed':
      return html`<p>Nothing was started, so nothing had to be removed.</p>`;
    case 'unknown':
      return html`<p>${isTerminal(row.state) ? 'Not proven yet: it is not known what this run left.' : 'Not begun: it runs whatever the verdict, and its proof appears here.'}</p>`;
    case 'clean': {
      const removed = Object.entries(cleanliness.removed).filter(([, count]) => count > 0);
      const words = removed.map(([kind, count]) => plural(count, kind)).join(' · ');
      return html`<table><tr><th scope="row">Removed</th><td>${words === '' ? 'nothing was left to remove' : words}</td></tr><tr><th scope="row">Proven empty</th><td>${renderTime(cleanliness.at, now, 'precise')}</td></tr></table>`;
    }
    case 'dirty':
      return html`<div class="wide" role="region" aria-label="Leftovers" tabindex="0"><table><thead><tr><th scope="col">Kind</th><th scope="col">Name</th><th scope="col">Why it is still there</th></tr></thead><tbody>${cleanliness.residuals.map(
        ({ kind, name, reason }) =>
          html`<tr><td>${renderText(kind)}</td><td><code>${renderText(name)}</code></td><td>${renderText(reason)}</td></tr>`,
      )}</tbody></table></div>`;
  }
}
