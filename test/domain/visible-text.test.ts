import assert from 'node:assert/strict';
import test from 'node:test';
import { MAX_COMMENT_LENGTH, visibleLines } from '../../src/domain/visible-text.ts';

const VISIBLE: readonly [what: string, markdown: string, expected: readonly [number, string][]][] =
  [
    ['a comment that is one line', '!testme', [[1, '!testme']]],
    ['the last line of a paragraph', 'Please:\n!testme smoke', [[2, '!testme smoke']]],
    [
      'several lines, each with its number',
      '!a\ntext\n\n/b\n@c d',
      [
        [1, '!a'],
        [4, '/b'],
        [5, '@c d'],
      ],
    ],
    ['a line after three spaces', '   !testme  ', [[1, '!testme']]],
    [
      'a line after a byte order mark',
      '\uFEFF!testme\n/help',
      [
        [1, '!testme'],
        [2, '/help'],
      ],
    ],
    [
      'lines that end in CRLF or CR',
      'a\r\n!b\r!c\r\n',
      [
        [2, '!b'],
        [3, '!c'],
      ],
    ],
    [
      'a line after a hard break',
      'a  \n!b\\\n!c',
      [
        [2, '!b\\'],
        [3, '!c'],
      ],
    ],
    ['a line below a closed fence', '```\n!a\n```\n!b', [[4, '!b']]],
    ['a line below a quote and a blank line', '> !a\n\n!b', [[3, '!b']]],
    ['a line below a list and a blank line', '- a\n\n!b', [[3, '!b']]],
    ['a line below closed details', '<details>\n\n!a\n\n</details>\n\n!b', [[7, '!b']]],
    ['a line below a comment', '<!--\n\n!a\n-->\n\n!b', [[6, '!b']]],
    ['a line below an element that is no HTML', 'Vec<T>\n!b', [[2, '!b']]],
    ['a line below a tag named in code', 'use `<code>`\n\n!b', [[3, '!b']]],
    ['inline HTML is blanked', '!a <!-- x --> b', [[1, '!a            b']]],
    ['words as typed', '!a x_y_z *b* `c` [d](e)', [[1, '!a x_y_z *b* `c` [d](e)']]],
  ];

for (const [what, markdown, expected] of VISIBLE) {
  test(`visible: ${what}`, () => {
    assert.deepEqual(
      visibleLines(markdown),
      expected.map(([line, text]) => ({ line, text })),
    );
  });
}

const HIDDEN: readonly [what: string, markdown: string][] = [
  ['in the middle of a line', 'please !testme'],
  ['in a fence', '```\n!testme\n```'],
  ['in a fence that is never closed', 'a\n\n~~~\n!testme'],
  ['in indented code', 'a\n\n    !testme'],
  ['four spaces in, inside a paragraph', 'a\n    !testme'],
  ['in inline code', '`!testme`'],
  ['in inline code over several lines', '`a\n!testme\nb`'],
  ['in a quote', '> !testme'],
  ['in the lazy continuation of a quote', '> a\n!testme'],
  ['in a quote in a quote', '> > a\n> !testme'],
  ['in a list item', '- !testme'],
  ['in the continuation of a list item', '- a\n\n  !testme'],
  ['in the lazy continuation of a list item', '1. a\n!testme'],
  ['in a task item', '- [ ] !testme'],
  ['in a heading', '# !testme'],
  ['in an underlined heading', '!testme\n---'],
  ['in an HTML comment', '<!--\n!testme\n-->'],
  ['in an HTML comment with a blank line', '<!-- a\n\n!testme\n\n-->'],
  ['in an HTML comment inside a paragraph', 'a <!-- b\n!testme -->'],
  ['in an HTML comment that is never closed', '<!--\n\n!testme'],
  ['in an HTML block', '<div>\n!testme\n</div>'],
  ['in pre', '<pre>\n\n!testme\n\n</pre>'],
  ['in details', '<details>\n<summary>log</summary>\n\n!testme\n\n</details>'],
  ['in an HTML quote', '<blockquote>\n\n!testme\n\n</blockquote>'],
  ['in an HTML quote that a paragraph opens', 'a <blockquote>\n\n!testme\n\n</blockquote>'],
  ['in inline HTML code', 'see <code>\n!testme\n</code>'],
  ['behind a tag on the same line', '<b>!testme</b>'],
  ['in the text of a link', '[a\n!testme](https://example.org)'],
  ['in the title of a link', '[a](https://example.org "b\n!testme\nc")'],
  ['in the text of a reference link', '[a\n!testme]\n\n[a !testme]: https://example.org'],
  ['in a link definition', '[a]: https://example.org "\n!testme"'],
  ['as an image', '![testme](https://example.org/a.png)'],
  ['in emphasis', '*a\n!testme*'],
  ['struck out', '~~a\n!testme~~'],
  ['in a table', '| a |\n|---|\n| !testme |'],
  ['in a table row without bars', '| a |\n|---|\n!testme'],
  ['in a footnote', '[^1]: a\n    !testme\n\n    !testme\n\nb[^1]'],
  ['escaped', '\\!testme'],
  ['as a character reference', '&#33;testme'],
  ['behind a zero-width space', '\u200b!testme'],
];

for (const [what, markdown] of HIDDEN) {
  test(`hidden: ${what}`, () => {
    assert.deepEqual(visibleLines(markdown), []);
  });
}

test('a text of more than 64 KiB is not read', () => {
  assert.equal(visibleLines(`!testme\n\n${'a'.repeat(MAX_COMMENT_LENGTH)}`), 'too_long');
});

test('what follows the paragraph of the last candidate costs nothing and changes nothing', () => {
  const log = `${'> '.repeat(9_000)}\n`;
  assert.deepEqual(visibleLines(`!testme\n\n${log}`), [{ line: 1, text: '!testme' }]);
});

const HOSTILE = ['>', '- ', '1. ', 'a\n=\n', 'b\n', '|a|\n|-|\n', '[', '*a ', '`a ', '<a ', '!a\n'];

for (const mark of HOSTILE) {
  test(`a paragraph after or of 60 KB of ${JSON.stringify(mark)} is not read`, () => {
    assert.equal(visibleLines(`${mark.repeat(60_000 / mark.length)}\n!testme`), 'too_complex');
  });
}

test('lists that nest by indentation without end are not read', () => {
  const lines = Array.from({ length: 240 }, (_, depth) => `${'  '.repeat(depth)}- a`);
  assert.equal(visibleLines(`${lines.join('\n')}\n\n!testme`), 'too_complex');
});
