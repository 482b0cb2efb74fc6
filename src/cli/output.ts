import { stripVTControlCharacters, styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** On stderr: what is wrong, and on the last line what to do next. */
export function printError(message: string, next: string): void {
  process.stderr.write(
    `${styleText('red', 'error', { stream: process.stderr })} ${message}\n→ ${next}\n`,
  );
}

/** Colour only on a terminal, and never with NO_COLOR. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** What stands in a table: text of whoever, and how it is painted on a terminal. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** Columns as wide as their widest cell on a terminal; tab-separated and without a head when piped. */
export function printTable(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  if (!process.stdout.isTTY) {
    for (const row of rows) print(row.map((cell) => clean(textOf(cell))).join('\t'));
    return;
  }
  const titles = head.map((text): Cell => ({ text, style: 'dim' }));
  const all = [titles, ...rows];
  const widths = head.map((_, column) =>
    Math.max(...all.map((row) => width(clean(textOf(row[column] ?? ''))))),
  );
  for (const row of all) {
    const cells = row.map((cell, column) => {
      const text = clean(textOf(cell));
      const padding = ' '.repeat((widths[column] ?? 0) - width(text));
      return (typeof cell === 'string' ? text : paint(cell.style, text)) + padding;
    });
    print(cells.join('  ').trimEnd());
  }
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

function width(text: string): number {
  return Array.from(text).length;
}

/** Everything a terminal or a reader could be fooled with: controls of both ranges, invisible and reordering characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** Text of strangers must not move the cursor, change what stands beside it, or break a row. */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(UNSEEN, ' ');
}

export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1_000));
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h ago`;
  return `${Math.floor(seconds / 86_400)}d ago`;
}
