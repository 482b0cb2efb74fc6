import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RUN_STATES, type Run } from '../../src/domain/run.ts';
import { pingOf, reactionOf, statusOf, teardownStatusOf } from '../../src/report/project.ts';
import { GALLERY } from './gallery.ts';
import { MOCK_UPS } from './mock-ups.ts';
import { RUN } from './samples.ts';

function runOf(name: string): Run {
  const message = MOCK_UPS[name] ?? GALLERY[name];
  assert.ok(message && 'run' in message, name);
  return message.run;
}

const MINUTE = 60_000;

test('the commit status says in its own words what line 1 of the comment says', () => {
  const words = Object.fromEntries(
    [
      '01-queued',
      '02-running',
      '03-failed',
      '04-passed',
      '05-cancelled',
      '07-dirty',
      '10b-interrupted',
      'cleaning-up',
      'cancelling',
      'errored-remote',
      'timed-out',
      'running-remote-no-steps',
      'cancelled-pull-closed',
      'superseded-not-started',
    ].map((name) => {
      const { state, description } = statusOf(runOf(name));
      return [name, `${state}: ${description}`];
    }),
  );
  assert.deepEqual(words, {
    '01-queued': 'pending: Queued on docker-1',
    '02-running': 'pending: Running · stage 3 of 5: backup',
    '03-failed': 'failure: Failed in upgrade after 9m 04s: data did not survive the upgrade',
    '04-passed': 'success: Passed · 5 stages, 41 tests · 13m 52s · torn down clean',
    '05-cancelled': 'failure: Cancelled by alice during backup',
    '07-dirty': 'success: Passed, but not cleaned up · 13m 52s · 3 leftovers on docker-1',
    '10b-interrupted': 'pending: Interrupted, queued again on docker-1',
    'cleaning-up': 'pending: Cleaning up · Failed in upgrade',
    cancelling: 'pending: Cancelling, asked by alice',
    'errored-remote': 'error: Error after 45s: Drone did not take the build',
    'timed-out': 'failure: Timed out in upgrade after 1h 00m: the run did not end within 60 min',
    'running-remote-no-steps': 'pending: Running',
    'cancelled-pull-closed': 'failure: Cancelled: alice closed the pull request during backup',
    'superseded-not-started': 'failure: Superseded by a newer command',
  });
  assert.equal(statusOf({ ...RUN, suite: 'smoke' }).context, 'signalbox/smoke');
});

test('a status description has at most 140 code points and no control characters', () => {
  const diagnosis = {
    code: 'x',
    class: 'change',
    headline: `a\nb\u001b[31m\u202e${'😀'.repeat(300)}`,
    hint: '',
  } as const;
  for (const state of RUN_STATES) {
    const { description } = statusOf({ ...RUN, state, runner: 'r'.repeat(300), diagnosis });
    assert.ok(Array.from(description).length <= 140);
    assert.doesNotMatch(description, /\p{Cc}|\p{Cf}|\p{Cs}/u);
  }
});

test('the teardown status appears only for leftovers, and turns green when a later sweep removed them', () => {
  const dirty = runOf('07-dirty');
  assert.equal(teardownStatusOf(runOf('04-passed')), undefined);
  assert.equal(teardownStatusOf(runOf('02-running')), undefined);
  assert.deepEqual(teardownStatusOf(dirty), {
    context: 'signalbox/teardown',
    state: 'warning',
    description:
      '3 leftovers on docker-1: container next-3fa9c1_db.1, volume next-3fa9c1_data, secret next-3fa9c1_db_pw',
  });
  const at = (dirty.finishedAt ?? 0) + MINUTE;
  const mended = teardownStatusOf({ ...dirty, cleanliness: { state: 'clean', at, removed: {} } });
  assert.deepEqual(mended, {
    context: 'signalbox/teardown',
    state: 'success',
    description: 'Cleaned up at 05:35 UTC',
  });
});

test('the reaction follows the run and goes away when there is no verdict', () => {
  const reactions = RUN_STATES.map((state) => [state, reactionOf({ ...RUN, state })]);
  assert.deepEqual(Object.fromEntries(reactions), {
    queued: 'eyes',
    running: 'eyes',
    finishing: 'eyes',
    passed: 'rocket',
    failed: '-1',
    errored: '-1',
    timed_out: '-1',
    cancelled: undefined,
    superseded: undefined,
  });
  assert.equal(reactionOf('denied'), 'confused');
  assert.equal(reactionOf('not_understood'), 'confused');
});

test('only an outcome that needs a person, or a success after ten minutes, calls who asked', () => {
  const called = RUN_STATES.filter((state) => pingOf({ ...RUN, state }) === 'requester');
  assert.deepEqual(called, ['failed', 'errored', 'timed_out']);
  const after = (ms: number) =>
    ({ ...RUN, state: 'passed', finishedAt: RUN.queuedAt + ms }) as const;
  assert.equal(pingOf(after(10 * MINUTE - 1)), undefined);
  assert.equal(pingOf(after(10 * MINUTE)), 'requester');
  assert.equal(pingOf(after(99 * MINUTE), { passedAfterMs: Infinity }), undefined);
});
