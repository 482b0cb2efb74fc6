import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startReceiver, startShop } from '../support/playground.ts';
import { connectHook, eventsIn } from '../support/playground-calls.ts';

const git = promisify(execFile);

test('git fetches a pull request at its full sha, and a push over HTTP is announced', async (t) => {
  await using playground = await startShop();
  await using receiver = await startReceiver();
  await connectHook(playground, receiver.url);
  const directory = await mkdtemp(path.join(os.tmpdir(), 'playground-clone-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const run = (...args: string[]) => git('git', ['-C', directory, ...args]);
  const sha = playground.world.repositories.get(1)?.pulls.get(1)?.headSha ?? '';
  const remote = `${playground.url}/demo/shop.git`;
  await run('init', '--quiet');
  await run('fetch', '--quiet', remote, 'refs/pull/1/head');
  assert.equal((await run('rev-parse', 'FETCH_HEAD')).stdout.trim(), sha);
  await run('fetch', '--quiet', '--depth=1', remote, sha);
  await run('checkout', '--quiet', '-b', 'cents', sha);
  assert.equal(await readFile(path.join(directory, 'src/app.js'), 'utf8'), 'two\n');
  const identity = ['-c', 'user.name=bob', '-c', 'user.email=bob@example.org'];
  await run(...identity, 'commit', '--quiet', '--allow-empty', '-m', 'From a terminal');
  const withToken = (token: string) => remote.replace('://', `://bob:${token}@`);
  await assert.rejects(run('push', '--quiet', withToken('wrong'), 'cents'));
  await run('push', '--quiet', withToken('token-of-bob'), 'cents');
  const pushed = (await run('rev-parse', 'HEAD')).stdout.trim();
  await playground.idle();
  assert.deepEqual(eventsIn(receiver.received), ['push', 'pull_request_sync synchronized']);
  assert.equal(playground.world.repositories.get(1)?.pulls.get(1)?.headSha, pushed);
});

test('a private repository is not cloned by a stranger', async () => {
  await using playground = await startShop();
  const [repository] = playground.world.repositories.values();
  assert.ok(repository);
  repository.isPrivate = true;
  const target = `${playground.url}/demo/shop.git/info/refs?service=git-upload-pack`;
  const as = async (token?: string) => {
    const authorization = `Basic ${Buffer.from(`x:${token}`).toString('base64')}`;
    const answer = await fetch(target, { headers: token === undefined ? {} : { authorization } });
    await answer.body?.cancel();
    return answer.status;
  };
  assert.equal(await as(), 401);
  assert.equal(await as('token-of-mallory'), 404);
  assert.equal(await as('token-of-carol'), 200);
});
