/**
 * Looks into the raw JSON of a comment delivery, without parsing it, for anything that a command could be made of.
 * It may say yes for nothing, and must never say no to a comment that has a command.
 */

const COMMENT_KEY = Buffer.from('"comment":');
const BODY_KEY = Buffer.from('"body":');
const HEAD_BYTES = 64;

/**
 * False only if this is a created or edited comment none of whose lines begins with `!`, `/` or `@`. A deletion is
 * always of interest: the text may have held a command before.
 */
export function mayHoldCommand(json: Buffer): boolean {
  const head = json.toString('latin1', 0, HEAD_BYTES);
  if (!/^\s*\{\s*"action":\s*"(created|edited)"/.test(head)) return true;
  // An unescaped `"comment":` is a key: within a string both of its quotes would be escaped.
  const comment = json.indexOf(COMMENT_KEY);
  if (comment < 0) return true;
  // All bodies from there on: the comment's own is among them, whatever the order of the keys.
  let bodies = 0;
  for (let at = json.indexOf(BODY_KEY, comment); at >= 0; at = json.indexOf(BODY_KEY, at)) {
    at = skipBlanks(json, at + BODY_KEY.length);
    if (json[at] !== QUOTE) continue;
    bodies += 1;
    if (hasTriggerAtLineStart(json, at + 1)) return true;
  }
  return bodies === 0;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const AMPERSAND = 0x26;
const TRIGGERS = new Set(Buffer.from('!/@'));
/** Bytes after which a reader of Markdown may see a new line or text block: tags, table cells, all non-ASCII. */
const BREAKS = new Set(Buffer.from('<>|'));

/**
 * Walks one JSON string from its first byte. Whatever is no letter may stand before a command: `- `, `\\`, `**`. The
 * `!` of `<!--` is none; every comment of our own ends in such a marker.
 */
function hasTriggerAtLineStart(json: Buffer, from: number): boolean {
  let atStart = true;
  for (let at = from; at < json.length; at += 1) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) return false;
    // An entity can stand for any character, even for a trigger.
    if (byte === AMPERSAND) return true;
    if (byte === BACKSLASH) {
      const escaped = readEscape(json, at);
      if (escaped === 'trigger' || (escaped === 'slash' && atStart)) return true;
      if (escaped === 'break') atStart = true;
      at += json[at + 1] === LETTER_U ? 5 : 1;
    } else if (atStart && TRIGGERS.has(byte) && !isHtmlComment(json, at)) return true;
    else if (BREAKS.has(byte) || byte >= 0x80) atStart = true;
    else if (isLetter(byte)) atStart = false;
  }
  return true;
}

const LETTER_U = 0x75;

/** What the escape at `at` may stand for. Of the printable characters Go escapes only `<`, `>` and `&`. */
function readEscape(json: Buffer, at: number): 'plain' | 'slash' | 'break' | 'trigger' {
  const text = json.toString('latin1', at + 1, at + 6).toLowerCase();
  if (text.startsWith('u'))
    return /^u00(3c|3e|[01].|[89a-f].)|^u(?!00)/.test(text) ? 'break' : 'trigger';
  if (text.startsWith('/')) return 'slash';
  return text.startsWith('"') || text.startsWith('\\') ? 'plain' : 'break';
}

function isHtmlComment(json: Buffer, at: number): boolean {
  const before = json.toString('latin1', Math.max(0, at - 6), at).toLowerCase();
  const isAfterLess = before.endsWith('<') || before === '\\u003c';
  return isAfterLess && json.toString('latin1', at, at + 3) === '!--';
}

const isLetter = (byte: number) => (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a);

function skipBlanks(json: Buffer, from: number): number {
  let at = from;
  while (json[at] === 0x20 || json[at] === 0x0a || json[at] === 0x0d || json[at] === 0x09) at += 1;
  return at;
}
