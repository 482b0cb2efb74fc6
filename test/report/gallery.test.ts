import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLine } from '../../src/report/escape.ts';
import { createMarkers } from '../../src/report/marker.ts';
import { renderMessage } from '../../src/report/render.ts';
import { BUILT_IN_TEMPLATES, createTemplates } from '../../src/report/templates.ts';
import { GALLERY } from './gallery.ts';
import { MOCK_UPS } from './mock-ups.ts';
import { at } from './samples.ts';

const templates = createTemplates({ directories: [BUILT_IN_TEMPLATES] });
const marker = createMarkers('a key').status({ command: 'c555', rev: 1 });
const comments = Object.entries({ ...MOCK_UPS, ...GALLERY }).map(([name, message]) => ({
  name,
  message,
  text: renderMessage(message, { templates, marker, now: at('05:29') }),
}));

/** Lines that are open on the page: no blank ones, no fence marks, nothing inside a fold. */
function openLines(text: string): readonly string[] {
  return text
    .replace(/(<details><summary>.*)[\s\S]*?<\/details>/gu, '$1')
    .split('\n')
    .filter((line) => line !== '' && !/^(?:`{3}|\|:|<!--|> \[!|\| \| \w+ \| \w* ?\|)/u.test(line));
}

function lineOf(name: string): string {
  return readLine(comments.find((one) => one.name === name)?.text.split('\n')[0] ?? '');
}

test('every comment is short, with a first line that reads well alone', () => {
  for (const { name, message, text } of comments) {
    const first = readLine(text.split('\n')[0] ?? '');
    // The text of this mock-up is fixed and eight characters longer.
    assert.ok(Array.from(first).length <= (name === '08b-approval' ? 118 : 110), first);
    const failed =
      message.kind === 'run' && (message.run.diagnosis !== undefined || name === '07-dirty');
    const lines = openLines(text);
    assert.ok(lines.length <= (failed ? 16 : 12), `${name}: ${lines.length}\n${lines.join('\n')}`);
    assert.ok(text.endsWith(`\n\n${marker}\n`));
    assert.doesNotMatch(text, /\n\n\n|[ \t]\n|null|undefined/u, name);
  }
});

test('no comment prints a number or a name that the forge would link, save the ping', () => {
  for (const { message, text } of comments) {
    const outside = text.replace(/`[^`]*`|\]\([^)]*\)/gu, '');
    assert.doesNotMatch(outside, /#\d/u);
    if (message.kind !== 'ping') assert.doesNotMatch(outside, /@\w/u);
  }
});

test('a remote run says nothing of a teardown that it never had', () => {
  for (const { name, text } of comments.filter((one) => one.name.includes('remote'))) {
    assert.doesNotMatch(text, /torn down|teardown|leftover|left\b/u, name);
  }
});

test('line 1 says for each outcome what happened, where and for how long', () => {
  assert.equal(
    lineOf('running-remote-many-steps'),
    '🔄 Running — !testme on 4ca7f41 · step 8 of 11: integration | slow · started 05:21 UTC',
  );
  assert.equal(
    lineOf('cleaning-up'),
    '🧹 Cleaning up — !testme on 4ca7f41 · failed in upgrade; what it had started is being removed',
  );
  assert.equal(
    lineOf('cancelling'),
    '🔄 Cancelling — !testme on 4ca7f41 · by alice with /cancel, during upgrade',
  );
  assert.equal(lineOf('passed-remote'), '✅ Passed — !testme on 4ca7f41 · 3 steps · 3m 10s');
  assert.equal(
    lineOf('passed-not-verified'),
    '✅ Passed — !testme on 4ca7f41 · 1 stage · 3m 10s · cleanup not verified',
  );
  assert.equal(lineOf('errored-remote'), '💥 Error — !testme on 4ca7f41 · 45s');
  assert.equal(
    lineOf('errored-twice'),
    '💥 Interrupted twice — !testme on 4ca7f41 · 3m 10s · torn down clean',
  );
  assert.equal(
    lineOf('timed-out'),
    '⏱️ Timed out in upgrade — !testme on 4ca7f41 · 1h 00m · torn down clean',
  );
  assert.equal(
    lineOf('failed-and-dirty'),
    '❌ Failed in custom, and not cleaned up — !testme on 4ca7f41 · 3m 10s · 1 leftover on docker-1',
  );
  assert.equal(
    lineOf('cancelled-pull-closed'),
    '⚪ Cancelled — !testme on 4ca7f41 · alice closed the pull request, during backup',
  );
  assert.equal(
    lineOf('superseded-not-started'),
    '⏭️ Superseded — the run on 4ca7f41 did not start: a newer command runs 9d01be2.',
  );
  assert.equal(
    lineOf('outdated'),
    '❌ Failed in custom — !testme on 4ca7f41 · run 902 · there is a newer run',
  );
  assert.equal(
    lineOf('runs-failed'),
    '❌ 1 of 2 suites failed: smoke — !testme testme smoke on 4ca7f41 · torn down clean',
  );
  assert.equal(
    lineOf('runs-running'),
    '🔄 Running — !testme testme smoke on 4ca7f41 · 1 of 2 suites done',
  );
  assert.equal(
    lineOf('joined'),
    '🔗 Joined — !testme on 4ca7f41 is already running as run 902; its status comment carries the result.',
  );
  assert.equal(
    lineOf('config-blocking'),
    '⚠️ .signalbox.yml has 1 problem at 4ca7f41 on main — nothing starts until it is fixed',
  );
  assert.equal(
    lineOf('ping-errored'),
    '@alice 💥 testme hit an error on 4ca7f41 after 3 min: Drone did not take the build. Details and retry',
  );
});

test('an expected end that has passed is not promised any more', () => {
  const message = MOCK_UPS['02-running'];
  assert.ok(message);
  const late = renderMessage(message, { templates, marker, now: at('05:40') });
  assert.match(late, /started 05:21 UTC, usually 14 min\n/u);
});

test('a problem of the whole configuration file points at the file and shows no line', () => {
  const message = GALLERY['config-blocking'];
  assert.ok(message?.kind === 'config');
  const problems = message.problems.map((problem) => ({
    ...problem,
    line: 0,
    column: 0,
    path: '',
  }));
  const text = renderMessage({ ...message, problems }, { templates, marker, now: 0 });
  assert.match(text, /\| \[the file\]\(https:[^)]*\) \| there is no runner `dron` here\./u);
  assert.doesNotMatch(text, /```/u);
});
