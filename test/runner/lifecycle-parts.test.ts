import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Claim, isLimitMark, limitMark } from '../../src/runner/lifecycle/identity.ts';
import { parseJunit } from '../../src/runner/lifecycle/junit.ts';
import { pumpLines } from '../../src/runner/lifecycle/output.ts';
import { ownedProcesses, type ProcessFacts } from '../../src/runner/lifecycle/processes.ts';
import { choosePrevious, parseTags } from '../../src/runner/lifecycle/versions.ts';

const CLAIM: Claim = {
  installation: 'here',
  runId: 'R1',
  attempt: 1,
  workspaces: ['/data/R1.1'],
  users: { from: 61_000, to: 61_099 },
};

function facts(pid: number, changes: Partial<ProcessFacts>): ProcessFacts {
  return {
    pid,
    parent: 1,
    group: pid,
    startedAt: 100,
    user: 1_000,
    threads: 1,
    residentBytes: 0,
    command: 'x',
    workingDirectory: '/',
    environment: {},
    lockLimit: 'unlimited',
    ...changes,
  };
}

const marks = (run: string, installation: string, attempt = '1') => ({
  SIGNALBOX_RUN: run,
  SIGNALBOX_ATTEMPT: attempt,
  SIGNALBOX_INSTALLATION: installation,
});

test('a process is ours only by proof', () => {
  const all = [
    facts(10, { environment: marks('R1', 'here') }),
    facts(11, { environment: marks('R1', 'elsewhere') }),
    facts(12, { environment: { SIGNALBOX_RUN: 'R1' } }),
    facts(13, { environment: marks('R2', 'here') }),
    facts(14, { environment: marks('R1', 'here', '2') }),
    facts(15, { lockLimit: limitMark(CLAIM) }),
    facts(16, { lockLimit: limitMark({ ...CLAIM, installation: 'elsewhere' }) }),
    facts(17, { user: 61_005, workingDirectory: '/data/R1.1/head' }),
    facts(18, { user: 61_005, workingDirectory: '/data/R1.10/head' }),
    facts(19, { user: 0, workingDirectory: '/data/R1.1' }),
    facts(20, { user: 61_005 }),
    facts(21, { parent: 15, startedAt: 101 }),
    facts(22, { parent: 21, startedAt: 102 }),
    // Its parent's number was taken over by one of ours after it had been born.
    facts(23, { parent: 15, startedAt: 99 }),
  ];
  const owned = ownedProcesses(all, CLAIM).map(({ pid }) => pid);
  assert.deepEqual(
    owned.toSorted((a, b) => a - b),
    [10, 15, 17, 21, 22],
  );
});

test('a claim on all attempts covers each of them, and no other run', () => {
  const { attempt: _, ...all } = CLAIM;
  assert.ok(isLimitMark(limitMark({ ...CLAIM, attempt: 2 }), all));
  assert.ok(!isLimitMark(limitMark({ ...CLAIM, attempt: 2 }), CLAIM));
  assert.ok(!isLimitMark(limitMark({ ...CLAIM, runId: 'R2' }), all));
  assert.ok(!isLimitMark('unlimited', all));
});

test('the previous version is the highest tag below the head, by meaning and not by spelling', () => {
  const tag = (name: string) => ({ name, sha: name });
  const tags = ['v1.2.0', '1.10.0', '1.9.0', 'nightly', '2.0.0-rc.1', '1.2'].map(tag);
  assert.equal(choosePrevious(tags, 'head')?.name, '2.0.0-rc.1');
  assert.equal(choosePrevious(tags, '1.10.0')?.name, '1.9.0');
  assert.equal(choosePrevious(tags, 'v1.2.0'), undefined);
  assert.equal(choosePrevious([tag('nightly')], 'head'), undefined);
});

test('an annotated tag stands for the commit that it points to', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(40));
  const listing = `${a}\trefs/tags/1.0.0\n${b}\trefs/tags/1.0.0^{}\n${c}\trefs/tags/-x\nrubbish`;
  assert.deepEqual(parseTags(listing), [
    { name: '1.0.0', sha: b },
    { name: '-x', sha: c },
  ]);
});

test('JUnit of every kind is counted case by case', () => {
  const xml = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>
    <testsuites tests="99"><!-- <testcase name="no"/> --><testsuite>
    <testcase name="a > b" classname='c'/><testcase name="s"><skipped/></testcase>
    <testcase name="e"><error>at &quot;x&quot;&#33;</error></testcase>
    <testcase name="f"><failure><![CDATA[<testcase name="inner">]]></failure></testcase>
    </testsuite></testsuites>`;
  assert.deepEqual(parseJunit(xml), {
    counts: { passed: 1, failed: 2, skipped: 1 },
    failed: [
      { name: 'e', message: 'at "x"!' },
      { name: 'f', message: '<testcase name="inner">' },
    ],
  });
});

test('no text makes the JUnit reader throw, and a failure is never more than it counts', () => {
  const piece = fc.constantFrom(
    '<testcase name="x">',
    '<failure/>',
    '</testcase>',
    '<![CDATA[',
    '"',
    '&#x10ffff;',
    '<!--',
    '>',
    '<',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
      const { counts, failed } = parseJunit(pieces.join(''));
      assert.ok(failed.length <= counts.failed);
    }),
  );
});

test('output comes in whole lines whatever its chunks, and only so much of it', async () => {
  const lines: string[] = [];
  const sink = { line: (text: string) => lines.push(text), settle: () => Promise.resolve() };
  const chunks = ['one\ntw', 'o\n', `${'x'.repeat(20_000)}\n`, 'dropped\n', 'cut secret\nlast\n'];
  const stream = Readable.from(chunks.map((text) => Buffer.from(text)));
  await pumpLines(stream, sink, { bytes: 20_000, lines: 100 });
  assert.deepEqual(
    lines.map((text) => text.slice(0, 60)),
    [
      'one',
      'two',
      'x'.repeat(60),
      '(24 bytes of output were dropped here: too much)',
      'cut secret',
      'last',
    ],
  );
});

test('a chunk of nothing but line ends adds no more lines than the limit', async () => {
  let lines = 0;
  const sink = { line: () => (lines += 1), settle: () => Promise.resolve() };
  await pumpLines(Readable.from([Buffer.alloc(50_000, '\n')]), sink, { bytes: 1e6, lines: 100 });
  assert.equal(lines, 101);
});
