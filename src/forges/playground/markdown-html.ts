/** The part of Markdown that is HTML: an allow-list of tags without attributes, all else is text or nothing. */

const PAIRED = new Set('details summary sub sup b strong i em code kbd samp ins del'.split(' '));
const VOID = new Set(['br', 'hr']);

const PIECE = /<!--[\s\S]*?(?:-->|$)|<(\/?)([a-zA-Z][a-zA-Z0-9-]*)\b([^<>]*)>/g;

export type HtmlFilter = {
  /** One piece of HTML, made safe. Comments vanish, tags that are not allowed vanish, text stays. */
  pass(html: string): string;
  /** End tags for what is still open. */
  close(): string;
};

export function createHtmlFilter(): HtmlFilter {
  const open: string[] = [];
  const closeDownTo = (depth: number) =>
    open
      .splice(depth)
      .toReversed()
      .map((tag) => `</${tag}>`)
      .join('');
  const passTag = (isEnd: boolean, tag: string, attributes: string): string => {
    if (VOID.has(tag)) return isEnd ? '' : `<${tag}>`;
    if (!PAIRED.has(tag)) return '';
    if (isEnd) return open.includes(tag) ? closeDownTo(open.lastIndexOf(tag)) : '';
    open.push(tag);
    return tag === 'details' && /\bopen\b/i.test(attributes) ? '<details open>' : `<${tag}>`;
  };
  return {
    pass: (html) => {
      let output = '';
      let end = 0;
      for (const piece of html.matchAll(PIECE)) {
        output += escapeHtml(html.slice(end, piece.index));
        end = piece.index + piece[0].length;
        const [, slash, tag, attributes] = piece;
        if (tag !== undefined)
          output += passTag(slash === '/', tag.toLowerCase(), attributes ?? '');
      }
      return output + escapeHtml(html.slice(end));
    },
    close: () => closeDownTo(0),
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
