import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { type HttpCall, HttpError } from '../../src/lib/http-client.ts';
import { commentAnswer, forgeWith, JSON_TYPE } from '../support/gitea-answers.ts';
import { collect, failsWith } from './recorded-replay.ts';

const pageOf = ({ url }: HttpCall) => Number(new URL(url).searchParams.get('page'));
const SINCE = new Date('2026-11-21T11:00:00.750Z');

test('comments on issues are left out, the moment is sent in whole seconds and pages are asked for', async () => {
  const { forge, calls } = forgeWith(() => ({
    status: 200,
    headers: { ...JSON_TYPE, 'x-total-count': '2' },
    body: [commentAnswer(1, 0), commentAnswer(2, 5)],
  }));
  const found = await collect(forge.listComments('acme/shop', SINCE));
  assert.deepEqual(
    found.map(({ pull, comment }) => [pull, comment.id]),
    [[5, '2']],
  );
  assert.equal(found[0]?.comment.createdAt.toISOString(), '2026-11-21T11:00:00.000Z');
  const query = new URL(calls[0]?.url ?? '').searchParams;
  assert.deepEqual(
    [...query],
    [
      ['since', '2026-11-21T11:00:00Z'],
      ['page', '1'],
      ['limit', '50'],
    ],
  );
  assert.equal(calls.length, 1);
});

test('a server with smaller pages is read to the end, with and without a total', async () => {
  for (const total of ['45', undefined]) {
    const size = total === undefined ? 50 : 20;
    const all = Array.from({ length: 45 + (total === undefined ? 50 : 0) }, (_, at) => at + 1);
    const { forge } = forgeWith((call) => ({
      status: 200,
      headers: { ...JSON_TYPE, 'x-total-count': total },
      body: all
        .slice((pageOf(call) - 1) * size, pageOf(call) * size)
        .map((id) => commentAnswer(id)),
    }));
    const found = await collect(forge.listComments('acme/shop', SINCE));
    assert.deepEqual(
      found.map(({ comment }) => Number(comment.id)),
      all,
    );
  }
});

test('a comment that slips between two pages because another was deleted is still found', async () => {
  let all = Array.from({ length: 60 }, (_, at) => at + 1);
  const { forge } = forgeWith((call) => {
    const page = all.slice((pageOf(call) - 1) * 50, pageOf(call) * 50);
    const headers = { ...JSON_TYPE, 'x-total-count': String(all.length) };
    // Comment 51 moves to the first page after that was read.
    if (pageOf(call) === 1) all = all.filter((id) => id !== 7);
    return { status: 200, headers, body: page.map((id) => commentAnswer(id)) };
  });
  const found = await collect(forge.listComments('acme/shop', SINCE));
  const ids = found.map(({ comment }) => Number(comment.id)).sort((a, b) => a - b);
  assert.deepEqual(
    ids,
    Array.from({ length: 60 }, (_, at) => at + 1),
  );
});

test('a list that is null is empty', async () => {
  const { forge } = forgeWith(() => ({ status: 200, body: null }));
  assert.deepEqual(await forge.listPullComments('acme/shop', 1), []);
  assert.deepEqual(await collect(forge.listComments('acme/shop', SINCE)), []);
});

test('all pages of a list together have a budget, each call keeps its own', async () => {
  const headers = { ...JSON_TYPE, 'x-total-count': '9999' };
  const { forge, calls } = forgeWith(
    async (call) => {
      if (pageOf(call) === 1) return { status: 200, headers, body: [commentAnswer(1)] };
      assert.ok(call.signal);
      if (!call.signal.aborted) await once(call.signal, 'abort');
      return new HttpError('aborted', 'GET https://git.example.org: aborted');
    },
    { pagesBudgetMs: 20 },
  );
  const listed = collect(forge.listComments('acme/shop', SINCE));
  await failsWith(listed, 'unavailable', /not all pages in 20 ms/);
  assert.deepEqual(
    calls.map(({ timeoutMs }) => timeoutMs),
    [10_000, 10_000],
  );
});

test('the signal of the caller stops a list between two pages', async () => {
  const stop = new AbortController();
  const headers = { ...JSON_TYPE, 'x-total-count': '9999' };
  const { forge } = forgeWith((call) => {
    if (call.signal?.aborted)
      return new HttpError('aborted', 'GET https://git.example.org: aborted');
    stop.abort();
    return { status: 200, headers, body: [commentAnswer(1)] };
  });
  const listed = collect(forge.listComments('acme/shop', SINCE, { signal: stop.signal }));
  await failsWith(listed, 'unavailable', /aborted/);
});
