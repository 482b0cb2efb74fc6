import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, clean } from '../../src/cli/output.ts';

test('text of strangers cannot move the cursor, reorder a line or break a row', () => {
  const hostile = [
    '\u001b[2Jgone',
    '\u001b]0;title\u0007gone',
    '\u009b2Jgone',
    'gone\r\ngone\tgone',
    '\u202egone\u2066\u200b\ufeff',
    'go\u2028ne\u0000\u007f\u0085',
    '\ud800gone',
  ];
  for (const text of hostile) {
    assert.doesNotMatch(clean(text), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    assert.match(clean(text), /go ?ne/);
  }
  assert.equal(clean('Zürich ✅ 東京'), 'Zürich ✅ 東京');
});

test('ages are told in the largest whole unit', () => {
  const told = [0, 59, 60, 3_599, 3_600, 86_399, 86_400 * 3].map((s) => ago(0, s * 1_000));
  assert.deepEqual(told, ['0s ago', '59s ago', '1m ago', '59m ago', '1h ago', '23h ago', '3d ago']);
  assert.equal(ago(5_000, 0), '0s ago');
});
