import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createLogStore } from '../../src/lib/log-store.ts';

async function startStore(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'logs-'));
  t.after(() => rm(directory, { recursive: true }));
  const store = createLogStore({ directory, now: () => 7, maxLines: 5_000 });
  const write = async (runId: string, from: number, to: number) => {
    const writer = await store.open(runId);
    for (let n = from; n <= to; n += 1) writer.write('install', `line ${n} é`);
    await writer.flush();
  };
  const texts = async (runId: string, options?: { after?: number; limit?: number }) =>
    (await store.read(runId, options)).map((line) => line.text);
  return { store, write, texts, fileOf: (runId: string) => join(directory, runId, 'log.ndjson') };
}

test('lines come back in order, numbered from 1, from any line on and as many as asked', async (t) => {
  const { store, write } = await startStore(t);
  await write('run', 1, 1_500);
  assert.equal(await store.count('run'), 1_500);
  for (const after of [0, 1, 255, 256, 257, 700, 1_499, 1_500, 9_999]) {
    for (const limit of [1, 300, 10_000]) {
      const lines = await store.read('run', { after, limit });
      assert.equal(lines.length, Math.max(0, Math.min(limit, 1_500 - after)));
      lines.forEach((line, index) => {
        const n = after + index + 1;
        assert.deepEqual(line, { n, at: 7, stage: 'install', text: `line ${n} é` });
      });
    }
  }
});

test('a reader who comes again sees what was written meanwhile', async (t) => {
  const { store, write, texts } = await startStore(t);
  assert.deepEqual(await texts('run'), []);
  assert.equal(await store.count('run'), 0);
  await write('run', 1, 2);
  assert.deepEqual(await texts('run', { after: 1 }), ['line 2 é']);
  await write('run', 3, 600);
  assert.deepEqual(await texts('run', { after: 599 }), ['line 600 é']);
  assert.equal(await store.count('run'), 600);
  await write('run', 601, 601);
  assert.deepEqual(await texts('run', { after: 599 }), ['line 600 é', 'line 601 é']);
  assert.equal(await store.count('run'), 601);
});

test('a line cut short by a crash is no line and swallows none after it', async (t) => {
  const { store, write, texts, fileOf } = await startStore(t);
  await write('run', 1, 3);
  await appendFile(fileOf('run'), '{"n":4,"at":7,"stage":"inst');
  assert.equal(await store.count('run'), 3);
  await write('run', 4, 5);
  const all = [1, 2, 3, 4, 5].map((n) => `line ${n} é`);
  assert.deepEqual(await texts('run'), all);
  assert.equal(await store.count('run'), 5);
});

test('a line that is half written is seen when it is whole', async (t) => {
  const { write, texts, fileOf } = await startStore(t);
  await write('run', 1, 1);
  const line = Buffer.from(`${JSON.stringify({ n: 2, at: 7, stage: 'install', text: 'é' })}\n`);
  await appendFile(fileOf('run'), line.subarray(0, -4));
  assert.deepEqual(await texts('run', { after: 1 }), []);
  await appendFile(fileOf('run'), line.subarray(-4));
  assert.deepEqual(await texts('run', { after: 1 }), ['é']);
});

test('a log that was removed, shortened or written anew is read anew', async (t) => {
  const { store, write, texts, fileOf } = await startStore(t);
  await write('run', 1, 400);
  assert.equal(await store.count('run'), 400);
  await truncate(fileOf('run'), 0);
  assert.equal(await store.count('run'), 0);
  await write('run', 1, 2);
  assert.equal(await store.count('run'), 2);
  await store.remove('run');
  assert.deepEqual(await texts('run'), []);
  await write('run', 1, 900);
  assert.deepEqual(await texts('run', { after: 898 }), ['line 899 é', 'line 900 é']);
  await rm(fileOf('run'));
  await writeFile(fileOf('run'), '{"n":1,"at":7,"stage":"s","text":"new"}\n');
  assert.deepEqual(await texts('run'), ['new']);
});

test('more runs are followed than places are remembered for', async (t) => {
  const { store, write } = await startStore(t);
  const runs = Array.from({ length: 80 }, (_, n) => `run-${n}`);
  for (const run of runs) await write(run, 1, 3);
  for (const run of [...runs, ...runs]) assert.equal(await store.count(run), 3);
});

test('many readers at once see the same', async (t) => {
  const { store, write, texts } = await startStore(t);
  await write('run', 1, 2_000);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => texts('run', { after: 100 * n, limit: 1 })),
  );
  assert.deepEqual(
    answers.map(([first]) => first),
    Array.from({ length: 20 }, (_, n) => `line ${100 * n + 1} é`),
  );
  assert.equal(await store.count('run'), 2_000);
});

test('a full log says so in its last line and takes no more', async (t) => {
  const { write, texts } = await startStore(t);
  await write('run', 1, 5_100);
  await write('run', 5_101, 5_102);
  assert.deepEqual(await texts('run', { after: 4_998 }), [
    'line 4999 é',
    'the log is full: later lines were dropped',
  ]);
});
