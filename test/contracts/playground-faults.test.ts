import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatHistory } from '../../src/forges/playground/server.ts';
import { startShop } from '../support/playground.ts';
import { call, SHOP } from '../support/playground-calls.ts';

test('injected faults break the answer before or after the effect, once, and are in the history', async () => {
  await using playground = await startShop();
  const post = () =>
    call(playground, 'POST', '/repos/demo/shop/issues/1/comments', { body: { body: 'x' } });
  const match = { method: 'POST', path: /\/comments$/ };
  const count = () => playground.commentsOn(SHOP).length;
  playground.faults.next(match, { kind: 'before' });
  assert.deepEqual([(await post()).status, count()], [502, 0]);
  playground.faults.next(match, { kind: 'after', status: 504 });
  assert.deepEqual([(await post()).status, count()], [504, 1]);
  playground.faults.next(match, { kind: 'reset-before' });
  await assert.rejects(post());
  assert.equal(count(), 1);
  playground.faults.next(match, { kind: 'reset-after' });
  await assert.rejects(post());
  assert.equal(count(), 2);
  assert.deepEqual([(await post()).status, count()], [201, 3]);
  playground.faults.unavailable = true;
  assert.equal((await post()).status, 503);
  playground.faults.clear();
  assert.match(formatHistory(playground.history), /comments 502 \(fault: before\)/);
  assert.match(formatHistory(playground.history), /comments broken off \(fault: reset-after\)/);
});

test('a forge that is down refuses connections and comes back at the same address', async () => {
  await using playground = await startShop();
  await playground.refuse();
  await assert.rejects(call(playground, 'GET', '/version'));
  await playground.accept();
  assert.equal((await call(playground, 'GET', '/version')).status, 200);
});
