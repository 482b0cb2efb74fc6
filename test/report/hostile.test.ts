import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { readLine } from '../../src/report/escape.ts';
import { createMarkers } from '../../src/report/marker.ts';
import { renderMessage } from '../../src/report/render.ts';
import { BUILT_IN_TEMPLATES, createTemplates } from '../../src/report/templates.ts';
import { hostile, messagesWith } from './hostile.ts';
import { at } from './samples.ts';

const templates = createTemplates({ directories: [BUILT_IN_TEMPLATES] });
const markers = createMarkers('a key');
const MARKER = markers.status({ command: 'c555', run: '01K9ZQ8', rev: 3 });

const OURS = /^https:\/\/(?:git|ci|drone)\.example\.org\//u;
const OUR_HTML =
  /^(?:<\/?details>|<\/?sub>|<details><summary>[^<>]*<\/summary>|<!-- signalbox:[^>]*-->)$/u;
const NEVER = [
  'heading',
  'image',
  'imageReference',
  'linkReference',
  'definition',
  'emphasis',
  'delete',
  'thematicBreak',
  'footnoteReference',
  'footnoteDefinition',
  'break',
];

type Node = {
  readonly type: string;
  readonly value?: string;
  readonly url?: string;
  readonly checked?: boolean | null | undefined;
  readonly children?: readonly Node[];
};

function parse(markdown: string): Node {
  return fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
}

function flat(node: Node): readonly Node[] {
  return [node, ...(node.children ?? []).flatMap(flat)];
}

function draw(message: Parameters<typeof renderMessage>[0]): string {
  return renderMessage(message, { templates, marker: MARKER, now: at('05:29') });
}

/** Blocks of a comment in order, with the shape of each table: what hostile text must not change. */
function shape(comment: string): readonly string[] {
  return (parse(comment).children ?? []).map((block) =>
    block.type === 'table'
      ? `table ${(block.children ?? []).map((row) => row.children?.length).join(' ')}`
      : block.type,
  );
}

test('hostile text adds no link, HTML, heading, task, mention or table cell to any comment', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      for (const message of messagesWith(text)) {
        for (const node of flat(parse(draw(message)))) {
          assert.ok(!NEVER.includes(node.type), `${node.type} in ${message.kind}`);
          assert.ok(typeof node.checked !== 'boolean', 'a task box');
          if (node.type === 'link') assert.match(node.url ?? '', OURS);
          if (node.type === 'html') assert.match(node.value?.trim() ?? '', OUR_HTML);
          if (node.type === 'text') {
            assert.doesNotMatch(node.value ?? '', /@[\w-]|[#!]\d|https?:\/|www\.\w|mailto:\w/u);
          }
          if (node.type === 'table') {
            const widths = new Set(node.children?.map((row) => row.children?.length));
            assert.equal(widths.size, 1, `a torn table in ${message.kind}`);
          }
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('a pipe in a code span of a stage reason does not tear the table', () => {
  const [expected, actual] = ['w ww', '`|` ww'].map((text) =>
    messagesWith(text)
      .filter(({ kind }) => kind === 'run')
      .map((message) => shape(draw(message))),
  );
  assert.deepEqual(actual, expected);
});

test('hostile text leaves the blocks and tables of every comment as they are', () => {
  // A long problem or reason moves from line 1 into a block of its own: these two may differ.
  const fixed = (text: string) =>
    messagesWith(text).filter(({ kind }) => kind !== 'not_understood' && kind !== 'refused');
  const expected = fixed('w ww').map((message) => shape(draw(message)));
  fc.assert(
    fc.property(hostile, (text) => {
      fixed(`${text} ww`).forEach((message, i) => {
        assert.deepEqual(shape(draw(message)), expected[i], message.kind);
      });
    }),
    { numRuns: 60 },
  );
});

test('no comment holds control, bidi or invisible characters of others, and only the last line is a marker', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      for (const message of messagesWith(text)) {
        const comment = draw(message);
        // U+200B is ours: it stops a mention. Emoji of ours end in U+FE0F.
        assert.doesNotMatch(comment, /(?!\n)\p{Cc}|(?!\u200b)\p{Cf}|\p{Cs}/u);
        assert.deepEqual(markers.find(comment), markers.find(MARKER));
        assert.equal(markers.find(comment.replace(MARKER, '')), undefined);
      }
    }),
    { numRuns: 60 },
  );
});

test('line 1 of every comment fits 110 characters and the whole 20,000, however much there is', () => {
  const texts = [
    'x'.repeat(5_000),
    '`|@'.repeat(50_000),
    'word '.repeat(20_000),
    '\\<&'.repeat(9_000),
    '😀'.repeat(9_000),
  ];
  for (const text of texts) {
    for (const message of messagesWith(text)) {
      const comment = draw(message);
      assert.ok(comment.length <= 20_000, `${message.kind}: ${comment.length}`);
      const line = readLine(comment.split('\n')[0] ?? '');
      // The mock-up of the approval is longer, and its text is fixed.
      const max = message.kind === 'approval' ? 120 : 110;
      assert.ok(Array.from(line).length <= max, `${message.kind}: ${line}`);
    }
  }
});

test('a log excerpt keeps the end of the log within 60 lines and 6,000 characters, and the markup whole', () => {
  const [message] = messagesWith('x').filter(
    (one) => one.kind === 'run' && one.run.state === 'failed',
  );
  assert.ok(message?.kind === 'run' && message.run.diagnosis);
  const lines = Array.from({ length: 5_000 }, (_, n) => ({
    n,
    at: 0,
    stage: 's',
    text: `line ${n} ${'y'.repeat(150)}`,
  }));
  const diagnosis = { ...message.run.diagnosis, evidence: { total: 9_000, lines } };
  const comment = draw({ ...message, run: { ...message.run, diagnosis } });
  const code = flat(parse(comment)).find(
    ({ type, value }) => type === 'code' && value?.includes('line 4999'),
  );
  assert.ok(code?.value);
  assert.ok(code.value.length <= 6_000);
  const shown = code.value.split('\n').length;
  assert.ok(shown > 20 && shown <= 60, `${shown} lines`);
  assert.match(comment, new RegExp(`\\(${shown} of 9,000 lines, secrets masked\\)`, 'u'));
  assert.ok(comment.includes('</details>'));
});

test('a comment about very many stages, leftovers and suites still fits, with the failing stage in it', () => {
  const [message] = messagesWith('a_fairly-long name | here').filter(
    (one) => one.kind === 'run' && one.run.state === 'failed',
  );
  assert.ok(message?.kind === 'run');
  const many = Array.from(
    { length: 400 },
    (_, i) =>
      ({
        name: `step number ${i}`,
        state: i === 200 ? 'failed' : 'passed',
        detail: `d${i}`,
      }) as const,
  );
  const residuals = Array.from({ length: 900 }, (_, i) => ({
    kind: 'volume',
    name: `v${i}`,
    reason: 'busy '.repeat(100),
  }));
  const run = {
    ...message.run,
    stages: many,
    cleanliness: { state: 'dirty', at: 0, residuals },
  } as const;
  const comment = draw({ ...message, run });
  assert.ok(comment.length <= 20_000);
  assert.match(comment, /\*\*step number 200\*\*/u);
  assert.match(comment, /… and \d+ more on the \[run page\]/u);
  const all = draw({
    kind: 'runs',
    command: 'c',
    parts: Array.from({ length: 60 }, () => ({ ...message, run })),
  });
  assert.ok(all.length <= 20_000, `${all.length}`);
});
