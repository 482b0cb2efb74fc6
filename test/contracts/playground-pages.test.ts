import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startShop } from '../support/playground.ts';
import { SHOP } from '../support/playground-calls.ts';

test('hostile text stays text in the pages, and Markdown that we use is shown', async () => {
  await using playground = await startShop();
  const hostile = '<script>alert(1)</script><img src=x onerror=alert(2)>';
  await playground.editPull(SHOP, { title: hostile, by: 'bob' });
  await playground.comment(
    SHOP,
    'mallory',
    `${hostile} </article>\n\n[go](javascript:alert(3)) there`,
  );
  await playground.comment(
    SHOP,
    'signalbox',
    '> [!CAUTION]\n> **Likely cause**\n\n<details><summary>Log</summary>\n\n```text\n</details><h1>\n```\n\n</details>\n\n- [ ] <!-- act --> Again\n\n| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n<sub>end</sub> <!-- marker -->',
  );
  const answer = await fetch(`${playground.url}/demo/shop/pulls/1`);
  const page = await answer.text();
  assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  assert.doesNotMatch(page, /<script>|<img|javascript:|<!-- (?:act|marker)/);
  assert.equal(page.match(/<\/article>/g)?.length, 2);
  assert.match(page, /&lt;script&gt;alert\(1\)/);
  assert.match(page, /class="alert caution"/);
  assert.match(page, /<p>go there<\/p>/);
  assert.match(page, /<details><summary>Log<\/summary><pre><code>&lt;\/details&gt;&lt;h1&gt;/);
  assert.match(page, /<input type="checkbox" disabled> Again/);
  assert.match(page, /<td align="right">2<\/td>/);
  assert.match(page, /<sub>end<\/sub>/);
});

test('a script comments through the form, a foreign site may not', async () => {
  await using playground = await startShop();
  const post = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${playground.url}/demo/shop/pulls/1/comments`, {
      method: 'POST',
      redirect: 'manual',
      headers,
      body: new URLSearchParams(fields),
    });
  const posted = await post({ as: 'alice', body: '!testme' });
  assert.equal(posted.status, 303);
  assert.equal(posted.headers.get('location'), '/demo/shop/pulls/1#issuecomment-1');
  assert.equal((await post({ as: 'carol', chip: '!status' })).status, 303);
  const foreign = { as: 'alice', body: '!testme' };
  assert.equal((await post(foreign, { origin: 'https://evil.example.org' })).status, 403);
  assert.equal((await post({ as: 'signalbox', body: 'forged' })).status, 422);
  assert.deepEqual(
    playground.commentsOn(SHOP).map(({ body }) => body),
    ['!testme', '!status'],
  );
});
