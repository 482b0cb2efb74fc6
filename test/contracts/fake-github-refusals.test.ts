import assert from 'node:assert/strict';
import test from 'node:test';
import { addPrivate, PULL, SHOP, type Shop, startShop } from '../support/fake-github/ask.ts';

const COMMENTS = `/repos/${SHOP}/issues/1/comments`;

test('a comment of 65536 characters is taken, one more is refused in the known words', async () => {
  await using shop = await startShop();
  // A character of four bytes is one.
  const longest = '🐢'.repeat(65_536);
  assert.equal((await shop.ask('POST', COMMENTS, { body: longest })).status, 201);
  const refused = await shop.ask('POST', COMMENTS, { body: `${longest}!` });
  assert.equal(refused.status, 422);
  assert.equal(refused.body.message, 'Validation Failed');
  assert.deepEqual(refused.body.errors, [
    {
      resource: 'IssueComment',
      field: 'data',
      code: 'unprocessable',
      message: 'Body is too long (maximum is 65536 characters)',
    },
  ]);
  const edited = await shop.ask('PATCH', `/repos/${SHOP}/issues/comments/1`, {
    body: `${longest}!`,
  });
  assert.equal(edited.status, 422);
  assert.equal((await shop.ask('POST', COMMENTS, { body: '' })).status, 422);
  assert.deepEqual(shop.github.github.violations, []);
});

test('locked, archived and unknown conversations refuse, each in its own way', async () => {
  await using shop = await startShop();
  const repository = shop.github.world.repositories.get(1);
  const pull = repository?.pulls.get(1);
  assert.ok(repository !== undefined && pull !== undefined);
  assert.equal(
    (await shop.ask('POST', `/repos/${SHOP}/issues/9/comments`, { body: 'x' })).status,
    404,
  );
  pull.locked = true;
  const locked = await shop.ask('POST', COMMENTS, { body: 'x' });
  assert.deepEqual(
    [locked.status, locked.body.message],
    [403, 'Unable to create comment because issue is locked.'],
  );
  pull.locked = false;
  repository.archived = true;
  const archived = await shop.ask('POST', COMMENTS, { body: 'x' });
  assert.deepEqual(
    [archived.status, archived.body.message],
    [403, 'Repository was archived so is read-only.'],
  );
});

test('comments of other repositories and deleted ones are not found', async () => {
  await using shop = await startShop();
  await addPrivate(shop, 'demo/secret');
  const { id } = (await shop.ask('POST', COMMENTS, { body: 'x' })).body;
  assert.equal((await shop.ask('GET', `/repos/demo/secret/issues/comments/${id}`)).status, 404);
  const own = `/repos/${SHOP}/issues/comments/${id}`;
  assert.equal((await shop.ask('PATCH', own, { body: 'y' })).body.body, 'y');
  assert.equal((await shop.ask('DELETE', own)).status, 204);
  assert.equal((await shop.ask('DELETE', own)).status, 404);
  assert.equal((await shop.ask('PATCH', own, { body: 'z' })).status, 404);
});

test('a reaction is new once, is deleted by its own id, and is one of eight', async () => {
  await using shop = await startShop();
  const { id } = await shop.github.comment(PULL, 'bob', '!testme');
  const path = `/repos/${SHOP}/issues/comments/${id}/reactions`;
  const first = await shop.ask('POST', path, { content: 'eyes' });
  const second = await shop.ask('POST', path, { content: 'eyes' });
  assert.deepEqual([first.status, second.status], [201, 200]);
  assert.equal(second.body.id, first.body.id);
  shop.github.react(id, 'bob', 'heart');
  const listed = (await shop.ask('GET', path)).body;
  const bobs = listed.find((one) => one.content === 'heart');
  assert.equal((await shop.ask('DELETE', `${path}/${bobs?.id}`)).status, 403);
  assert.equal((await shop.ask('DELETE', `${path}/${first.body.id}`)).status, 204);
  assert.equal((await shop.ask('DELETE', `${path}/${first.body.id}`)).status, 404);
  assert.deepEqual(shop.github.github.violations, []);
  assert.equal((await shop.ask('POST', path, { content: 'tada' })).status, 422);
  assert.equal(shop.github.github.violations.length, 1, 'and a client that asks for it is noted');
});

test('review comments have ids and reactions of their own', async () => {
  await using shop = await startShop();
  const { github } = shop.github;
  await shop.github.comment(PULL, 'bob', 'on the conversation');
  const { id } = github.reviewComment(PULL, 'bob', 'on a line', { path: 'src/app.js', line: 1 });
  assert.equal(id, 1, 'the same number as the comment, and something else');
  const path = `/repos/${SHOP}/pulls/comments/${id}`;
  assert.equal((await shop.ask('GET', path)).body.body, 'on a line');
  assert.equal((await shop.ask('POST', `${path}/reactions`, { content: 'eyes' })).status, 201);
  assert.deepEqual(github.reviewCommentReactions(id), ['eyes']);
  assert.deepEqual(shop.github.reactionsOn(1), []);
  const since = new Date(Date.now() - 60_000).toISOString();
  const list = `/repos/${SHOP}/pulls/comments?since=${since}&sort=updated&direction=asc`;
  assert.equal((await shop.ask('GET', list)).body.length, 1);
  const reviews = (await shop.ask('GET', `/repos/${SHOP}/pulls/1/reviews`)).body;
  assert.deepEqual([reviews[0].state, reviews[0].body], ['COMMENTED', '']);
});

const status = (shop: Shop, body: object, sha = shop.sha) =>
  shop.ask('POST', `/repos/${SHOP}/statuses/${sha}`, { state: 'pending', ...body });

test('a commit takes a thousand statuses of one context, whatever its case, and none beyond', async () => {
  await using shop = await startShop();
  const rows = Array.from({ length: 999 }, (_, index) => ({
    id: index + 1,
    state: 'pending',
    targetUrl: '',
    description: '',
    context: 'Signalbox/testme',
    creatorId: 1,
    createdAt: Date.now(),
  }));
  shop.github.world.repositories.get(1)?.statuses.set(shop.sha, rows);
  assert.equal((await status(shop, { context: 'signalbox/testme' })).status, 201);
  const refused = await status(shop, { context: 'signalbox/TESTME' });
  assert.equal(refused.status, 422);
  assert.equal(
    refused.body.errors[0].message,
    'This SHA and context has reached the maximum number of statuses.',
  );
  assert.equal((await status(shop, { context: 'signalbox/other' })).status, 201);
});

test('a status wants a commit, a known state and a short description', async () => {
  await using shop = await startShop();
  const unknown = await status(shop, {}, 'f'.repeat(40));
  assert.deepEqual(
    [unknown.status, unknown.body.message],
    [422, `No commit found for SHA: ${'f'.repeat(40)}`],
  );
  const long = await status(shop, { description: 'x'.repeat(141) });
  assert.match(long.body.errors[0].message, /too long \(maximum is 140 characters\)/);
  assert.equal((await status(shop, { state: 'warning' })).status, 422);
  await status(shop, { context: 'a', state: 'success', description: 'fine' });
  await status(shop, { context: 'A', state: 'failure' });
  const combined = (await shop.ask('GET', `/repos/${SHOP}/commits/${shop.sha}/status`)).body;
  assert.deepEqual([combined.state, combined.total_count], ['failure', 1]);
});

const runs = (shop: Shop, body: object) =>
  shop.ask('POST', `/repos/${SHOP}/check-runs`, { name: 'testme', head_sha: shop.sha, ...body });
const note = (line: number) => ({
  path: 'src/app.js',
  start_line: line,
  end_line: line,
  annotation_level: 'failure',
  message: 'off by one',
});

test('a check run has limits, and each is refused as GitHub words it', async () => {
  await using shop = await startShop();
  const output = { title: 'Failed', summary: 'It failed' };
  const action = { label: 'Retry failed', description: 'Runs it again', identifier: 'retry' };
  const refusals: [object, RegExp][] = [
    [{ head_sha: 'f'.repeat(40) }, /No commit found for SHA/],
    [
      { output: { ...output, summary: 'x'.repeat(65_536) } },
      /Only 65535 characters are allowed; 65536/,
    ],
    [{ output: { ...output, text: 'x'.repeat(65_536) } }, /Only 65535 characters/],
    [{ output: { summary: 'x' } }, /"title" wasn't supplied/],
    [
      { output: { ...output, annotations: Array.from({ length: 51 }, (_, at) => note(at + 1)) } },
      /No more than 50 items/,
    ],
    [{ actions: [action, action, action, action] }, /No more than 3 items/],
    [{ actions: [{ ...action, label: 'x'.repeat(21) }] }, /Only 20 characters/],
    [{ actions: [{ ...action, description: 'x'.repeat(41) }] }, /Only 40 characters/],
    [{ actions: [{ ...action, identifier: 'x'.repeat(21) }] }, /Only 20 characters/],
    [{ conclusion: 'fine' }, /is not a member of/],
    [{ status: 'completed' }, /"conclusion" wasn't supplied/],
  ];
  for (const [body, message] of refusals) {
    const answer = await runs(shop, body);
    assert.equal(answer.status, 422, String(message));
    assert.match(answer.body.message, message);
  }
  assert.deepEqual(shop.github.github.checksOn(SHOP, shop.sha), []);
});

test('annotations of later requests are added, and a conclusion completes', async () => {
  await using shop = await startShop();
  const output = (from: number, count: number) => ({
    title: 'Failed',
    summary: 'It failed',
    annotations: Array.from({ length: count }, (_, at) => note(from + at)),
  });
  const { body: made } = await runs(shop, { status: 'in_progress', output: output(1, 50) });
  const path = `/repos/${SHOP}/check-runs/${made.id}`;
  const patched = await shop.ask('PATCH', path, { conclusion: 'failure', output: output(51, 10) });
  assert.equal(patched.body.status, 'completed');
  assert.equal(patched.body.output.annotations_count, 60);
  assert.deepEqual(patched.body.check_suite, { id: made.check_suite.id });
  assert.equal(patched.body.pull_requests[0].number, 1);
  const page = await shop.ask('GET', `${path}/annotations?per_page=50&page=2`);
  assert.equal(page.body.length, 10);
  const query = `check_name=testme&app_id=${shop.github.github.app.appId}`;
  const found = await shop.ask('GET', `/repos/${SHOP}/commits/${shop.sha}/check-runs?${query}`);
  assert.deepEqual([found.body.total_count, found.body.check_runs[0].id], [1, made.id]);
  const other = await shop.ask('GET', `/repos/${SHOP}/commits/${shop.sha}/check-runs?app_id=1`);
  assert.equal(other.body.total_count, 0);
  assert.equal(shop.github.github.requestsWithAnnotations(), 2);
  assert.deepEqual(shop.github.github.violations, []);
});

test('limits refuse the next calls with the headers that say until when', async () => {
  await using shop = await startShop();
  const { github } = shop.github;
  const read = () => shop.ask('GET', `/repos/${SHOP}`);
  const before = await read();
  assert.equal(before.headers.get('x-ratelimit-limit'), '5000');
  assert.ok(Number(before.headers.get('x-ratelimit-remaining')) < 5000);
  github.limit('primary', { retryAfter: 60 });
  const primary = await read();
  assert.equal(primary.status, 403);
  assert.match(primary.body.message, /^API rate limit exceeded for installation ID 1001/);
  assert.equal(primary.headers.get('x-ratelimit-remaining'), '0');
  const wait = Number(primary.headers.get('x-ratelimit-reset')) - Date.now() / 1000;
  assert.ok(wait > 55 && wait <= 60, String(wait));
  github.limit('secondary', { status: 429, retryAfter: 7, method: 'POST', times: 2 });
  assert.equal((await read()).status, 200);
  for (let time = 0; time < 2; time += 1) {
    const secondary = await shop.ask('POST', COMMENTS, { body: 'x' });
    assert.equal(secondary.status, 429);
    assert.match(secondary.body.message, /^You have exceeded a secondary rate limit/);
    assert.equal(secondary.headers.get('retry-after'), '7');
  }
  assert.equal((await shop.ask('POST', COMMENTS, { body: 'x' })).status, 201);
});
