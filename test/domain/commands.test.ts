import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Command } from '../../src/domain/command.ts';
import {
  COMMANDS,
  commandText,
  findCommandSpec,
  nearestCommandName,
  renderCommandTable,
} from '../../src/domain/commands.ts';
import { parseComment } from '../../src/domain/parse-comment.ts';
import { SELECTABLE_STAGES } from '../../src/domain/plan.ts';
import { REASON_CODES } from '../../src/domain/reason.ts';

const RUNS = 2_000;

const nameArb = fc.stringMatching(/^[a-z][a-z0-9_-]{0,39}$/);
const shaArb = fc.stringMatching(/^[0-9a-f]{40}$/);
const runArb = fc.integer({ min: 1, max: 999_999_999 });
const refArb = fc
  .stringMatching(/^[A-Za-z0-9._][A-Za-z0-9._/-]{0,60}$/)
  .filter((ref) => !ref.includes('..'));

function maybe<K extends string, T>(key: K, value: fc.Arbitrary<T>) {
  return fc
    .option(value, { nil: undefined })
    .map((some) => (some === undefined ? {} : ({ [key]: some } as { [Key in K]: T })));
}

const commandArb: fc.Arbitrary<Command> = fc.oneof(
  fc
    .tuple(
      fc.uniqueArray(nameArb, { maxLength: 8 }),
      maybe('stages', fc.subarray([...SELECTABLE_STAGES], { minLength: 1 })),
      maybe('sha', shaArb),
    )
    .map(([suites, stages, sha]) => ({ name: 'testme' as const, suites, ...stages, ...sha })),
  fc
    .tuple(fc.constantFrom('cancel' as const, 'cleanup' as const), maybe('run', runArb))
    .map(([name, run]) => ({ name, ...run })),
  fc
    .tuple(nameArb, maybe('ref', refArb))
    .map(([environment, ref]) => ({ name: 'redeploy' as const, environment, ...ref })),
  fc
    .tuple(nameArb, maybe('expires', fc.stringMatching(/^[1-9][0-9]{0,2}[mhd]$/)))
    .map(([environment, expires]) => ({ name: 'lock' as const, environment, ...expires })),
  fc
    .tuple(fc.constantFrom('rollback' as const, 'unlock' as const), nameArb)
    .map(([name, environment]) => ({ name, environment })),
  shaArb.map((sha) => ({ name: 'approve' as const, sha })),
  fc.constantFrom(
    { name: 'retest' as const },
    { name: 'status' as const },
    { name: 'help' as const },
  ),
);

test('the text of a command is understood as that command', () => {
  const property = fc.property(commandArb, fc.constantFrom('!', '/', '@'), (command, prefix) => {
    const text = commandText(command, prefix);
    const [line, ...others] = parseComment(text, { botLogin: 'signalbox' });
    assert.ok(line && 'command' in line, `${text} ${JSON.stringify(line)}`);
    assert.deepEqual(line.command, command);
    assert.equal(others.length, 0);
  });
  fc.assert(property, { numRuns: RUNS });
});

test('the text of a command is canonical', () => {
  const [line] = parseComment('@bot TESTME  Smoke stages=upgrade,install', { botLogin: 'bot' });
  assert.ok(line && 'command' in line);
  assert.equal(commandText(line.command, line.prefix), '!testme smoke stages=install,upgrade');
  assert.equal(commandText({ name: 'cancel', run: 902 }, '/'), '/cancel 902');
});

test('the text of a command is safe in a code span even if the command never was parsed', () => {
  const command = { name: 'redeploy', environment: 'a`b\n<!--', ref: '#902 @all' } as const;
  assert.equal(commandText(command), '!redeploy a?b???-- ?902 ?all');
});

test('every example in the table is understood as the command it stands for', () => {
  for (const spec of Object.values(COMMANDS)) {
    for (const example of spec.examples) {
      const [line] = parseComment(example, { botLogin: 'signalbox' });
      assert.ok(line && 'command' in line, `${example} ${JSON.stringify(line)}`);
      assert.equal(line.command.name, spec.name);
    }
  }
});

test('every name and alias finds its command in any case, and nothing else does', () => {
  for (const spec of Object.values(COMMANDS)) {
    for (const word of [spec.name, ...spec.aliases]) {
      assert.equal(findCommandSpec(word.toUpperCase())?.name, spec.name);
    }
  }
  for (const word of ['', 'tesme', 'constructor', '__proto__', 'toString']) {
    assert.equal(findCommandSpec(word), undefined);
  }
});

test('only slips of a known command have a nearest name', () => {
  const slips = { tesme: 'testme', etstme: 'testme', hlep: 'help', halp: 'help', lok: 'lock' };
  for (const [word, name] of Object.entries(slips)) assert.equal(nearestCommandName(word), name);
  for (const word of ['hold', 'block', 'latest', 'important', 'usr', 'x'.repeat(9_999)]) {
    assert.equal(nearestCommandName(word), undefined, word);
  }
});

test('this version has testme, cancel, status and help', () => {
  const available = Object.values(COMMANDS).filter((spec) => spec.available);
  assert.deepEqual(
    available.map((spec) => spec.name),
    ['testme', 'cancel', 'status', 'help'],
  );
});

test('the table of the documentation lists what is available first and marks the rest', () => {
  const [, , ...rows] = renderCommandTable().trimEnd().split('\n');
  assert.equal(rows.length, Object.keys(COMMANDS).length);
  const later = rows.map((row) => row.includes('not in this version yet'));
  assert.deepEqual(
    later,
    later.toSorted((a, b) => Number(a) - Number(b)),
  );
  assert.equal(later.filter((flag) => !flag).length, 4);
  for (const row of rows) assert.equal(row.split('|').length, 5, row);
  assert.match(rows[1] ?? '', /`!cancel \[run\]`.*also `!stop`.*requester or write/);
});

test('every reason code is snake case and has one line of explanation', () => {
  for (const [code, text] of Object.entries(REASON_CODES)) {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/);
    assert.match(text, /^[^\n]{10,120}[^.\n]$/);
  }
});
