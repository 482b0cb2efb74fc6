/** Control sequences of terminals: CSI, OSC (ended by BEL or ST) and the two-character escapes. */
const ANSI = new RegExp(
  [
    '(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]',
    '(?:\\u001b\\]|\\u009d)[^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u001b\\\\|\\u009c)?',
    '\\u001b[ -/]*[0-~]',
  ].join('|'),
  'g',
);

/** Control characters but tab, direction overrides, zero-width and other invisible characters, lone surrogates. */
const UNSEEN =
  /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu;

/**
 * Text from people and programs, made harmless for a reader: terminal colours are dropped, and every character
 * that is invisible or reorders its neighbours is written out, e.g. `\u202e`. Escaping for HTML comes on top.
 */
export function visibleText(text: string): string {
  return text.replace(ANSI, '').replace(UNSEEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code === 9) return '\t';
    return code < 256
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same for titles and names: one line, at most `max` characters. */
export function visibleTitle(text: string, max = 200): string {
  const line = visibleText(text.replace(/\s+/g, ' ').trim());
  const characters = Array.from(line);
  return characters.length > max ? `${characters.slice(0, max - 1).join('')}…` : line;
}

/** The URL, fully encoded, if a browser may follow it, else undefined. */
export function safeUrl(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { protocol, href } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' ? href : undefined;
}

/** Any text as one part of a path or query; a lone surrogate is no reason to fail. */
export function urlPart(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
