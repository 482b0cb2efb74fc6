import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isTerminal, RUN_STATES, type Run, type RunState, VERDICTS } from '../../src/domain/run.ts';
import { type RunEvent, transition } from '../../src/domain/run-machine.ts';

function runIn(state: RunState, fields: Partial<Run> = {}): Run {
  const verdict = isTerminal(state)
    ? state
    : state === 'finishing'
      ? ('failed' as const)
      : undefined;
  return {
    id: 'r1',
    number: 7,
    forge: 'acme',
    repository: 'acme/shop',
    pull: 1,
    commandId: 'c1',
    suite: 'testme',
    runner: 'local',
    sha: 'a'.repeat(40),
    headRef: 'topic',
    plan: { kind: 'remote', params: {}, timeoutMs: 1_000 },
    state,
    rev: 3,
    attempt: 1,
    queuedAt: 0,
    cleanliness: { state: 'unknown' },
    remote: {},
    stages: state === 'queued' ? [] : [{ name: 'install', state: 'running', startedAt: 1 }],
    ...(verdict ? { verdict } : {}),
    ...fields,
  };
}

const EVENTS: { readonly [K in RunEvent['kind']]: Extract<RunEvent, { kind: K }> } = {
  'remote-intended': { kind: 'remote-intended', at: 5 },
  started: { kind: 'started', at: 5, stages: [] },
  'stage-changed': { kind: 'stage-changed', stage: { name: 'install', state: 'passed' } },
  'stages-observed': { kind: 'stages-observed', stages: [{ name: 'clone', state: 'passed' }] },
  'cancel-requested': {
    kind: 'cancel-requested',
    cancellation: { at: 5, by: 'alice', cause: 'cancel' },
  },
  'cancel-sent': { kind: 'cancel-sent', at: 5 },
  concluded: { kind: 'concluded', at: 5, verdict: 'passed' },
  'torn-down': { kind: 'torn-down', at: 5, cleanliness: { state: 'clean', at: 5, removed: {} } },
  cleaned: { kind: 'cleaned', at: 5, cleanliness: { state: 'clean', at: 5, removed: {} } },
  interrupted: { kind: 'interrupted', at: 5 },
  reattached: { kind: 'reattached', at: 5 },
};

/** Every live state × every event; a word is the state afterwards, `-` unchanged, `!` illegal. Terminal states below. */
const TABLE: Readonly<
  Record<RunEvent['kind'], readonly [queued: string, running: string, finishing: string]>
> = {
  'remote-intended': ['queued', '!', '!'],
  started: ['running', '!', '!'],
  'stage-changed': ['!', 'running', 'finishing'],
  'stages-observed': ['-', 'running', '-'],
  'cancel-requested': ['cancelled', 'running', '-'],
  'cancel-sent': ['queued', 'running', 'finishing'],
  concluded: ['finishing', 'finishing', '-'],
  'torn-down': ['!', '!', 'failed'],
  cleaned: ['!', '!', '!'],
  interrupted: ['-', 'queued', '-'],
  reattached: ['-', 'running', '-'],
};

function resultOf(run: Run, event: RunEvent): string {
  const result = transition(run, event);
  if (result.outcome === 'unchanged') return '-';
  if (result.outcome === 'illegal') return '!';
  assert.equal(result.run.rev, run.rev + 1);
  return result.run.state;
}

describe('a run', () => {
  const live: readonly RunState[] = ['queued', 'running', 'finishing'];
  for (const [kind, expected] of Object.entries(TABLE) as [RunEvent['kind'], readonly string[]][]) {
    live.forEach((state, column) => {
      test(`that is ${state} answers ${kind} with ${expected[column]}`, () => {
        assert.equal(resultOf(runIn(state), EVENTS[kind]), expected[column]);
      });
    });
  }

  for (const state of VERDICTS) {
    test(`that is ${state} changes no more, but its cleanliness may`, () => {
      for (const [kind, event] of Object.entries(EVENTS)) {
        assert.equal(resultOf(runIn(state), event), kind === 'cleaned' ? state : '-', kind);
      }
    });
  }

  test('ends in the state that its verdict names', () => {
    for (const verdict of VERDICTS) {
      const run = runIn('finishing', { verdict });
      assert.equal(resultOf(run, EVENTS['torn-down']), verdict);
    }
  });

  test('whose far side may already build is not cancelled by word alone', () => {
    const run = runIn('queued', { remote: { intentAt: 1 } });
    const result = transition(run, EVENTS['cancel-requested']);
    assert.ok(result.outcome === 'changed');
    assert.equal(result.run.state, 'queued');
    assert.equal(result.run.cancellation?.by, 'alice');
  });

  test('is cancelled once: a second request changes nothing', () => {
    const first = transition(runIn('running'), EVENTS['cancel-requested']);
    assert.ok(first.outcome === 'changed');
    assert.equal(first.run.cancellation?.during, 'install');
    assert.equal(resultOf(first.run, EVENTS['cancel-requested']), '-');
  });

  test('superseded while queued ends as superseded, not as cancelled', () => {
    const cancellation = { at: 5, by: 'bob', cause: 'superseded' as const, sha: 'b'.repeat(40) };
    assert.equal(
      resultOf(runIn('queued'), { kind: 'cancel-requested', cancellation }),
      'superseded',
    );
  });

  test('interrupted once is queued again as its second attempt; interrupted twice it is errored by us', () => {
    const once = transition(runIn('running'), EVENTS.interrupted);
    assert.ok(once.outcome === 'changed');
    assert.equal(once.run.attempt, 2);
    assert.deepEqual(once.run.interruption, { at: 5, outcome: 'requeued', during: 'install' });
    const twice = transition(runIn('running', { attempt: 2 }), EVENTS.interrupted);
    assert.ok(twice.outcome === 'changed');
    assert.equal(twice.run.state, 'finishing');
    assert.equal(twice.run.verdict, 'errored');
    assert.equal(twice.run.diagnosis?.class, 'infrastructure');
  });

  test('interrupted while it was being cancelled is not begun again', () => {
    const run = runIn('running', { cancellation: { at: 1, by: 'alice', cause: 'cancel' } });
    const result = transition(run, EVENTS.interrupted);
    assert.ok(result.outcome === 'changed');
    assert.equal(result.run.verdict, 'cancelled');
  });

  test('has no state that the table above leaves out', () => {
    assert.deepEqual([...live, ...VERDICTS], [...RUN_STATES]);
  });
});
