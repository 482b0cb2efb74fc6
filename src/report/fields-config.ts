import { cellCode, cellProse, fence, inlineCode, link, tableRow, visible } from './escape.ts';
import { commitLink, firstOf, type View } from './fields-common.ts';
import { unstopped } from './format.ts';
import type { ConfigMessage } from './message.ts';

type Problem = ConfigMessage['problems'][number];

const MAX_SOURCE = 100;

/** Problems of the repository's configuration: where each is, what it is, and the line itself. */
export function configFields(message: ConfigMessage, view: View) {
  const { shown, more } = firstOf(message.problems, view.rows);
  const placed = shown.filter(({ line }) => line > 0);
  return {
    file: inlineCode(message.file, view.room),
    count: message.problems.length,
    commit: commitLink(message.sha, message.commitUrl),
    branch: inlineCode(message.branch, view.room),
    blocking: message.blocking,
    rows: shown.map(rowOf),
    rows_more: more,
    excerpt: placed.length === 0 ? null : fence(excerpt(placed), 'text', 3),
    lint: inlineCode(`npx signalbox lint ${message.file}`),
    reference: link('reference', message.referenceUrl),
  };
}

function rowOf({ line, column, url, path, message, suggestion }: Problem): string {
  const hint = suggestion === undefined ? '' : ` Did you mean ${cellCode(suggestion, 80)}?`;
  const what = `${cellProse(unstopped(message), 200)}.${hint}`;
  return tableRow([
    // A problem of the file as a whole has no line.
    line > 0 ? link(`line ${line}, column ${column}`, url) : link('the file', url),
    path === '' ? what : `${cellCode(path)}: ${what}`,
  ]);
}

/** Each line once under its number, the wrong part marked below it. */
function excerpt(problems: readonly Problem[]): readonly string[] {
  const digits = Math.max(3, ...problems.map(({ line }) => String(line).length));
  return problems.flatMap(({ line, column, source, length }) => {
    const before = cleaned(source.slice(0, column - 1));
    const rest = cleaned(source.slice(column - 1));
    // A caret far to the right shows nothing: then the line begins shortly before it.
    const start = before.length > MAX_SOURCE / 2 ? `…${before.slice(-20)}` : before;
    const width = Math.max(1, Math.min(length, rest.length, MAX_SOURCE - start.length));
    return [
      `${String(line).padStart(digits)} | ${`${start}${rest}`.slice(0, MAX_SOURCE)}`,
      `${' '.repeat(digits)} | ${' '.repeat(start.length)}${'^'.repeat(width)}`,
    ];
  });
}

/** One character for each, so that the caret stays below what it means. */
function cleaned(text: string): string {
  return visible(text).replace(/\s/gu, ' ');
}
