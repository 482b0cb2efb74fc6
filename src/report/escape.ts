import { stripVTControlCharacters } from 'node:util';

/**
 * Text from people, branches and logs is hostile. Each function here makes it safe for one place in a comment;
 * templates place only what came through here. Escaping Markdown is not enough: Gitea and GitHub look for
 * mentions, issue numbers and addresses again in the text that comes out.
 */

/** Stops a forge from seeing a mention, an issue number or an address, without changing what is read. */
const BREAK = '\u200b';
const MIN_FENCE = 4;
/** Characters of line 1, as they are read. */
const MAX_LINE_1 = 110;

/** Without terminal sequences, control, bidi and invisible characters. Tabs and line ends stay. */
export function visible(text: string): string {
  return stripVTControlCharacters(text.toWellFormed())
    .replace(/[\u2028\u2029\u0085]/gu, '\n')
    .replace(/(?![\t\r\n])\p{Cc}|\p{Cf}|\p{Default_Ignorable_Code_Point}/gu, '');
}

/** One line of at most `max` characters, the cut shown by an ellipsis. */
export function oneLine(text: string, max = 200): string {
  // The first cut only saves work on megabytes; the second counts what will be seen.
  const line = visible(text.slice(0, max * 8))
    .replace(/\s+/gu, ' ')
    .trim();
  const characters = Array.from(line);
  return characters.length <= max ? line : `${characters.slice(0, max - 1).join('')}…`;
}

/** Running text: nothing in it is Markdown, HTML, a mention, an issue number or a link any more. */
export function plain(text: string, max?: number): string {
  return escapeStart(escapeWords(oneLine(text, max)));
}

/** Text in which back-ticked words become code and all the rest `plain`: sentences that quote something. */
export function prose(text: string, max = 600): string {
  const pieces = oneLine(text, max).split(/(`[^`]+`)/u);
  return escapeStart(
    pieces
      .map((piece, i) => (i % 2 === 1 ? inlineCode(piece.slice(1, -1), max) : escapeWords(piece)))
      .join(''),
  );
}

/** Text inside an HTML tag, where Markdown is not read: the summary of a fold. */
export function html(text: string, max?: number): string {
  return breakReferences(oneLine(text, max))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function escapeWords(line: string): string {
  return breakReferences(
    line
      .replace(/[\\`*[\]<>&~|$]/gu, '\\$&')
      .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_'),
  );
}

/** What would open a heading, a list, a rule or a table at the start of a line. */
function escapeStart(line: string): string {
  return line.replace(/^[#+\-=:]/u, '\\$&').replace(/^(\d+)([.)])/u, '$1\\$2');
}

function breakReferences(line: string): string {
  return line
    .replace(/@(?=\S)/gu, `@${BREAK}`)
    .replace(/[#!](?=\d)/gu, `$&${BREAK}`)
    .replace(/:(?=\S)/gu, `:${BREAK}`)
    .replace(/www(?=\.)/giu, `$&${BREAK}`);
}

/** A code span on one line, whatever back-ticks the text has. */
export function inlineCode(text: string, max = 120): string {
  const line = oneLine(text, max);
  if (line === '') return '` `';
  const ticks = '`'.repeat(longestRun(line) + 1);
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${ticks}${pad}${line}${pad}${ticks}`;
}

/** Code in a cell of a table, where a pipe ends the cell even inside a code span. */
export function cellCode(text: string, max?: number): string {
  // A backslash before the pipe would escape our escape, and a code span cannot escape a backslash.
  return inlineCode(text.replace(/\\+\|/gu, '¦'), max).replaceAll('|', '\\|');
}

/** One row of a table from cells that are safe already. */
export function tableRow(cells: readonly string[]): string {
  return `|${cells.map((cell) => (cell === '' ? ' |' : ` ${cell} |`)).join('')}`;
}

/** A sentence in a cell: like `prose`, with its code spans safe for a table. */
export function cellProse(text: string, max = 300): string {
  const line = oneLine(text, max).replace(/\\+\|/gu, '¦');
  return prose(line, max).replace(/\\*\|/gu, '\\|');
}

/** A block that shows the lines as they are. At least four back-ticks, and always more than the text has. */
export function fence(lines: readonly string[], info = 'text', min = MIN_FENCE): string {
  const shown = lines.map(logText);
  const ticks = '`'.repeat(Math.max(min, ...shown.map((line) => longestRun(line) + 1)));
  return [`${ticks}${info}`, ...shown, ticks].join('\n');
}

/** One log line as a terminal would leave it: a progress bar shows only its last state. */
export function logText(line: string): string {
  const last =
    line
      .replace(/[\r\n]+$/u, '')
      .split('\r')
      .at(-1) ?? '';
  return visible(last).replaceAll('\n', ' ').replaceAll('\t', '  ').trimEnd();
}

/** A link, or only its text when the address is not one that a browser may open. `text` is safe already. */
export function link(text: string, url: string | undefined): string {
  const safe = url === undefined ? undefined : linkUrl(url);
  return safe === undefined ? text : `[${text}](${safe})`;
}

/** The address if it is http(s), with everything escaped that could end a Markdown link or a table cell. */
export function linkUrl(url: string): string | undefined {
  if (url.length > 1000 || !/^https?:\/\//iu.test(url) || !URL.canParse(url)) return undefined;
  if (/^[\w:/.~?#&=%@+,;-]+$/u.test(url)) return url;
  return new URL(url).href.replace(
    /[^\w:/.~?#&=%@+,;-]/gu,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A line of our own Markdown as a person reads it: without addresses, emphasis and code marks. @internal */
export function readLine(line: string): string {
  return line
    .replace(/\[((?:\\.|[^\]\\])*)\]\([^)]*\)/gu, '$1')
    .replace(/\*\*|`|\u200b/gu, '')
    .replace(/\\(?=[\\*_[\]<>&~|$#+=:.)-])/gu, '');
}

/** Whether the first line is short enough to read well as the subject of an e-mail or a notification. */
export function fitsLine1(comment: string): boolean {
  const [line = ''] = comment.split('\n', 1);
  return Array.from(readLine(line)).length <= MAX_LINE_1;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/gu) ?? []).map((run) => run.length));
}
