import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import test, { type TestContext } from 'node:test';
import fastify from 'fastify';
import { createFollowers, type Look, renderEvents } from '../../src/http/live-events.ts';
import { registerPages } from '../../src/http/pages/routes.ts';
import { createMemorySource, line, type MemorySource, RUNS, T0 } from './pages-fixture.ts';

const ENDED = { ...RUNS.running, state: 'passed', verdict: 'passed', rev: 9 } as const;

function fill(source: MemorySource, from: number, until: number): void {
  const lines = source.logs.get('run-905') ?? [];
  for (let n = from; n <= until; n += 1) lines.push(line(n, `line ${n}`));
  source.logs.set('run-905', lines);
}

function running(lines: number): MemorySource {
  const source = createMemorySource([RUNS.running]);
  fill(source, 1, lines);
  return source;
}

async function listen(t: TestContext, source: MemorySource): Promise<string> {
  const app = fastify({ forceCloseConnections: true });
  registerPages(app, { source, version: '1', now: () => T0, pollMs: 5, heartbeatMs: 0 });
  t.after(() => app.close());
  return app.listen({ port: 0, host: '127.0.0.1' });
}

type Stream = { readonly headers: http.IncomingHttpHeaders; text: string; close(): void };
type Connection = Stream & { until(pattern: RegExp): Promise<string>; ended: Promise<unknown> };

async function connect(t: TestContext, url: string, headers = {}): Promise<Connection> {
  const request = http.get(url, { headers, agent: false });
  t.after(() => request.destroy());
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const ended = new Promise((resolve) => response.on('close', resolve));
  const stream: Connection = {
    headers: response.headers,
    text: '',
    ended,
    close: () => request.destroy(),
    until: async (pattern) => {
      while (!pattern.test(stream.text)) await once(response, 'data');
      return stream.text;
    },
  };
  response.setEncoding('utf8').on('data', (chunk: string) => {
    stream.text += chunk;
  });
  response.on('error', () => {});
  return stream;
}

function idsOf(text: string): readonly number[] {
  return [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
}

function numbers(from: number, until: number): readonly number[] {
  return Array.from({ length: until - from + 1 }, (_, i) => from + i);
}

test('a reader gets each line once, in order, and a farewell when the run has ended', async (t) => {
  const source = running(3);
  const url = await listen(t, source);
  const reader = await connect(t, `${url}/r/905/events?after=1`);
  assert.equal(reader.headers['content-type'], 'text/event-stream; charset=utf-8');
  assert.equal(reader.headers['cache-control'], 'no-store, no-transform');
  assert.equal(reader.headers['x-accel-buffering'], 'no');
  await reader.until(/^id: 3$/m);
  fill(source, 4, 1_300);
  await reader.until(/^id: 1300$/m);
  source.runs.set(905, ENDED);
  fill(source, 1_301, 1_302);
  await reader.ended;
  assert.deepEqual(idsOf(reader.text), numbers(2, 1_302));
  assert.match(reader.text, /event: bye\ndata: \{\}\n\n$/);
});

test('a reader who was cut off goes on exactly after the last line that arrived', async (t) => {
  const source = running(40);
  const url = await listen(t, source);
  const first = await connect(t, `${url}/r/905/events?after=0`);
  await first.until(/^id: 40$/m);
  first.close();
  fill(source, 41, 60);
  source.runs.set(905, ENDED);
  const second = await connect(t, `${url}/r/905/events?after=0`, { 'last-event-id': '40' });
  await second.ended;
  assert.deepEqual([...idsOf(first.text), ...idsOf(second.text)], numbers(1, 60));
});

test('a change of the run sends the parts that changed, and only those', async (t) => {
  const source = running(0);
  const url = await listen(t, source);
  const reader = await connect(t, `${url}/r/905/events`);
  await reader.until(/"id":"sb-say"/);
  const before = reader.text.length;
  source.runs.set(905, { ...RUNS.running, rev: 2, cleanliness: { state: 'not_needed' } });
  await reader.until(/Nothing was started/);
  await reader.until(/Nothing was started[^\n]*\n\n/);
  const changed = [...reader.text.slice(before).matchAll(/"id":"([\w-]+)"/g)].map((m) => m[1]);
  assert.deepEqual(changed, ['sb-teardown']);
});

test('hostile lines reach the browser as harmless data', async (t) => {
  const source = running(0);
  source.logs.set('run-905', [line(1, 'a\u001b[31m</script>\u202e\u2028data: forged', 'x\ny')]);
  source.runs.set(905, ENDED);
  const url = await listen(t, source);
  const reader = await connect(t, `${url}/r/905/events`);
  await reader.ended;
  const data = /event: log\ndata: (.*)\n\n/.exec(reader.text)?.[1] ?? '{}';
  const sent = JSON.parse(data) as { text: string; stage: string };
  assert.equal(sent.text, 'a</script>\\u202e\\u2028data: forged');
  assert.equal(sent.stage, 'x y');
});

test('curl follows a log as text until the run ends', async (t) => {
  const source = running(2);
  const url = await listen(t, source);
  const reader = await connect(t, `${url}/r/905/log?follow=1`);
  await reader.until(/line 2\n/);
  fill(source, 3, 3);
  source.runs.set(905, ENDED);
  await reader.ended;
  assert.equal(reader.text, '1  install  line 1\n2  install  line 2\n3  install  line 3\n');
});

test('readers of one run share its poller, and it stops with the last of them', async () => {
  const source = running(1);
  const followers = createFollowers({
    source,
    pollMs: 1,
    maxViewers: 3,
    renderParts: async () => new Map(),
  });
  const gone = [new AbortController(), new AbortController(), new AbortController()];
  const looks = gone.map(({ signal }) => followers.follow(905, 1, signal));
  const before = source.calls.findRun;
  await Promise.all(looks.map((look) => look.next()));
  assert.equal(source.calls.findRun - before, 1);
  assert.equal(source.calls.readLog, 1);
  assert.equal(followers.polled(), 1);
  assert.equal(followers.isFull(), true);
  const pending = looks.map(async (look) => {
    for await (const _ of look);
  });
  for (const controller of gone) controller.abort();
  await Promise.all(pending);
  assert.equal(followers.polled(), 0);
  assert.equal(followers.isFull(), false);
});

test('a server that shuts down ends its readers', async () => {
  const followers = createFollowers({
    source: running(1),
    pollMs: 1,
    maxViewers: 3,
    renderParts: async () => new Map(),
  });
  const look = followers.follow(905, 0, new AbortController().signal);
  await look.next();
  followers.close();
  for await (const _ of look);
  assert.equal(followers.polled(), 0);
});

test('a ledger that is away for a moment ends no reader', async (t) => {
  const source = running(1);
  const url = await listen(t, source);
  const reader = await connect(t, `${url}/r/905/events`);
  await reader.until(/^id: 1$/m);
  const { findRun } = source;
  const failed = Promise.withResolvers<void>();
  source.findRun = async () => {
    failed.resolve();
    throw new Error('away');
  };
  await failed.promise;
  fill(source, 2, 2);
  await reader.until(/^id: 2$/m);
  source.findRun = findRun;
  source.runs.set(905, ENDED);
  await reader.ended;
  assert.deepEqual(idsOf(reader.text), [1, 2]);
});

test('who does not read is not read for', async () => {
  const source = running(100_000);
  const followers = createFollowers({
    source,
    pollMs: 1,
    maxViewers: 3,
    renderParts: async () => new Map(),
  });
  const gone = new AbortController();
  const events = renderEvents(followers.follow(905, 0, gone.signal), {
    now: () => T0,
    heartbeatMs: 15_000,
  });
  await events.next();
  await events.next();
  assert.equal(source.calls.readLog, 1);
  gone.abort();
  await events.return();
});

test('a quiet stream says every now and then that it is alive', async () => {
  let now = T0;
  const quiet: Look = { row: RUNS.running, lines: [], last: false, parts: async () => new Map() };
  async function* looks(): AsyncGenerator<Look> {
    for (;;) {
      now += 4_000;
      yield quiet;
    }
  }
  const events = renderEvents(looks(), { now: () => now, heartbeatMs: 15_000 });
  assert.equal((await events.next()).value, 'retry: 2000\n\n');
  assert.equal((await events.next()).value, ': still here\n\n');
  assert.equal(now - T0, 16_000);
  await events.return();
});

test('last lines that reach the file just after the verdict are not missed', async () => {
  const source = running(1);
  const followers = createFollowers({
    source,
    pollMs: 1,
    maxViewers: 3,
    renderParts: async () => new Map(),
  });
  const seen: number[] = [];
  let late = false;
  await using looks = followers.follow(905, 0, new AbortController().signal);
  for await (const { row, lines } of looks) {
    seen.push(...lines.map(({ n }) => n));
    source.runs.set(905, ENDED);
    if (row.state === 'passed' && !late) {
      late = true;
      fill(source, 2, 2);
    }
  }
  assert.deepEqual(seen, [1, 2]);
});
