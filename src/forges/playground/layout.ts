import { html, raw } from 'hono/html';
import type { Context } from './context.ts';
import type { Call, Reply } from './http.ts';
import { findUser, fullName, roleOf } from './lookup.ts';
import type { Repository, User } from './world.ts';

export type Html = ReturnType<typeof html>;

/** Everything comes from this server, nothing runs inline. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
};

export type Page = {
  readonly title: string;
  readonly repository?: Repository;
  readonly section?: 'pulls' | 'code';
  readonly content: Html;
  readonly live?: boolean;
};

export async function renderPage(
  context: Context,
  call: Call,
  page: Page,
  status = 200,
): Promise<Reply> {
  const body = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · Playground</title>
<link rel="stylesheet" href="/playground.css">
${page.live === true ? raw('<script src="/live.js" defer></script>') : ''}
</head>
<body>
<div class="play">Playground: a small forge inside Signalbox. Nothing here leaves this machine.</div>
${renderBar(context, call, page)}
<main>${page.content}</main>
</body>
</html>`;
  const headers = { ...SECURITY_HEADERS, 'content-type': 'text/html; charset=utf-8' };
  return { status, headers, body: String(body) };
}

function renderBar(context: Context, call: Call, page: Page): Html {
  const { repository, section } = page;
  if (repository === undefined)
    return html`<nav class="bar" aria-label="Site"><b><a href="/">Playground</a></b></nav>`;
  const name = fullName(context.world, repository);
  const open = [...repository.pulls.values()].filter((pull) => pull.state === 'open').length;
  const current = (word: string) => (word === section ? raw(' aria-current="page"') : '');
  const me = whoAmI(context, call, repository);
  const role = me === undefined ? '' : describeRole(repository, me);
  return html`<nav class="bar" aria-label="Repository">
<a class="home" href="/">Playground</a><b><a href="/${name}/pulls">${name}</a></b>
<a href="/${name}/pulls"${current('pulls')}>Pull requests ${open}</a>
<a href="/${name}"${current('code')}>Code</a>
${me === undefined ? '' : html`<span class="end">You are <b class="me">${me.login}</b>, ${role}</span>`}
</nav>`;
}

/** The words of the page for Gitea's levels, which have no `maintain`. */
export function describeRole(repository: Repository, user: User): string {
  if (user.bot) return 'bot';
  const role = roleOf(repository, user);
  const granted = repository.roles.has(user.id);
  const words: Readonly<Record<string, string>> = {
    owner: 'owner',
    admin: 'maintainer',
    write: 'writer',
    read: granted ? 'reader' : 'outsider',
  };
  return words[role] ?? 'outsider';
}

export const ME_COOKIE = 'playground-me';

/** Accounts a person may play: no organisations, no bots. */
export function playableUsers(context: Context): User[] {
  return [...context.world.users.values()].filter((user) => !user.organization && !user.bot);
}

/** Whom the person last played, else the first maintainer. */
export function whoAmI(context: Context, call: Call, repository: Repository): User | undefined {
  const [, chosen] =
    new RegExp(`(?:^|; )${ME_COOKIE}=([^;]*)`).exec(call.headers.cookie ?? '') ?? [];
  const wanted = call.query.get('as') ?? (chosen === undefined ? '' : decodeSafely(chosen));
  const users = playableUsers(context);
  const user = findUser(context.world, wanted);
  return user !== undefined && users.includes(user)
    ? user
    : (users.find((one) => ['admin', 'owner'].includes(roleOf(repository, one))) ?? users[0]);
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

export function renderError(
  context: Context,
  call: Call,
  status: number,
  message: string,
): Promise<Reply> {
  const content = html`<h1>${message}</h1><p><a href="/">All repositories</a></p>`;
  return renderPage(context, call, { title: message, content }, status);
}
