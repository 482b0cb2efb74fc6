import { stripVTControlCharacters, styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** Two lines on stderr: what is wrong, and what to do next. */
export function printError(message: string, next: string): void {
  process.stderr.write(
    `${styleText('red', 'error', { stream: process.stderr })} ${message}\n→ ${next}\n`,
  );
}

/** Colour only on a terminal, and never with NO_COLOR. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Columns as wide as their widest cell on a terminal; tab-separated and without a head when piped. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  if (!process.stdout.isTTY) {
    for (const row of rows) print(row.map(clean).join('\t'));
    return;
  }
  const all = [head.map((title) => paint('dim', title)), ...rows];
  const widths = head.map((_, column) =>
    Math.max(...all.map((row) => visible(row[column] ?? '').length)),
  );
  for (const row of all) {
    const cells = row.map(
      (cell, column) => cell + ' '.repeat((widths[column] ?? 0) - visible(cell).length),
    );
    print(cells.join('  ').trimEnd());
  }
}

function visible(text: string): string {
  return stripVTControlCharacters(text);
}

/** Text of strangers must not move the cursor or break a row. */
export function clean(text: string): string {
  return Array.from(stripVTControlCharacters(text), (char) => (char < ' ' ? ' ' : char)).join('');
}

export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1_000));
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h ago`;
  return `${Math.floor(seconds / 86_400)}d ago`;
}
