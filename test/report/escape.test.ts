import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cellCode,
  fence,
  inlineCode,
  link,
  linkUrl,
  logText,
  plain,
  prose,
} from '../../src/report/escape.ts';
import { about, duration, plural } from '../../src/report/format.ts';

test('a fence has more back-ticks than any line in it, and at least four', () => {
  assert.equal(fence(['a']), '````text\na\n````');
  assert.equal(fence(['x ````` y']), '``````text\nx ````` y\n``````');
});

test('a log line reads as a terminal would leave it', () => {
  assert.equal(logText('\u001b[32m10 %\r50 %\r100 %\u001b[0m\r\n'), '100 %');
  assert.equal(logText('a\tb\u0007\u202ec\u200b'), 'a  bc');
});

test('code keeps its back-ticks whatever they are', () => {
  assert.equal(inlineCode('a'), '`a`');
  assert.equal(inlineCode('a`b'), '``a`b``');
  assert.equal(inlineCode('`'), '`` ` ``');
  assert.equal(inlineCode('\n'), '` `');
  assert.equal(cellCode('a|b\\|c'), '`a\\|b¦c`');
});

test('ordinary words come out as they went in', () => {
  const words = "It's 12:30, ok? snake_case - 3 of 5 (50 %) → done; x.";
  assert.equal(plain(words).replaceAll('\u200b', ''), words);
  assert.equal(
    prose('the marker `ci_marker` was gone - twice.'),
    'the marker `ci_marker` was gone - twice.',
  );
});

test('a link is made only of a http address, and nothing in the address can end it', () => {
  assert.equal(link('x', 'https://a.example/b?c=1#d'), '[x](https://a.example/b?c=1#d)');
  assert.equal(link('x', 'javascript:alert(1)'), 'x');
  assert.equal(link('x', 'https://'), 'x');
  assert.equal(
    linkUrl('https://a.example/b) [x](y|z)'),
    'https://a.example/b%29%20%5Bx%5D%28y%7Cz%29',
  );
});

test('durations, expectations and counts read as people say them', () => {
  const durations = [0, 1_200, 9_949, 9_951, 21_000, 59_600, 161_000, 3_599_400, 3_720_000].map(
    duration,
  );
  assert.deepEqual(durations, [
    '0.0s',
    '1.2s',
    '9.9s',
    '10s',
    '21s',
    '1m 00s',
    '2m 41s',
    '59m 59s',
    '1h 02m',
  ]);
  const expectations = [40_000, 6 * 60_000, 544_000, 7_500_000].map(about);
  assert.deepEqual(expectations, ['40 s', '6 min', '9 min', '2 h 05 min']);
  const counts = [
    plural(1, 'volumes'),
    plural(2, 'process'),
    plural(1, 'processes'),
    plural(0, 'directory'),
    plural(2341, 'line'),
  ];
  assert.deepEqual(counts, [
    '1 volume',
    '2 processes',
    '1 process',
    '0 directories',
    '2,341 lines',
  ]);
});
