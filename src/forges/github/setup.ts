import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpClient } from '../../lib/http-client.ts';
import { ForgeError } from '../forge.ts';
import { apiUrlOf } from './client.ts';
import { convertCode, createManifest, creationUrl, LOGIN, type NewApp } from './manifest.ts';
import {
  escapeHtml,
  GONE,
  headersOf,
  manifestForm,
  organizationForm,
  type Page,
  renderPage,
} from './setup-page.ts';

export type SetupOptions = {
  /** Key under `forges:`. */
  readonly forge: string;
  /** Of GitHub's pages; no trailing slash. */
  readonly url: string;
  readonly botUrl: string;
  /** Absent: the page asks. */
  readonly organization: string | undefined;
  readonly listen: { readonly host: string; readonly port: number };
  readonly http: HttpClient;
  /** Keeps the credentials; what it throws is told on the page, and the link stays good. */
  readonly keep: (app: NewApp) => void;
  readonly now: () => number;
};

export type Setup = AsyncDisposable & {
  /** The one-time link. */
  readonly link: string;
  readonly expiresAt: number;
  /** Resolves once the App is made and kept. */
  readonly app: Promise<NewApp>;
};

const LIFE_MS = 15 * 60_000;

/**
 * GitHub's manifest flow. A page of ours behind a secret address posts the manifest; GitHub makes the App and sends the
 * browser back with a code; the code is changed for the credentials. The first browser that opens the link owns it:
 * others, and whoever reads the link in a log later, get 404.
 */
export async function startSetup(options: SetupOptions): Promise<Setup> {
  const token = secret();
  const state = secret();
  const visitor = { cookie: secret(), isThere: false };
  const expiresAt = options.now() + LIFE_MS;
  const found = Promise.withResolvers<NewApp>();
  const progress = { isConverting: false, isDone: false };
  const server = createServer((request, response) => {
    answer(request).then(
      (page) => send(response, page),
      () => send(response, { ...BROKEN, body: '<p>Look at the terminal, and try again.</p>' }),
    );
  });

  const answer = async (request: IncomingMessage): Promise<Sent> => {
    const target = new URL(request.url ?? '/', 'http://localhost');
    const [, area, given = '', part, ...rest] = target.pathname.split('/');
    const isOurs = area === 'setup' && rest.length === 0 && isSame(given, token);
    if (!isOurs || request.method !== 'GET') return GONE;
    if (options.now() > expiresAt || progress.isDone) return GONE;
    if (part === 'done') return finish(target.searchParams);
    if (part !== undefined) return GONE;
    const owned = isSame(cookieOf(request), visitor.cookie);
    if (visitor.isThere && !owned) return GONE;
    visitor.isThere = true;
    const page = start(target.searchParams.get('organization') ?? undefined);
    return { ...page, cookie: visitor.cookie };
  };

  const start = (asked: string | undefined): Page => {
    const organization = options.organization ?? asked?.trim();
    const isWrong = organization !== undefined && !LOGIN.test(organization);
    const manifest = createManifest({ ...options, redirectUrl: `${link()}/done` });
    const form = (owner: string | undefined, label: string) =>
      manifestForm(creationUrl(options.url, { organization: owner, state }), manifest, label);
    const { host, origin } = new URL(options.url);
    const intro = `<p>${escapeHtml(host)} will ask for the App's name, and make it: private, with the rights that Signalbox uses, its webhook at <code>${escapeHtml(`${options.botUrl}/webhooks/${options.forge}`)}</code>.</p>`;
    const title = 'Make the GitHub App';
    if (organization !== undefined && !isWrong) {
      const body = `${intro}${form(organization, `Make it for ${organization}`)}`;
      return { status: 200, title, body, formAction: origin };
    }
    const problem = isWrong ? 'This is no name of an organisation.' : undefined;
    const body = `${intro}${form(undefined, 'Make it for my own account')}
<p>Or for an organisation that you own:</p>
${organizationForm(`/setup/${token}`, problem)}`;
    return { status: isWrong ? 400 : 200, title, body, formAction: `'self' ${origin}` };
  };

  const finish = async (query: URLSearchParams): Promise<Page> => {
    const code = query.get('code') ?? '';
    if (!isSame(query.get('state') ?? '', state) || !/^[\w-]{1,200}$/.test(code)) {
      const body =
        '<p>This answer does not belong to the link in your terminal. Open that again.</p>';
      return { ...BROKEN, status: 400, body };
    }
    if (progress.isConverting) return GONE;
    progress.isConverting = true;
    try {
      const app = await convertCode(options.http, { apiUrl: apiUrlOf(options.url), code });
      options.keep(app);
      progress.isDone = true;
      found.resolve(app);
      return installPage(app);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const status = error instanceof ForgeError ? 502 : 500;
      const body = `<p>${escapeHtml(why)}</p><p>Open the link in your terminal again to make another App.</p>`;
      return { ...BROKEN, status, body };
    } finally {
      progress.isConverting = false;
    }
  };

  await listen(server, options.listen);
  const { port } = server.address() as AddressInfo;
  const { host } = options.listen;
  const link = () => `http://${host.includes(':') ? `[${host}]` : host}:${port}/setup/${token}`;
  return {
    link: link(),
    expiresAt,
    app: found.promise,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // The last page is still on its way to the browser; what is idle is cut off.
        server.closeIdleConnections();
      }),
  };
}

type Sent = Page & { readonly cookie?: string };

const BROKEN = { status: 500, title: 'That did not work' };

function installPage({ slug, htmlUrl }: NewApp): Page {
  const body = `<p>The App <strong>${escapeHtml(slug)}</strong> is made, and its credentials are kept. Now say which repositories it may see:</p>
<p><a class="button" href="${escapeHtml(`${htmlUrl}/installations/new`)}">Install it</a></p>
<p>The terminal shows how it goes on. This page can be closed.</p>`;
  return { status: 200, title: 'Install it', body };
}

function send(response: ServerResponse, page: Sent): void {
  const cookie = page.cookie
    ? { 'set-cookie': `signalbox_setup=${page.cookie}; Path=/setup; HttpOnly; SameSite=Lax` }
    : {};
  response.writeHead(page.status, { ...headersOf(page), ...cookie, connection: 'close' });
  response.end(renderPage(page));
}

function listen(
  server: ReturnType<typeof createServer>,
  { host, port }: SetupOptions['listen'],
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}

/** In a time that tells nothing of where they differ, nor of how long the right one is. */
function isSame(given: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(right));
}

function cookieOf({ headers }: IncomingMessage): string {
  return /(?:^|;\s*)signalbox_setup=([^;]+)/.exec(headers.cookie ?? '')?.[1] ?? '';
}
