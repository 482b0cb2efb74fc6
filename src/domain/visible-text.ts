import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';

/** A line of prose that begins with `!`, `/` or `@`; `line` is 1-based in the source. */
export type VisibleLine = { readonly line: number; readonly text: string };

/** Why a text was not read as Markdown at all. */
export type Unreadable = 'too_long' | 'too_complex';

/** Longest text that is read, in UTF-16 units; GitHub allows no longer comment. @internal */
export const MAX_COMMENT_LENGTH = 65_536;

/*
 * micromark is quadratic in lines, nested containers, setext underlines, brackets and emphasis: 16 KB of "=" lines
 * take 3 s, 60 KB of ">" over 15 s. Counting them first bounds the worst text, whatever its length.
 */
const MAX_LINES = 1_500;
const MAX_BLOCK_MARKS = 800;
const MAX_DEPTH = 10;
/** Lists nest by indentation, too: columns before a list mark. */
const MAX_INDENT = 40;
const MAX_INLINE_MARKS = 600;

const CANDIDATE = /^ {0,3}[!/@]\S/;
const CONTAINER_MARK = /[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$))/y;
const INDENTED_MARK = new RegExp(`^[ \\t]{${MAX_INDENT},}(?:[>*+-]|\\d)`);
const UNDERLINE = /^[ \t>]*[=:|-][=:| \t-]*$/;
const INLINE_MARK = /[[\]*_~<`!&\\]/g;

/** Elements whose content a reader sees as quoted, folded away, struck out, code, a heading or a list. */
const HIDING_TAG =
  /<(\/?)(a|blockquote|code|pre|kbd|samp|tt|s|strike|del|q|details|summary|table|ul|ol|dl|h[1-6]|template|script|style|textarea|title|iframe|svg|math|noscript|select)(?![a-z0-9-])/gi;

/** Inline constructs, off while only the block structure is of interest. */
const INLINE_CONSTRUCTS = [
  'attention',
  'autolink',
  'characterEscape',
  'characterReference',
  'codeText',
  'gfmFootnoteCall',
  'gfmPotentialFootnoteCall',
  'hardBreakEscape',
  'htmlText',
  'labelEnd',
  'labelStartImage',
  'labelStartLink',
  'strikethrough',
];

/** Bare links cannot hold the start of a line of ours, and finding them costs most. */
const AUTOLINK_LITERALS = ['wwwAutolink', 'protocolAutolink', 'emailAutolink'];

type SourceLine = { readonly number: number; readonly start: number; readonly end: number };
type Span = { readonly start: number; readonly end: number };

/**
 * The lines that a person wrote as prose and that begin, after at most three spaces, with `!`, `/` or `@`. Only
 * text of a top-level paragraph counts: nothing in code, quotes, HTML, links, headings, lists, tables, footnotes.
 * The text is as typed, so an escaped `\!` is none, and inline HTML in it is blanked.
 */
export function visibleLines(markdown: string): readonly VisibleLine[] | Unreadable {
  if (markdown.length > MAX_COMMENT_LENGTH) return 'too_long';
  // micromark drops a byte order mark without counting it, which would shift every offset.
  const whole = markdown.replace(/^\uFEFF/, '');
  const lines = splitLines(whole);
  const last = lines.findLastIndex((line) => CANDIDATE.test(whole.slice(line.start, line.end)));
  if (last === -1) return [];
  const used = lines.slice(0, endOfBlock(whole, lines, last) + 1);
  const source = whole.slice(0, used.at(-1)?.end ?? 0);
  if (used.length > MAX_LINES || isTooNested(source, used)) return 'too_complex';
  return readParagraphs(source, used);
}

function splitLines(text: string): SourceLine[] {
  const lines: SourceLine[] = [];
  let start = 0;
  for (const ending of text.matchAll(/\r\n|\r|\n/g)) {
    lines.push({ number: lines.length + 1, start, end: ending.index });
    start = ending.index + ending[0].length;
  }
  lines.push({ number: lines.length + 1, start, end: text.length });
  return lines;
}

/** What follows the blank line after the last candidate cannot change how that candidate is read. */
function endOfBlock(text: string, lines: readonly SourceLine[], last: number): number {
  const blank = lines.findIndex(
    (line, index) => index > last && /^[ \t]*$/.test(text.slice(line.start, line.end)),
  );
  return blank === -1 ? lines.length - 1 : blank;
}

function isTooNested(source: string, lines: readonly SourceLine[]): boolean {
  let marks = 0;
  for (const line of lines) {
    const text = source.slice(line.start, line.end);
    let depth = 0;
    CONTAINER_MARK.lastIndex = 0;
    while (depth <= MAX_DEPTH && CONTAINER_MARK.test(text)) depth += 1;
    marks += depth + (UNDERLINE.test(text) ? 1 : 0);
    if (depth > MAX_DEPTH || marks > MAX_BLOCK_MARKS || INDENTED_MARK.test(text)) return true;
  }
  return false;
}

// The transforms look for bare links only; they recurse and leave nodes without a position.
const GFM_NODES = gfmFromMarkdown().map((extension) => ({ ...extension, transforms: [] }));
const GFM_SYNTAX = gfm();

function parse(source: string, disabled: readonly string[]) {
  return fromMarkdown(source, {
    extensions: [GFM_SYNTAX, { disable: { null: [...AUTOLINK_LITERALS, ...disabled] } }],
    mdastExtensions: GFM_NODES,
  });
}

function spanOf(node: ReturnType<typeof parse>['children'][number]): Span {
  return { start: node.position?.start.offset ?? 0, end: node.position?.end.offset ?? 0 };
}

function readParagraphs(
  source: string,
  lines: readonly SourceLine[],
): readonly VisibleLine[] | Unreadable {
  const found: VisibleLine[] = [];
  const open: string[] = [];
  let marks = 0;
  for (const node of parse(source, INLINE_CONSTRUCTS).children) {
    if (node.type === 'html') trackTags(open, node.value);
    if (node.type !== 'paragraph') continue;
    const span = spanOf(node);
    const text = source.slice(span.start, span.end);
    const candidates = candidatesIn(source, lines, span);
    if (candidates.length === 0 && text.search(HIDING_TAG) === -1) continue;
    marks += text.match(INLINE_MARK)?.length ?? 0;
    if (marks > MAX_INLINE_MARKS) return 'too_complex';
    found.push(...readInline({ text, candidates, open }));
  }
  return found;
}

/** Candidate lines of one paragraph, as offsets inside it. */
function candidatesIn(source: string, lines: readonly SourceLine[], span: Span): SourceLine[] {
  return lines
    .filter((line) => line.end > span.start && line.start < span.end)
    .filter((line) => CANDIDATE.test(source.slice(line.start, line.end)))
    .map((line) => {
      const text = source.slice(line.start, line.end);
      const start = line.start + text.length - text.trimStart().length - span.start;
      return { number: line.number, start, end: Math.min(line.end, span.end) - span.start };
    })
    .filter((line) => line.start >= 0);
}

function readInline(paragraph: {
  text: string;
  candidates: readonly SourceLine[];
  open: string[];
}): VisibleLine[] {
  const { text, candidates, open } = paragraph;
  const root = parse(text, []);
  const [only] = root.children;
  if (root.children.length !== 1 || only?.type !== 'paragraph') return [];
  const brackets = bracketPairs(text);
  const visible: SourceLine[] = [];
  let shown = text;
  for (const node of only.children) {
    const span = spanOf(node);
    const hidden = open.length > 0;
    if (node.type === 'html') {
      trackTags(open, node.value);
      shown =
        shown.slice(0, span.start) + ' '.repeat(span.end - span.start) + shown.slice(span.end);
    }
    if (node.type !== 'text' || hidden) continue;
    const within = candidates.filter((line) => contains(span, line.start));
    visible.push(...within.filter((line) => !brackets.some((pair) => contains(pair, line.start))));
  }
  return visible.map((line) => ({
    line: line.number,
    text: shown.slice(line.start, line.end).trim(),
  }));
}

function contains(span: Span, offset: number): boolean {
  return offset >= span.start && offset < span.end;
}

/**
 * Brackets around a line may be the text of a reference link whose definition stands elsewhere, so what they
 * enclose is taken for a link.
 */
function bracketPairs(text: string): Span[] {
  const pairs: Span[] = [];
  const opened: number[] = [];
  for (const mark of text.matchAll(/[[\]]/g)) {
    if (mark[0] === '[') opened.push(mark.index);
    else {
      const start = opened.pop();
      if (start !== undefined) pairs.push({ start, end: mark.index });
    }
  }
  return pairs;
}

/** Keeps the stack of hiding elements that are open, the way a browser would: unclosed ones stay open. */
function trackTags(open: string[], html: string): void {
  const withoutComments = html.replace(/<!--[\s\S]*?(?:-->|$)/g, '');
  for (const [, slash, name = ''] of withoutComments.matchAll(HIDING_TAG)) {
    const tag = name.toLowerCase();
    if (slash === '') open.push(tag);
    else if (open.includes(tag)) open.length = open.lastIndexOf(tag);
  }
}
