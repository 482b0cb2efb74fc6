import { html } from 'hono/html';
import { clock } from '../../report/format.ts';
import { safeUrl, visibleTitle } from './hostile-text.ts';

/** A piece of finished HTML. */
export type Html = ReturnType<typeof html>;

/** The text of a piece. Throws on one that holds a promise: none of ours does. */
export function textOf(piece: Html): string {
  if (piece instanceof Promise) throw new TypeError('a piece of HTML is not finished');
  return piece.toString();
}

/** "05:27:02.114" in UTC, for lines of a log. */
export function formatLogTime(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

/** The clock time, and the day too unless it is today; the whole moment as `datetime` and title. */
export function renderTime(at: number, now: number, form?: 'precise'): Html {
  const iso = new Date(at).toISOString();
  const day = new Date(at).toUTCString().slice(5, 11);
  const today = iso.slice(0, 10) === new Date(now).toISOString().slice(0, 10);
  const full = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
  const text = form === 'precise' ? iso.slice(11, 19) : clock(at);
  return html`<time datetime="${iso}" title="${full}">${today ? text : `${day} ${text}`}</time>`;
}

/** "12 kB" */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** "2,341" */
export function formatCount(count: number): string {
  return count.toLocaleString('en-GB');
}

/** A link out of here, or only its text when the address is not one that a browser may follow. */
export function renderLink(url: string | undefined, content: Html | string): Html {
  const safe = safeUrl(url);
  return safe === undefined
    ? html`${content}`
    : html`<a href="${safe}" rel="noreferrer">${content}</a>`;
}

/** Hostile one-line text, kept from reordering what stands around it. */
export function renderText(text: string, max?: number): Html {
  return html`<bdi>${visibleTitle(text, max)}</bdi>`;
}
