import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { commandText } from '../../src/domain/commands.ts';
import { executionOrder, MAX_COMMANDS, parseComment } from '../../src/domain/parse-comment.ts';

/** 100,000 comments in all. */
const PLANTED_RUNS = 20_000;
const RANDOM_RUNS = 80_000;
const OPTIONS = { botLogin: 'signalbox' };

/** A top-level block, and the run numbers of the cancel commands that stand in the open in it. */
type Block = { readonly text: string; readonly open: readonly number[] };

const PREFIXES = ['!', '/', '@signalbox ', '!', '@SignalBox: /'] as const;

const WORDS = fc.constantFrom(
  'please',
  'a',
  'see /usr/lib',
  'x !cancel 1',
  '*b*',
  'ok.',
  '1 < 2',
  'é',
);

const lineArb = fc.tuple(fc.constantFrom(...PREFIXES), fc.integer({ min: 2, max: 999 }));

const openArb: fc.Arbitrary<Block> = fc
  .array(
    fc.oneof(
      WORDS.map((text) => ({ text, run: undefined })),
      fc
        .tuple(
          lineArb,
          fc.constantFrom('', ' ', '   '),
          fc.constantFrom('', ' -- why', '  ', ' <!-- 3 -->'),
        )
        .map(([[prefix, run], indent, tail]) => ({
          text: `${indent}${prefix}cancel ${run}${tail}`,
          run,
        })),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((lines) => ({
    text: lines.map((line) => line.text).join('\n'),
    open: lines.flatMap((line) => (line.run === undefined ? [] : [line.run])),
  }));

/** Places from which no command may come out; `c` is a line that would be one in the open. */
const HIDING_PLACES: readonly ((c: string) => string)[] = [
  (c) => `\`\`\`\n${c}\n\`\`\``,
  (c) => `~~~~ sh\n~~~\n\n${c}\n~~~~~`,
  (c) => `    ${c}`,
  (c) => `\t${c}\n\n\t${c}`,
  (c) => `\`${c}\``,
  (c) => `a \`\`b\n${c}\n\`\` d`,
  (c) => `> ${c}`,
  (c) => `> a\n${c}`,
  (c) => `> > a\n>\n> ${c}\n${c}`,
  (c) => `> \`\`\`\n> ${c}\n> \`\`\`\n> ${c}`,
  (c) => `<!--\n${c}\n\n${c}\n-->`,
  (c) => `a <!-- b\n${c}\n-->`,
  (c) => `<!-- ${c} -->`,
  (c) => `<div>\n${c}\n</div>`,
  (c) => `<details><summary>log</summary>\n\n${c}\n\n</details>`,
  (c) => `<blockquote>\n\na\n${c}\n\n</blockquote>`,
  (c) => `<pre>\n${c}\n\n${c}\n</pre>`,
  (c) => `a <code>b\n${c}\n</code>`,
  (c) => `# ${c}`,
  (c) => `${c}\n===`,
  (c) => `a\n${c}\n---`,
  (c) => `- ${c}`,
  (c) => `1. a\n\n   ${c}\n2. ${c}`,
  (c) => `- [ ] ${c}\n- [x] a\n${c}`,
  (c) => `- a\n  > b\n${c}`,
  (c) => `[a\n${c}](https://example.org)`,
  (c) => `[a](https://example.org "b\n${c}\n")`,
  (c) => `![a\n${c}](b.png)`,
  (c) => `[a]: b "\n${c}"`,
  (c) => `| a |\n|---|\n| ${c} |\n${c}`,
  (c) => `[^a]: b\n\n    ${c}`,
  (c) => `**a\n${c}\nb**`,
  (c) => `~~a\n${c}\nb~~`,
  (c) => `a ${c}`,
  (c) => `\\${c}`,
  (c) => `<b>${c}</b>`,
];

const hiddenArb: fc.Arbitrary<Block> = fc
  .tuple(lineArb, fc.constantFrom(...HIDING_PLACES))
  .map(([[prefix, run], hide]) => ({ text: hide(`${prefix}cancel ${run}`), open: [] }));

/** A blank line alone does not end a list or a footnote before indented text, so a rule stands between blocks. */
const SEPARATOR = '\n\n***\n\n';

const documentArb = fc
  .array(fc.oneof(hiddenArb, openArb), { minLength: 1, maxLength: 3 })
  .map((blocks) => ({
    body: blocks.map((block) => block.text).join(SEPARATOR),
    open: blocks.flatMap((block) => block.open),
  }));

const endingArb = fc.constantFrom('\n', '\r\n', '\r');

test(`of ${PLANTED_RUNS} comments exactly the commands in the open come out, in order`, () => {
  const property = fc.property(documentArb, endingArb, ({ body, open }, ending) => {
    const lines = parseComment(body.replaceAll('\n', ending), OPTIONS);
    const runs = lines.map((line) =>
      'command' in line && line.command.name === 'cancel' ? line.command.run : line,
    );
    assert.deepEqual(runs.slice(0, MAX_COMMANDS), open.slice(0, MAX_COMMANDS));
    assert.equal(lines.length, Math.min(open.length, MAX_COMMANDS + 1));
  });
  fc.assert(property, { numRuns: PLANTED_RUNS });
});

const PIECES = [
  ['!', '/', '@signalbox ', '!testme ', '/cancel ', '!lock a ', '!tesme', '@signalbox', '!help'],
  [
    '\n',
    '\n\n',
    '\r',
    '\r\n',
    ' ',
    '\t',
    '    ',
    '- ',
    '> ',
    '# ',
    '1. ',
    '| a |\n|-|\n',
    '[^1]: ',
  ],
  ['`', '```\n', '~~', '*', '_', '[', ']', '](b)', '![', '<', '<!--', '-->', '<pre>', '</a>', '\\'],
  ['"', "'", ' -- ', '--', '=', 'stages=', 'sha=', '$(id)', '--upload-pack=x', '..', '#9', '&#33;'],
  ['\u0000', '\u200b', '\u202e', '\ufeff', '\u2028', '\ud800', '\u0435', '😕', '__proto__', 'a'],
].flat();

const randomArb = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `!testme ${text}`),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

test(`of ${RANDOM_RUNS} random comments none crashes the parser or gets an unsafe value through`, () => {
  const property = fc.property(randomArb, (body) => {
    const lines = parseComment(body, OPTIONS);
    assert.ok(lines.length <= MAX_COMMANDS + 1);
    assert.equal(executionOrder(lines).length, lines.length);
    const source = body.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
    for (const [index, line] of lines.entries()) {
      assert.equal(line.ordinal, index);
      assert.match(source[line.line - 1] ?? '', /^ {0,3}[!/@]\S/);
      if ('problem' in line) {
        assert.match(line.problem.message, /^[ -~…]{1,200}$/);
        assert.match(line.problem.suggestion ?? '!', /^[!/@][A-Za-z0-9 !/@._#=,-]*$/);
      } else {
        assert.match(JSON.stringify(line.command), /^[A-Za-z0-9._/,:"{}[\]-]+$/);
        assert.ok(!commandText(line.command).includes('?'));
        assert.doesNotMatch(line.reason ?? '', /[\p{C}\p{Zl}\p{Zp}]/u);
      }
    }
  });
  fc.assert(property, { numRuns: RANDOM_RUNS });
});
