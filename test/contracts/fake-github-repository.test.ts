import assert from 'node:assert/strict';
import test from 'node:test';
import { SHOP, startShop } from '../support/fake-github/ask.ts';

test('a renamed repository is answered with its lasting address, by 301 and 307', async () => {
  await using shop = await startShop();
  shop.github.rename(SHOP, 'store');
  const moved = await shop.ask('GET', `/repos/${SHOP}/pulls?state=all`);
  assert.equal(moved.status, 301);
  const location = moved.headers.get('location') ?? '';
  assert.equal(location, `${shop.github.url}/api/v3/repositories/1/pulls?state=all`);
  assert.equal((await shop.ask('GET', location)).body.length, 1);
  const post = await shop.ask('POST', `/repos/${SHOP}/issues/1/comments`, { body: 'x' });
  assert.equal(post.status, 307);
  const target = post.headers.get('location') ?? '';
  assert.equal((await shop.ask('POST', target, { body: 'x' })).status, 201);
  assert.equal((await shop.ask('GET', '/repositories/1')).body.full_name, 'demo/store');
  assert.equal((await shop.ask('GET', '/repos/demo/never')).status, 404);
});

test('a pull request of a deleted fork has no head repository, and mergeability is found out later', async () => {
  await using shop = await startShop();
  const { github } = shop;
  await github.fork(SHOP, 'mallory');
  const files = { 'src/app.js': 'three\n' };
  await github.commit('mallory/shop', { branch: 'evil', files, message: 'Three', by: 'mallory' });
  await github.openPull({
    repository: SHOP,
    title: 'From a fork',
    author: 'mallory',
    head: 'evil',
    fork: 'mallory/shop',
  });
  const read = async () => (await shop.ask('GET', `/repos/${SHOP}/pulls/2`)).body;
  const first = await read();
  assert.deepEqual([first.mergeable, first.mergeable_state], [null, 'unknown']);
  assert.equal(first.head.repo.full_name, 'mallory/shop');
  assert.equal((await read()).mergeable, true);
  await github.deleteRepository('mallory/shop', 'mallory');
  const later = await read();
  assert.equal(later.head.repo, null);
  assert.equal(later.state, 'closed');
  const commit = await shop.ask('GET', `/repos/${SHOP}/commits/${first.head.sha}`);
  assert.equal(commit.body.files[0].filename, 'src/app.js');
  const compared = await shop.ask('GET', `/repos/${SHOP}/compare/main...${first.head.sha}`);
  assert.deepEqual([compared.body.status, compared.body.ahead_by], ['ahead', 1]);
});

test('files come whole up to a megabyte, above only raw', async () => {
  await using shop = await startShop();
  const files = { 'docs/large.txt': 'x'.repeat(1024 * 1024 + 1), 'docs/ö.md': 'ü\n' };
  await shop.github.commit(SHOP, { branch: 'main', files, message: 'Large', by: 'alice' });
  const get = (path: string) => shop.ask('GET', `/repos/${SHOP}/contents/${path}`);
  const large = await get('docs/large.txt');
  assert.deepEqual(
    [large.body.encoding, large.body.content, large.body.size],
    ['none', '', 1048577],
  );
  const raw = await fetch(`${shop.github.url}/api/v3/repos/${SHOP}/contents/docs/large.txt`, {
    headers: { authorization: `token ${shop.token}`, accept: 'application/vnd.github.raw+json' },
  });
  assert.equal((await raw.text()).length, 1048577);
  const small = await get('docs/%C3%B6.md');
  assert.equal(Buffer.from(small.body.content, 'base64').toString(), 'ü\n');
  const names = (await get('docs')).body.map((one: { name: string }) => one.name);
  assert.deepEqual(names, ['large.txt', 'ö.md']);
  assert.equal((await get('docs/none')).status, 404);
  assert.match((await get('docs?ref=nowhere')).body.message, /No commit found for the ref nowhere/);
  assert.equal((await get(`src/app.js?ref=${shop.sha}`)).status, 200);
});
