import {
  type Alias,
  Composer,
  type CST,
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
} from 'yaml';

/** Offsets into the text, `end` exclusive. */
export type Span = { readonly start: number; readonly end: number };
export type Path = readonly (string | number)[];

export type YamlSource = {
  /** Without a byte order mark; all offsets count in it. */
  readonly text: string;
  /** Plain data; undefined when the text is empty, or so broken that the data would be a guess. */
  readonly value: unknown;
  readonly errors: readonly (Span & { readonly message: string })[];
  /** Where a key or its value stands; what is not there is placed at its nearest ancestor. */
  locate(path: Path, at: 'key' | 'value'): Span;
  /** 1-based. */
  position(offset: number): { line: number; column: number; lineStart: number; lineEnd: number };
};

const MAX_LENGTH = 128 * 1024;
/** Far above what a real file needs; the composer is recursive, and a full stack ends the process. */
const MAX_DEPTH = 64;
const MAX_ALIASES = 50;

/** Never throws, whatever the text is. Duplicate keys are found here: the library's own check is quadratic. */
export function readYaml(raw: string): YamlSource {
  const text = raw.startsWith('\uFEFF') ? raw.slice(1) : raw;
  const lines = new LineCounter();
  const empty = { text, value: undefined, locate: () => ({ start: 0, end: 1 }) };
  const refuse = (start: number, message: string): YamlSource => {
    // The lexer has not got to count lines.
    if (lines.lineStarts.length === 0) {
      lines.addNewLine(0);
      for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1);
    }
    return {
      ...empty,
      errors: [{ start, end: start + 1, message }],
      position: (o) => at(text, lines, o),
    };
  };
  if (text.length > MAX_LENGTH) return refuse(0, `is larger than ${MAX_LENGTH / 1024} KiB`);
  const odd = findOddCharacter(text);
  if (odd !== undefined) return refuse(odd.at, odd.message);
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const excess = findExcess(tokens);
  if (excess !== undefined) return refuse(excess.at, excess.message);
  return compose(text, tokens, lines);
}

function compose(text: string, tokens: CST.Token[], lines: LineCounter): YamlSource {
  const composer = new Composer({ uniqueKeys: false, logLevel: 'silent' });
  const [document, second] = [...composer.compose(tokens, true, text.length)];
  if (document === undefined) throw new Error('the composer was told to make a document');
  const errors: (Span & { message: string })[] = [...document.errors, ...document.warnings].map(
    ({ code, pos }) => ({ start: pos[0], end: pos[1], message: SYNTAX[code] ?? UNREADABLE }),
  );
  if (second !== undefined) {
    errors.push({
      ...spanOf(second.contents, { start: second.range[0], end: 0 }),
      message: SEVERAL,
    });
  }
  const badKeys = findBadKeys(document.contents, lines);
  let isBroken = errors.length > 0 || badKeys.some((bad) => bad.isBroken);
  errors.push(...badKeys);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch {
    // Only aliases make it throw: without an anchor, of themselves, or too many once expanded.
    isBroken = true;
    errors.push({ ...findAlias(document.contents), message: SYNTAX.BAD_ALIAS ?? UNREADABLE });
  }
  return {
    text,
    value: isBroken ? undefined : (value ?? undefined),
    errors,
    locate: (path, where) => locate(document, path, where),
    position: (offset) => at(text, lines, offset),
  };
}

const UNREADABLE = 'cannot be read as YAML from here on';
const SEVERAL = 'is a second document; one file holds one';
const MISSING = 'something is missing here: a closing quote or bracket, a comma, or a colon';
const SYNTAX: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: 'this alias has no anchor, or repeats too much',
  BAD_DIRECTIVE: 'is an unknown directive',
  BAD_DQ_ESCAPE: 'is no escape sequence; single quotes keep a backslash as it is',
  BAD_INDENT: 'the indentation is wrong, or a bracket is not closed',
  BAD_SCALAR_START: 'text cannot start with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second `key: value` cannot begin on this line',
  MISSING_CHAR: MISSING,
  MULTILINE_IMPLICIT_KEY: 'a key needs a colon on its own line',
  TAB_AS_INDENT: 'a tab cannot indent; use spaces',
  TAG_RESOLVE_FAILED: 'tags are not used here; put text that starts with `!` in quotes',
  UNEXPECTED_TOKEN: 'is not expected here',
};

function findOddCharacter(text: string): { at: number; message: string } | undefined {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0xfffd) return { at, message: 'is not UTF-8 text' };
    if ((code < 0x20 && ![9, 10, 13].includes(code)) || code === 0x7f) {
      return { at, message: 'is a control character; is the file UTF-8 text?' };
    }
  }
  return undefined;
}

/** Walks with a stack of its own, since depth is what it looks for. */
function findExcess(tokens: readonly CST.Token[]): { at: number; message: string } | undefined {
  const stack = tokens.map((token) => ({ token, depth: 1 })).reverse();
  let aliases = 0;
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { token, depth } = next;
    if (depth > MAX_DEPTH) return { at: token.offset, message: 'is nested too deeply' };
    if (token.type === 'alias') aliases += 1;
    if (aliases > MAX_ALIASES) return { at: token.offset, message: 'there are too many aliases' };
    if (token.type === 'document' && token.value) {
      stack.push({ token: token.value, depth: depth + 1 });
    }
    if (!('items' in token)) continue;
    for (const { key, value } of token.items.toReversed()) {
      if (value) stack.push({ token: value, depth: depth + 1 });
      if (key) stack.push({ token: key, depth: depth + 1 });
    }
  }
  return undefined;
}

/** A duplicate leaves data to check, the last one's; the others do not. */
type BadKey = Span & { readonly message: string; readonly isBroken: boolean };

function findBadKeys(node: unknown, lines: LineCounter): readonly BadKey[] {
  if (isSeq(node)) return node.items.flatMap((item) => findBadKeys(item, lines));
  if (!isMap(node)) return [];
  const seen = new Map<string, Span>();
  return node.items.flatMap(({ key, value }) => {
    const span = spanOf(key, { start: 0, end: 1 });
    const name = keyText(key);
    const first = seen.get(name);
    seen.set(name, first ?? span);
    const below = findBadKeys(value, lines);
    const message = isScalar(key)
      ? keyProblem(name, first && lines.linePos(first.start).line)
      : 'a key must be plain text';
    if (message === undefined) return below;
    return [{ ...span, message, isBroken: !isScalar(key) || name === '__proto__' }, ...below];
  });
}

function keyProblem(name: string, firstLine: number | undefined): string | undefined {
  if (name === '__proto__') return 'is no name for a key';
  return firstLine === undefined ? undefined : `the same key stands in line ${firstLine} already`;
}

function findAlias(node: unknown): Span {
  const found: Alias.Parsed[] = [];
  const walk = (part: unknown): void => {
    if (isAlias(part)) found.push(part as Alias.Parsed);
    else if (isSeq(part)) part.items.forEach(walk);
    else if (isMap(part)) for (const { key, value } of part.items) [key, value].forEach(walk);
  };
  walk(node);
  return spanOf(found.at(-1), { start: 0, end: 1 });
}

function locate(document: Document.Parsed, path: Path, where: 'key' | 'value'): Span {
  let node: unknown = document.contents;
  let key: Span = spanOf(isMap(node) ? node.items[0]?.key : node, { start: 0, end: 1 });
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isSeq(node)) {
      node = node.items[Number(part)];
      key = spanOf(node, key);
    } else if (isMap(node)) {
      const pair = node.items.findLast((item) => keyText(item.key) === String(part));
      if (pair === undefined) return key;
      key = spanOf(pair.key, key);
      node = pair.value;
    } else break;
  }
  return where === 'key' ? key : spanOf(node, key);
}

function keyText(key: unknown): string {
  if (!isScalar(key) || key.value === null || key.value === undefined) return '';
  return typeof key.value === 'string' ? key.value : JSON.stringify(key.value);
}

/** An empty node has no place of its own. */
function spanOf(node: unknown, otherwise: Span): Span {
  const range = (node as Node | null | undefined)?.range;
  if (!range || range[1] <= range[0]) return otherwise;
  return { start: range[0], end: range[1] };
}

function at(text: string, lines: LineCounter, offset: number): ReturnType<YamlSource['position']> {
  // What is missing at the end of the file is shown behind its last character.
  const inside = offset < text.length ? offset : text.trimEnd().length;
  const { line, col } = lines.linePos(inside);
  const lineStart = inside - col + 1;
  const lineEnd = text.slice(lineStart).search(/\r?\n|$/) + lineStart;
  return { line: Math.max(line, 1), column: Math.max(col, 1), lineStart, lineEnd };
}
