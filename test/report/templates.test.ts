import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { renderMessage } from '../../src/report/render.ts';
import { BUILT_IN_TEMPLATES, createTemplates, TemplateError } from '../../src/report/templates.ts';
import { MOCK_UPS } from './mock-ups.ts';

function directoryWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'templates-'));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

function problemsOf(t: TestContext, files: Readonly<Record<string, string>>): readonly string[] {
  const directory = directoryWith(t, files);
  try {
    createTemplates({ directories: [BUILT_IN_TEMPLATES, directory] });
  } catch (error) {
    assert.ok(error instanceof TemplateError);
    return error.problems.map((problem) => problem.replace(directory, ''));
  }
  return [];
}

test("an operator's template replaces the built-in one of the same name, the others stay", (t) => {
  const directory = directoryWith(t, { 'ping.md.liquid': 'hey {{ login }}: {{ what }}\n' });
  const templates = createTemplates({ directories: [BUILT_IN_TEMPLATES, directory] });
  const draw = (name: string) => {
    const message = MOCK_UPS[name];
    assert.ok(message);
    return renderMessage(message, { templates, marker: '<!-- m -->', now: 0 });
  };
  assert.equal(draw('12-ping'), 'hey @alice: upgrade failed\n\n<!-- m -->\n');
  assert.match(draw('08-denied'), /^⛔/u);
});

test('every mistake in a template is told at start with file, line and column, all at once', (t) => {
  const problems = problemsOf(t, {
    'ping.md.liquid': 'line 1\n{{ logn }}\n',
    'status.md.liquid': '{% if summary %}never closed',
    'help.md.liquid': '\n\n  {{ suites | shout }}',
    'refused.md.liquid': '{% launch missiles %}',
    'joined.md.liquid': '{{ command }}{% for row in rows %}{{ row }}{% endfor %}',
    'pong.md.liquid': 'who?',
  });
  assert.equal(problems.length, 6);
  assert.match(
    problems.join('\n'),
    /\/ping\.md\.liquid:2:\d+: no field `logn`; there are login, /u,
  );
  assert.match(problems.join('\n'), /\/status\.md\.liquid:1:1: tag \{% if summary %\} not closed/u);
  assert.match(problems.join('\n'), /\/help\.md\.liquid:3:\d+: undefined filter: shout/u);
  assert.match(problems.join('\n'), /\/refused\.md\.liquid:1:1: tag "launch" not found/u);
  assert.match(problems.join('\n'), /\/joined\.md\.liquid:1:\d+: no field `rows`/u);
  assert.match(problems.join('\n'), /\/pong\.md\.liquid:1:1: no message has this name/u);
});

test('a template can read no file', (t) => {
  for (const tag of ['include', 'render', 'layout']) {
    const problems = problemsOf(t, { 'ping.md.liquid': `{% ${tag} "/etc/passwd" %}{{ login }}` });
    assert.match(problems.join(), /tag "\w+" not found/u);
  }
});

test('a missing template is told by name', (t) => {
  assert.throws(
    () => createTemplates({ directories: [directoryWith(t, {})] }),
    /queued\.md\.liquid.*is missing/u,
  );
});
