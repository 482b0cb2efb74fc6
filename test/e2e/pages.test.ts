import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import fastify, { type FastifyInstance } from 'fastify';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { registerPages } from '../../src/http/pages/routes.ts';
import {
  createMemorySource,
  fillLog,
  HELP,
  line,
  type MemorySource,
  RUNS,
  run,
  T0,
} from '../http/pages-fixture.ts';

const STATES = {
  list: '/',
  'empty list': '/?repository=nobody%2Fnothing',
  queued: '/r/901',
  failed: '/r/902',
  passed: '/r/903',
  dirty: '/r/904',
  running: '/r/905',
  cancelled: '/r/906',
  errored: '/r/907',
  hostile: '/r/908',
  'not found': '/r/1',
  deliveries: '/deliveries',
  help: '/help',
} as const;

const EVIL = '"><img src=x onerror=alert(1)><script>alert(1)</script>\u202e\u001b[31m';

let browser: Browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});
after(() => browser.close());

type Site = AsyncDisposable & { readonly url: string; readonly source: MemorySource };

async function openSite(): Promise<Site> {
  const hostile = run(908, { pullTitle: EVIL, headRef: EVIL, commandText: EVIL });
  const source = createMemorySource([...Object.values(RUNS), hostile]);
  fillLog(source);
  source.logs.set('run-908', [line(1, EVIL, EVIL)]);
  const app: FastifyInstance = fastify({ forceCloseConnections: true });
  const now = () => T0 + 600_000;
  registerPages(app, { source, version: '0.1.0', now, helpSections: HELP, pollMs: 20 });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return { url, source, [Symbol.asyncDispose]: () => app.close() };
}

type Visit = AsyncDisposable & { readonly page: Page; readonly complaints: readonly string[] };

/** A window that notes what the browser complains about, refused scripts and styles among it. */
async function visit(url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const expected = (text: string) => url.endsWith('/r/1') && text.includes('status of 404');
  page.on('console', (message) => {
    if (message.type() === 'error' && !expected(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no page in ${colorScheme} has an accessibility fault, a refused script or a bar to scroll sideways`, async () => {
    await using site = await openSite();
    for (const [name, path] of Object.entries(STATES)) {
      await using window = await visit(`${site.url}${path}`, { colorScheme });
      const { page, complaints } = window;
      for (const fold of await page.locator('summary').all()) await fold.click();
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
      const faults = violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
      assert.deepEqual(faults, [], name);
      assert.deepEqual(complaints, [], name);
      await page.setViewportSize({ width: 360, height: 740 });
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      assert.equal(width, 360, name);
    }
  });
}

function add(source: MemorySource, from: number, until: number, text = 'more'): void {
  const lines = source.logs.get('run-905') ?? [];
  for (let n = from; n <= until; n += 1) lines.push(line(n, `${text} ${n}`));
  source.logs.set('run-905', lines);
}

/** Asks again with each picture that the browser draws; its own waiting would need `eval`. */
async function eventually(page: Page, check: () => Promise<boolean>): Promise<void> {
  for (let asked = 0; asked < 300; asked += 1) {
    if (await check()) return;
    await page.evaluate('new Promise(requestAnimationFrame)');
  }
  assert.fail('it did not come true within 300 pictures');
}

const LOG = "document.getElementById('sb-lines')";
const topOf = (page: Page) => page.evaluate<number>(`${LOG}.scrollTop`);
const isAtBottom = (page: Page) =>
  eventually(page, () =>
    page.evaluate<boolean>(`${LOG}.scrollHeight - ${LOG}.scrollTop - ${LOG}.clientHeight < 24`),
  );

test('a running log follows its end until the reader scrolls up, and counts what is missed', async () => {
  await using site = await openSite();
  await using window = await visit(`${site.url}/r/905`);
  const { page, complaints } = window;
  add(site.source, 701, 720);
  await page.locator('#L720').waitFor();
  await isAtBottom(page);
  assert.equal(await page.locator('#sb-follow').isChecked(), true);

  await page.locator('#sb-lines').hover();
  await page.mouse.wheel(0, -600);
  await page.locator('#sb-follow:not(:checked)').waitFor();
  const top = await topOf(page);
  add(site.source, 721, 757);
  await page.getByRole('button', { name: '↓ 37 new lines' }).waitFor();
  assert.equal(await topOf(page), top);

  await page.getByRole('button', { name: '↓ 37 new lines' }).click();
  await isAtBottom(page);
  assert.equal(await page.locator('#sb-newer').isVisible(), false);
  assert.equal(await page.locator('#sb-follow').isChecked(), true);
  await page.keyboard.press('f');
  assert.equal(await page.locator('#sb-follow').isChecked(), false);
  assert.deepEqual(complaints, []);
});

test('each line is shown once, through a server that goes away and comes back', async () => {
  await using site = await openSite();
  await using window = await visit(`${site.url}/r/905`);
  const { page } = window;
  add(site.source, 701, 710);
  await page.locator('#L710').waitFor();
  await page.context().setOffline(true);
  add(site.source, 711, 740);
  await page.context().setOffline(false);
  await page.locator('#L740').waitFor();
  const shown = await page
    .locator('#sb-lines li[id^=L]')
    .evaluateAll((lines) => lines.map(({ id }) => Number(id.slice(1))));
  assert.deepEqual(
    shown,
    Array.from({ length: 540 }, (_, i) => 201 + i),
  );
});

test('the verdict arrives in the open page: headline, title, spoken words; open folds stay open', async () => {
  await using site = await openSite();
  await using window = await visit(`${site.url}/r/905`);
  const { page, complaints } = window;
  await page.getByText('Stages as a table').click();
  assert.equal(await page.locator('#sb-say').textContent(), 'Running, step 2 of 4: upgrade');
  site.source.runs.set(905, { ...RUNS.failed, number: 905, id: 'run-905', rev: 30 });
  await page.getByRole('heading', { name: 'Failed in upgrade' }).waitFor();
  await eventually(page, async () => (await page.title()).startsWith('❌ Failed in upgrade'));
  assert.equal(await page.locator('#sb-say').textContent(), 'Failed in upgrade');
  assert.equal(await page.locator('#sb-say').getAttribute('aria-live'), 'polite');
  assert.equal(await page.locator('details.stages').getAttribute('open'), '');
  assert.deepEqual(complaints, []);
});

test('hostile lines that arrive live run nothing', async () => {
  await using site = await openSite();
  await using window = await visit(`${site.url}/r/905`);
  const { page, complaints } = window;
  site.source.logs.get('run-905')?.push(line(701, EVIL, EVIL));
  await page.locator('#L701').waitFor();
  assert.match((await page.locator('#L701').textContent()) ?? '', /<script>alert\(1\)<\/script>/);
  assert.equal(await page.locator('#sb-lines img').count(), 0);
  assert.deepEqual(complaints, []);
});

test('e and E step through the errors, unless the keys are switched off or a field is typed in', async () => {
  await using site = await openSite();
  await using window = await visit(`${site.url}/r/902`);
  const { page } = window;
  const here = () => page.locator('#sb-lines li.here').getAttribute('id');
  await page.keyboard.press('e');
  assert.equal(await here(), 'L4');
  await page.keyboard.press('e');
  assert.equal(await here(), 'L5');
  await page.keyboard.press('Shift+E');
  assert.equal(await here(), 'L4');
  await page.getByLabel('keys').uncheck();
  await page.keyboard.press('e');
  assert.equal(await here(), 'L4');
  await page.reload();
  assert.equal(await page.getByLabel('keys').isChecked(), false);
});

test('without scripts the whole page is there and reloads itself while the run goes on', async () => {
  await using site = await openSite();
  await using window = await visit(`${site.url}/r/905`, { javaScriptEnabled: false });
  const { page } = window;
  await page.getByRole('heading', { name: 'Running' }).waitFor();
  assert.equal(await page.locator('meta[http-equiv=refresh]').getAttribute('content'), '10');
  assert.equal(await page.locator('#L700').count(), 1);
  assert.equal(await page.locator('#sb-follow').isVisible(), false);
  await page.getByRole('link', { name: 'Load lines 1–200' }).click();
  await page.locator('#L200').waitFor();
});

test('a link to a line opens the page there', async () => {
  await using site = await openSite();
  await using window = await visit(`${site.url}/r/905#L450`);
  await window.page.locator('#L450:target').waitFor();
  const box = await window.page.locator('#L450').boundingBox();
  assert.ok(box !== null && box.y > 0 && box.y < 900, JSON.stringify(box));
  assert.equal(await window.page.locator('#sb-follow').isChecked(), false);
});

test('the first key press offers the way past the navigation', async () => {
  await using site = await openSite();
  await using window = await visit(site.url);
  await window.page.keyboard.press('Tab');
  const skip = window.page.getByRole('link', { name: 'Skip to the content' });
  assert.equal(await skip.evaluate((link) => link === link.ownerDocument.activeElement), true);
  await window.page.keyboard.press('Enter');
  await window.page.locator('#sb-main:focus').waitFor();
});
