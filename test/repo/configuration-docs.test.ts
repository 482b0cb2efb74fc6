import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderCommandTable } from '../../src/domain/commands.ts';
import { renderConfigDocs } from '../../src/domain/config-docs.ts';
import { jsonSchemaOf } from '../../src/domain/json-schema.ts';

const FILE = new URL('../../docs/configuration.md', import.meta.url);

test('docs/configuration.md says what the schemas say', () => {
  const isSame = readFileSync(FILE, 'utf8') === renderConfigDocs();
  assert.ok(isSame, 'docs/configuration.md is out of date; mend it with: npm run docs');
});

test('the command table of the README says what the code knows', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const between = /<!-- commands -->\n([\s\S]*?)<!-- \/commands -->/.exec(readme)?.[1];
  assert.equal(
    between,
    renderCommandTable(),
    'README.md is out of date; mend it with: npm run docs',
  );
});

test('every key that a person can write is explained', () => {
  const bare = renderConfigDocs().match(/^\| `[^`]+` .*\|\s*\|$/gm) ?? [];
  assert.deepEqual(bare, []);
});

test('both files have a JSON Schema that editors understand', () => {
  for (const file of ['operator', 'repository'] as const) {
    const schema = jsonSchemaOf(file);
    assert.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#');
    assert.equal(schema.additionalProperties, false);
  }
  assert.deepEqual(jsonSchemaOf('repository').required, ['suites']);
  assert.deepEqual(jsonSchemaOf('operator').required, ['url', 'forges', 'runners']);
});
