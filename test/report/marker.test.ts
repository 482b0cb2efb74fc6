import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMarkers } from '../../src/report/marker.ts';

const markers = createMarkers('a key');

test('a marker on the last line is found again with all it says', () => {
  const status = markers.status({ command: 'acme/555/0', run: '01K9ZQ8', rev: 7 });
  assert.match(
    status,
    /^<!-- signalbox:status v1 run=01K9ZQ8 cmd=acme\/555\/0 rev=7 sig=[0-9a-f]{16} -->$/u,
  );
  assert.deepEqual(markers.find(`text\n\n${status}\n`), {
    kind: 'status',
    id: 'acme/555/0',
    run: '01K9ZQ8',
    rev: 7,
  });
  assert.deepEqual(markers.find(markers.status({ command: 'c', rev: 1 })), {
    kind: 'status',
    id: 'c',
    rev: 1,
  });
  assert.deepEqual(markers.find(markers.reply('c')), { kind: 'reply', id: 'c' });
  assert.deepEqual(markers.find(markers.ping('r')), { kind: 'ping', id: 'r' });
  assert.deepEqual(markers.find(markers.config('o/r 17')), { kind: 'config', id: 'o/r 17' });
});

test('any id survives the marker, stays on one line and cannot end the comment early', () => {
  const ids = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(ids, ids, fc.nat(), (command, run, rev) => {
      const marker = markers.status({ command, run, rev });
      assert.equal(marker.indexOf('-->'), marker.length - 3);
      assert.doesNotMatch(marker.slice(4, -3), /--|\n/u);
      assert.equal(markers.find(marker)?.id, command);
      assert.ok(marker.includes(markers.searchText('status', command)));
      assert.ok(markers.reply(command).includes(markers.searchText('reply', command)));
    }),
  );
});

test('a marker that is changed, of another key, quoted, or not on the last line is not ours', () => {
  const marker = markers.status({ command: 'c555', run: 'r1', rev: 7 });
  const forgeries = [
    marker.replace('rev=7', 'rev=8'),
    marker.replace('run=r1', 'run=-'),
    marker.replace('c555', 'c556'),
    marker.replace(/sig=./u, 'sig=g'),
    marker.replace(/sig=[0-9a-f]{16}/u, 'sig=0123456789abcdef'),
    marker.replace('status', 'config').replace('cmd=', 'of='),
    createMarkers('another key').status({ command: 'c555', run: 'r1', rev: 7 }),
    `> ${marker}`,
    `    ${marker}`,
    `${marker}\nmore text`,
    `${marker} more`,
    '',
  ];
  for (const body of forgeries) assert.equal(markers.find(body), undefined, body);
  assert.equal(markers.find(`before\r\n${marker}\r\n\r\n`)?.rev, 7);
});

test('an empty key and an empty id are refused', () => {
  assert.throws(() => createMarkers(''), RangeError);
  assert.throws(() => markers.reply(''), RangeError);
});
