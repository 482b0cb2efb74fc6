import { html, raw } from 'hono/html';
import { assetPath } from './assets.ts';
import { type Html, textOf } from './format.ts';

/** No inline script, no inline style, nothing from elsewhere. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

const PLACES = [
  { path: '/', name: 'Runs' },
  { path: '/deliveries', name: 'Deliveries' },
  { path: '/help', name: 'Help' },
] as const;
type Place = (typeof PLACES)[number]['path'];

const SIGNAL =
  "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 22 26'><rect x='5' y='1' width='12' height='19' rx='6' fill='#5d646d'/><circle cx='11' cy='7' r='3' fill='#4cc27e'/><path d='M11 20v6' stroke='#5d646d' stroke-width='2.4'/></svg>";
const ICON = `data:image/svg+xml,${encodeURIComponent(SIGNAL)}`;

export type PageParts = {
  readonly title: string;
  /** The place in the navigation that is lit. */
  readonly place?: Place;
  readonly version: string;
  readonly body: Html;
  /** The page changes by itself: live.js is loaded, and without scripts the page is loaded again. */
  readonly live?: { readonly reload: boolean };
};

/** A whole page as text. */
export function renderLayout(parts: PageParts): string {
  const page = html`${raw('<!doctype html>')}
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${parts.title} · Signalbox</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="${assetPath('signalbox.css')}">
${parts.live?.reload ? html`<noscript><meta http-equiv="refresh" content="10"></noscript>` : ''}
${parts.live ? html`<script src="${assetPath('live.js')}" defer></script>` : ''}
</head>
<body>
<a class="skip" href="#sb-main">Skip to the content</a>
<header><nav class="bar" aria-label="Signalbox">${renderMark()}${PLACES.map(
    ({ path, name }) =>
      html`<a href="${path}"${parts.place === path ? raw(' aria-current="page"') : ''}>${name}</a>`,
  )}</nav></header>
<main id="sb-main" tabindex="-1">
${parts.body}
</main>
<footer><p>Signalbox ${parts.version} · all times are UTC</p></footer>
</body>
</html>
`;
  return textOf(page);
}

function renderMark(): Html {
  return html`<a class="mark" href="/"><svg width="22" height="26" viewBox="0 0 22 26" aria-hidden="true"><rect x="5" y="1" width="12" height="19" rx="6" fill="currentColor"/><circle class="lit" cx="11" cy="7" r="3"/><circle class="dim" cx="11" cy="14" r="3"/><path d="M11 20v6" stroke="currentColor" stroke-width="2.4"/></svg>Signalbox</a>`;
}

/** A signal head with one lamp lit; the word always stands beside it. */
export function renderLamp(aspect: string, glyph: string): Html {
  return html`<span class="aspect ${aspect}" aria-hidden="true">${glyph}</span>`;
}
