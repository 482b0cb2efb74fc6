import { html } from 'hono/html';
import type { Aspect } from './aspect.ts';
import { type Html, renderText, renderTime } from './format.ts';
import { renderLamp, renderLayout } from './layout.ts';
import type { DeliveryOutcome, DeliveryRow } from './source.ts';

const LAMPS: Readonly<Record<DeliveryOutcome, { aspect: Aspect; glyph: string }>> = {
  accepted: { aspect: 'clear', glyph: '✓' },
  duplicate: { aspect: 'lunar', glyph: '=' },
  ignored: { aspect: 'lunar', glyph: '–' },
  failed: { aspect: 'infra', glyph: '!' },
  pending: { aspect: 'caution', glyph: '…' },
};

export type DeliveriesView = {
  readonly rows: readonly DeliveryRow[];
  /** The id to go on from, when there are more. */
  readonly next?: string;
  readonly now: number;
};

/** The answer to "why did it not react?" */
export function renderDeliveriesPage(view: DeliveriesView, version: string): string {
  const body = html`<h1>Deliveries</h1>
<p class="lede">Everything a forge told Signalbox, or that catch-up found by itself, with what came of it and why.</p>
${view.rows.length === 0 ? renderNone() : renderTable(view)}
${view.next === undefined ? '' : html`<p class="paging"><a rel="next" href="/deliveries?before=${encodeURIComponent(view.next)}">Older deliveries</a></p>`}`;
  return renderLayout({ title: 'Deliveries', place: '/deliveries', version, body });
}

function renderTable({ rows, now }: DeliveriesView): Html {
  return html`<div class="card wide" role="region" aria-label="Deliveries" tabindex="0"><table><thead><tr><th scope="col">At</th><th scope="col">Outcome</th><th scope="col">Reason</th><th scope="col">Commands</th><th scope="col">Forge</th><th scope="col">Event</th><th scope="col">Came by</th></tr></thead><tbody>${rows.map((row) => renderRow(row, now))}</tbody></table></div>`;
}

function renderRow(row: DeliveryRow, now: number): Html {
  const { aspect, glyph } = LAMPS[row.outcome];
  const reason =
    row.reason === undefined
      ? ''
      : html`${renderText(row.reason.explanation, 300)} <small><code>${renderText(row.reason.code, 80)}</code></small>`;
  return html`<tr id="d-${row.id}"><td>${renderTime(row.at, now)}</td><td><span class="outcome">${renderLamp(aspect, glyph)}<span>${row.outcome}</span></span></td><td>${reason}</td><td>${row.commands.map((command) => html`<code>${renderText(command, 120)}</code> `)}</td><td>${renderText(row.forge, 40)}</td><td>${renderText(row.event, 60)}</td><td>${row.source}</td></tr>`;
}

function renderNone(): Html {
  return html`<div class="card"><p>Nothing has arrived yet. Connect a repository, which creates its webhook:</p><pre><code>signalbox connect &lt;forge&gt; &lt;owner/repo&gt;</code></pre></div>`;
}
