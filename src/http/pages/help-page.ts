import { html } from 'hono/html';
import type { Html } from './format.ts';
import { renderLayout } from './layout.ts';
import type { HelpSection } from './source.ts';

export function renderHelpPage(sections: readonly HelpSection[], version: string): string {
  const body = html`<h1>Help</h1>
<p class="lede">Commands are comments on a pull request, at the start of a line: <code>!testme</code>, <code>/cancel</code>.</p>
${sections.length === 0 ? '' : html`<nav class="contents" aria-label="On this page"><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>`}
${sections.map(renderSection)}`;
  return renderLayout({ title: 'Help', place: '/help', version, body });
}

function renderSection({ id, title, text }: HelpSection): Html {
  return html`<section id="${id}"><h2>${title}</h2><div class="card prose">${text
    .split(/\n{2,}/)
    .map((block) =>
      isTable(block) ? renderTable(block) : html`<p>${block}</p>`,
    )}</div></section>`;
}

/** A block whose lines all hold tabs is a table: "usage<TAB>what it does<TAB>who". */
function isTable(block: string): boolean {
  return block.split('\n').every((line) => line.includes('\t'));
}

function renderTable(block: string): Html {
  const rows = block.split('\n').map((line) => line.split('\t'));
  return html`<div class="wide" tabindex="0" role="region" aria-label="Table"><table>${rows.map(
    ([first = '', ...rest]) =>
      html`<tr><th scope="row"><code>${first}</code></th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</table></div>`;
}
