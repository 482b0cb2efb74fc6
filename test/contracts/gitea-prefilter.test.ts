import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Nodes } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { mayHoldCommand } from '../../src/domain/command-scan.ts';
import { visibleLines } from '../../src/domain/visible-text.ts';

const ESCAPED = /[<>&\u2028\u2029]/g;
const NON_ASCII = /[\u0080-\uffff]/g;
const toEscape = (character: string) =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** As Go's MarshalIndent writes it, as JavaScript does, as encoders that keep to ASCII do, and with `\/`. */
const ENCODERS: Readonly<Record<string, (value: unknown) => string>> = {
  go: (value) => JSON.stringify(value, null, 2).replace(ESCAPED, toEscape),
  compact: (value) => JSON.stringify(value),
  ascii: (value) => JSON.stringify(value, null, 1).replace(NON_ASCII, toEscape),
  slashes: (value) => JSON.stringify(value).replaceAll('/', '\\/'),
};

const payloadOf = (body: string, action = 'created') => ({
  action,
  issue: { number: 1, title: '!testme', body: '"comment": {"body": "x"}\n/cancel' },
  comment: { id: 4, html_url: 'http://forge.example.org/a/b', user: { login: 'alice' }, body },
  repository: { full_name: 'acme/shop' },
  is_pull: true,
});

const scans = (body: string, action?: string) =>
  Object.entries(ENCODERS).map(
    ([name, encode]) =>
      [name, mayHoldCommand(Buffer.from(encode(payloadOf(body, action))))] as const,
  );

/** A wider reading of Markdown than our own: any text block, entities decoded; what is no text counts as a word. */
function linesOf(node: Nodes): string[] {
  if (node.type === 'code' || node.type === 'html') return [];
  if (node.type === 'break') return ['\n'];
  if (node.type === 'text') return [node.value];
  if (node.type === 'link' || !('children' in node)) return ['word'];
  const inner = node.children.flatMap(linesOf);
  const isInline = node.type === 'emphasis' || node.type === 'strong';
  return isInline ? inner : inner.join('').split(/[\r\n\u2028\u2029]/);
}

const hasCommandLine = (body: string) =>
  /^[^A-Za-z]*[!/@][a-z]/imu.test(body) ||
  visibleLines(body).length > 0 ||
  linesOf(fromMarkdown(body)).some((line) => /^\s*[!/@][a-z]/i.test(line));

const WORDS =
  '!testme /cancel @bot ! / @ word http://x.y/z - 1. > # ** ` ``` <b> <br> <!-- --> & &#33; ' +
  '&excl; &NewLine; | \\ " \\n "body": "comment": é 🚀 [ ](x) 3/4';
const BLANKS = ' |  |\t|\n|\n\n|\r\n|\r|\u2028|\u0085|\u000b|\f|\u200b|\ufeff|```\n';
const fragment = fc.constantFrom(...WORDS.split(' '), ...BLANKS.split('|'));
const body = fc
  .array(fc.oneof({ weight: 8, arbitrary: fragment }, { weight: 1, arbitrary: fc.string() }))
  .map((parts) => parts.join(''));

test('no comment with a line that begins like a command is dropped, however it is encoded', () => {
  let commands = 0;
  fc.assert(
    fc.property(body, (text) => {
      if (!hasCommandLine(text)) return;
      commands += 1;
      for (const [encoder, kept] of scans(text)) assert.ok(kept, `${encoder}: ${text}`);
    }),
    { numRuns: 4_000 },
  );
  assert.ok(commands > 500, `only ${commands} texts with a command were tried`);
});

test('an ordinary comment is dropped in every encoding but where it looks odd', () => {
  const ordinary = [
    'Looks good to me, see https://example.org/a/b',
    'Wow! Really nice/neat, thanks @alice',
    'First line.\nSecond line\r\n\r\n- a list item\n\tindented',
    'He said "fine" and C:\\path',
    'on it\n\n<!-- signalbox:status v1 run=01K9ZQ8 rev=1 sig=7b1f0c22 -->',
    '',
  ];
  for (const text of ordinary)
    for (const [encoder, kept] of scans(text)) assert.equal(kept, false, `${encoder}: ${text}`);
});

test('a deletion is kept whatever the text was, an edit is not', () => {
  assert.deepEqual(new Set(scans('thanks', 'deleted').map(([, kept]) => kept)), new Set([true]));
  assert.deepEqual(new Set(scans('thanks', 'edited').map(([, kept]) => kept)), new Set([false]));
});

test('what has not the shape of a comment is kept', () => {
  const good = JSON.stringify(payloadOf('thanks'));
  const odd = [
    '',
    '{}',
    JSON.stringify({ comment: { body: 'x' }, action: 'created' }),
    good.replace('"comment":', '"note":'),
    good.replace('"body":"thanks"', '"body":null'),
    good.slice(0, good.indexOf('thanks') + 3),
  ];
  assert.equal(mayHoldCommand(Buffer.from(good)), false);
  for (const json of odd) assert.equal(mayHoldCommand(Buffer.from(json)), true, json);
});

test('an escape that stands for a trigger is kept', () => {
  const good = JSON.stringify(payloadOf('thanks'));
  for (const escaped of [
    '\\u0021testme',
    '\\u002Fcancel',
    '\\u0040bot',
    '\\u0026#33;',
    'ok\\u000A!go',
  ])
    assert.equal(mayHoldCommand(Buffer.from(good.replace('thanks', escaped))), true, escaped);
});
