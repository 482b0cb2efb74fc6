import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import fastify, { type FastifyInstance } from 'fastify';
import { describeRun } from '../../src/http/pages/aspect.ts';
import { sendError } from '../../src/http/pages/errors.ts';
import { textOf } from '../../src/http/pages/format.ts';
import { visibleText, visibleTitle } from '../../src/http/pages/hostile-text.ts';
import { looksLikeError, stageAnchor } from '../../src/http/pages/log-view.ts';
import { registerPages } from '../../src/http/pages/routes.ts';
import { renderTrack } from '../../src/http/pages/track.ts';
import { placeLabels, scaleTime } from '../../src/http/pages/track-scale.ts';
import {
  createMemorySource,
  fillLog,
  HELP,
  line,
  type MemorySource,
  RUNS,
  run,
  stage,
  T0,
} from './pages-fixture.ts';

const NOW = T0 + 600_000;
/** Control characters but tab and line end, and what turns the reading direction. */
const UNSEEN = /[^\P{Cc}\t\n]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const HTML = { accept: 'text/html,application/xhtml+xml' };

function createApp(source: MemorySource = createMemorySource()): FastifyInstance {
  const app = fastify();
  registerPages(app, { source, version: '0.1.0', now: () => NOW, helpSections: HELP });
  return app;
}

async function get(app: FastifyInstance, url: string) {
  return app.inject({ url, headers: HTML });
}

test('every page carries the strict policy and forbids sniffing', async () => {
  const app = createApp();
  for (const url of [
    '/',
    '/r/902',
    '/r/902/log',
    '/deliveries',
    '/help',
    '/r/1',
    '/static/live.js',
  ]) {
    const { headers } = await get(app, url);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; style-src 'self'; script-src 'self';/, url);
    assert.match(policy, /frame-ancestors 'none'; base-uri 'none'$/, url);
    assert.equal(headers['x-content-type-options'], 'nosniff', url);
    assert.equal(headers['referrer-policy'], 'same-origin', url);
  }
});

test('no page holds an inline style, an inline script or a handler', async () => {
  const app = createApp();
  for (const url of ['/', '/r/902', '/r/904', '/r/905', '/deliveries', '/help', '/r/1']) {
    const { body } = await get(app, url);
    assert.doesNotMatch(body, /<[^>]+\sstyle=/, url);
    assert.doesNotMatch(body, /<[^>]+\son\w+=/, url);
    assert.doesNotMatch(body, /<script(?! src="\/static\/)/, url);
  }
});

test('the run page says verdict, cause, track, teardown and facts in the words of the comment', async () => {
  const source = createMemorySource();
  fillLog(source);
  const { body } = await get(createApp(source), '/r/902');
  assert.match(body, /<title>❌ Failed in upgrade · nextcloud #17 · Signalbox<\/title>/);
  assert.match(
    body,
    /Data did not survive the upgrade\.<\/bdi><\/strong> A problem in this change/,
  );
  assert.match(body, /href="\/help#upgrade\.data_survival">What to check/);
  assert.match(
    body,
    /aria-label="Waited 5m 10s; install passed in 2m 41s, usually 2m 30s; upgrade failed after 4m 02s/,
  );
  assert.match(body, /not run, upgrade failed: <span class="item">○ <bdi>backup<\/bdi>/);
  assert.match(body, /4 services · 3 volumes · 2 networks/);
  assert.match(body, /<li id="L5" class="err">/);
  assert.match(body, /<li class="stage" id="upgrade">/);
});

test('hostile titles, branches, logins, stages and log lines stay text', async () => {
  const evil = '"><script>alert(1)</script>\u202etxt.exe\u001b[31m<img src=x onerror=alert(1)>';
  const source = createMemorySource([
    run(1, {
      state: 'failed',
      verdict: 'failed',
      pullTitle: evil,
      headRef: evil,
      repository: evil,
      suite: evil,
      runner: evil,
      commandText: evil,
      requester: { id: '1', login: evil },
      startedAt: T0,
      finishedAt: T0 + 1,
      stages: [
        stage(evil, 'failed', { startedAt: T0, finishedAt: T0 + 1, reason: evil, detail: evil }),
      ],
      diagnosis: {
        code: evil,
        class: 'change',
        headline: evil,
        hint: evil,
        failedTests: [{ name: evil, message: evil }],
      },
      cleanliness: {
        state: 'dirty',
        at: T0,
        residuals: [{ kind: evil, name: evil, reason: evil }],
      },
    }),
  ]);
  source.logs.set('run-1', [line(1, evil, evil)]);
  const app = createApp(source);
  for (const url of ['/', '/r/1']) {
    const { body } = await get(app, url);
    assert.ok(body.includes('&lt;script&gt;alert(1)'), url);
    assert.doesNotMatch(body, /<script>|<img/, url);
    assert.doesNotMatch(body, UNSEEN, url);
    assert.ok(body.includes('\\u202e'), url);
  }
  const raw = await get(app, '/r/1/log');
  assert.match(String(raw.headers['content-type']), /^text\/plain/);
  assert.doesNotMatch(raw.body, UNSEEN);
});

test('whatever the text, nothing invisible but a tab is left of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(
        visibleText(text),
        /[^\P{Cc}\t]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u,
      );
      assert.ok(Array.from(visibleTitle(text, 50)).length <= 50);
    }),
  );
});

test('ordinary text of any language is shown as it is', () => {
  const text = 'Grüße, שלום, 你好 👩‍🚀\tend';
  assert.equal(visibleText(text), text);
  assert.equal(visibleText('\u001b[1;31mred\u001b[0m \u001b]8;;http://x\u0007link'), 'red link');
});

test('a link that a browser must not follow is shown as text', async () => {
  const source = createMemorySource([run(1, { remote: { url: 'javascript:alert(1)' } })]);
  source.links = () => ({ commit: 'javascript:a', pull: 'data:text/html,x', requester: 'x' });
  const { body } = await get(createApp(source), '/r/1');
  assert.doesNotMatch(body, /href="(?:javascript|data:text)/);
});

test('dirty and errored runs stand before all others, unless a filter is set', async () => {
  const app = createApp();
  const all = (await get(app, '/')).body;
  assert.ok(all.indexOf('Needs attention') < all.indexOf('All runs'));
  assert.match(all, /Passed, but not cleaned up/);
  const failed = (await get(app, '/?state=failed&repository=o%2Fnextcloud')).body;
  assert.doesNotMatch(failed, /<h2>Needs attention/);
  assert.deepEqual(
    [...failed.matchAll(/href="\/r\/(\d+)"/g)].map((match) => match[1]),
    ['902'],
  );
});

test('the list goes on page by page and keeps the filter', async () => {
  const rows = Array.from({ length: 51 }, (_, i) => run(i + 1));
  const app = createApp(createMemorySource(rows));
  const first = (await get(app, '/?state=queued')).body;
  assert.match(first, /href="\/\?state=queued&amp;before=2">Older runs/);
  const second = (await get(app, '/?state=queued&before=2')).body;
  assert.match(second, /href="\/r\/1"/);
  assert.doesNotMatch(second, /Older runs/);
});

test('an empty list says what to do first', async () => {
  const { body } = await get(createApp(createMemorySource([])), '/');
  assert.match(body, /No run yet\. Comment on a pull request/);
});

test('each delivery is shown with its outcome and why', async () => {
  const { body } = await get(createApp(), '/deliveries');
  assert.match(body, /another bot wrote it/);
  assert.match(body, /bot_author/);
  assert.match(body, /!testme smoke/);
  assert.match(body, /catch-up/);
});

test('a long log opens at its end, with a way to the lines before', async () => {
  const source = createMemorySource();
  fillLog(source);
  const app = createApp(source);
  const { body } = await get(app, '/r/905');
  assert.match(body, /href="\/r\/905\?from=1#L200">Load lines 1–200/);
  assert.match(body, /<li id="L700">/);
  assert.doesNotMatch(body, /<li id="L200">/);
  const earlier = (await get(app, '/r/905?from=1')).body;
  assert.match(earlier, /<li id="L1">/);
  assert.match(earlier, /from=501#L501">Load lines 501–700/);
});

test('the log of a failure opens around its evidence', async () => {
  const evidence = { lines: [line(100, 'FAILED')], total: 2_000 };
  const diagnosis = { code: 'x', class: 'change', headline: 'x', hint: 'x', evidence } as const;
  const source = createMemorySource([{ ...RUNS.failed, diagnosis }]);
  source.logs.set(
    'run-902',
    Array.from({ length: 2_000 }, (_, i) => line(i + 1, 'x')),
  );
  const { body } = await get(createApp(source), '/r/902');
  assert.match(body, /<li id="L100">/);
  assert.match(body, /<li id="L80">/);
  assert.doesNotMatch(body, /<li id="L79">/);
});

test('the raw log has every line, and only those of a stage when one is asked for', async () => {
  const source = createMemorySource();
  fillLog(source);
  const app = createApp(source);
  assert.equal((await get(app, '/r/905/log')).body.split('\n').length, 701);
  const upgrade = (await get(app, '/r/902/log?stage=teardown')).body;
  assert.equal(upgrade, '7  teardown  nothing left\n');
});

test('files are downloaded under their name and nothing else can be reached', async () => {
  const source = createMemorySource();
  const asked: string[] = [];
  const open = source.openArtifact;
  source.openArtifact = async (id, name) => {
    asked.push(name);
    return open(id, name);
  };
  const app = createApp(source);
  const file = await get(app, '/r/902/files/junit.xml');
  assert.equal(file.body, '<script>alert(1)</script>');
  assert.equal(file.headers['content-type'], 'application/octet-stream');
  assert.match(String(file.headers['content-disposition']), /^attachment; filename="junit.xml"/);
  assert.match(String(file.headers['content-security-policy']), /sandbox/);
  for (const name of ['..%2Flog.ndjson', '%2e%2e%2fx', 'junit.xml%00', '..%5C..%5Cx', 'other']) {
    assert.equal((await get(app, `/r/902/files/${name}`)).statusCode, 404, name);
  }
  assert.deepEqual(asked, ['junit.xml']);
});

test('an unknown run is a page for a browser and an envelope for a program', async () => {
  const app = createApp();
  for (const url of ['/r/999', '/r/x', '/r/-1', '/r/1e3', '/r/0']) {
    const page = await get(app, url);
    assert.equal(page.statusCode, 404, url);
    assert.match(page.body, /<h1>.*There is nothing here<\/h1>/, url);
    const answer = await app.inject({ url });
    assert.deepEqual(answer.json(), {
      error: { code: 'run_not_found', message: 'No run has this number.' },
    });
  }
});

test('a fault of ours is told without its details', async () => {
  const source = createMemorySource();
  source.findRun = async () => {
    throw new Error('password=hunter2');
  };
  const { statusCode, body } = await get(createApp(source), '/r/902');
  assert.equal(statusCode, 500);
  assert.match(body, /Something broke on our side/);
  assert.doesNotMatch(body, /hunter2/);
});

test('the failure page can be used by the rest of the server', async () => {
  const app = fastify();
  app.setNotFoundHandler((request, reply) =>
    sendError(request, reply, { status: 404, code: 'not_found', message: 'No.', version: '1' }),
  );
  assert.match((await get(app, '/nowhere')).body, /There is nothing here/);
  const posted = await app.inject({ url: '/nowhere', method: 'POST', headers: HTML });
  assert.deepEqual(posted.json(), { error: { code: 'not_found', message: 'No.' } });
});

test('served files may be kept for ever under the address that pages use', async () => {
  const app = createApp();
  const { body } = await get(app, '/');
  const address = /href="(\/static\/signalbox\.css\?v=[\w-]{12})"/.exec(body)?.[1] ?? '';
  const file = await get(app, address);
  assert.equal(file.statusCode, 200);
  assert.match(String(file.headers['cache-control']), /immutable/);
  const other = await get(app, '/static/signalbox.css?v=old');
  assert.equal(other.headers['cache-control'], 'no-cache');
  const script = await get(app, '/static/live.js');
  assert.ok(script.rawPayload.length < 8_000, `${script.rawPayload.length} bytes`);
});

test('a page reloads itself without scripts only while its run goes on', async () => {
  const app = createApp();
  const refresh = /<noscript><meta http-equiv="refresh" content="10"><\/noscript>/;
  assert.match((await get(app, '/r/905')).body, refresh);
  assert.doesNotMatch((await get(app, '/r/902')).body, refresh);
});

test('leftovers never hide a failure and always show beside a pass', () => {
  const { cleanliness } = RUNS.dirty;
  assert.equal(describeRun(RUNS.dirty).aspect, 'caution');
  const failed = describeRun({ ...RUNS.failed, cleanliness });
  assert.equal(failed.aspect, 'danger');
  assert.equal(failed.headline, 'Failed in upgrade, and not cleaned up');
});

test('lines that report an error are marked, lines that report none are not', () => {
  for (const text of ['FAILED x', 'Error: no', 'E   assert 1', 'exit 1', 'panic: x']) {
    assert.equal(looksLikeError(text), true, text);
  }
  for (const text of ['0 errors', 'exit 0', 'error handling is tested', 'FAILED 0 failed']) {
    assert.equal(looksLikeError(text), false, text);
  }
});

test('a stage never takes the place of an id of the page', () => {
  assert.equal(stageAnchor('upgrade'), 'upgrade');
  for (const name of ['sb-head', 'L12', '', '  ']) assert.match(stageAnchor(name), /^stage-/, name);
});

test('stations rise and stay apart whatever the times are', () => {
  const gaps = fc.array(fc.nat(10_000_000), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(gaps, fc.nat(10_000_000), (spans, rest) => {
      let at = T0;
      const starts = spans.map((span) => {
        at += span;
        return at;
      });
      const { stations, end } = scaleTime(starts, at + rest);
      const places = [...stations, end];
      for (let i = 1; i < places.length; i += 1) {
        const gap = (places[i] ?? 0) - (places[i - 1] ?? 0);
        assert.ok(gap >= 23.9, `gap ${gap}`);
      }
      assert.ok(end <= 1050.001);
    }),
  );
});

test('labels never cover one another nor leave the picture', () => {
  const label = fc.record({ gap: fc.nat(300), width: fc.integer({ min: 20, max: 220 }) });
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 40 }), (given) => {
      let x = 10;
      const labels = given.map(({ gap, width }) => {
        x = Math.min(1050, x + gap);
        return { x, width, weight: width };
      });
      const placed = placeLabels(labels);
      assert.ok(placed.length > 0);
      for (const row of new Set(placed.map((one) => one.row))) {
        const inRow = placed.filter((one) => one.row === row).sort((a, b) => a.x - b.x);
        inRow.forEach((one, i) => {
          const width = labels[one.index]?.width ?? 0;
          const next = inRow[i + 1]?.x ?? 1060 + 0.001;
          assert.ok(one.x >= 0 && one.x + width <= next, `row ${row}, label ${i}`);
        });
      }
    }),
  );
});

test('the track of the same row at the same moment is the same picture', () => {
  for (const row of Object.values(RUNS)) {
    assert.equal(textOf(renderTrack(row, NOW)), textOf(renderTrack(row, NOW)));
    assert.doesNotMatch(textOf(renderTrack(row, NOW)), /NaN|Infinity|undefined/);
  }
});
