import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderMessage } from '../../src/report/render.ts';
import { BUILT_IN_TEMPLATES, createTemplates } from '../../src/report/templates.ts';
import { MOCK_UPS } from './mock-ups.ts';
import { at } from './samples.ts';

const FIXTURES = new URL('../fixtures/comments/', import.meta.url);
const templates = createTemplates({ directories: [BUILT_IN_TEMPLATES] });

for (const file of readdirSync(FIXTURES)) {
  const name = file.replace(/\.md$/u, '');
  test(`the message of ${name} reads exactly as its mock-up`, () => {
    const message = MOCK_UPS[name];
    assert.ok(message, `no message for ${file}`);
    const expected = readFileSync(new URL(file, FIXTURES), 'utf8');
    const marker = expected.trimEnd().split('\n').at(-1) ?? '';
    assert.match(marker, /^<!-- signalbox:/u);
    assert.equal(renderMessage(message, { templates, marker, now: at('05:29') }), expected);
  });
}

test('every mock-up has its message and every message its mock-up', () => {
  const files = readdirSync(FIXTURES).map((file) => file.replace(/\.md$/u, ''));
  assert.deepEqual(files.sort(), Object.keys(MOCK_UPS).sort());
  assert.equal(files.length, 15);
});
