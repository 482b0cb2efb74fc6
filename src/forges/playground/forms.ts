import { createComment } from './actions-comments.ts';
import { closePull, openPull, pushToPull, reopenPull } from './actions-pulls.ts';
import type { Context } from './context.ts';
import type { Call, Reply } from './http.ts';
import { ME_COOKIE, renderError } from './layout.ts';
import { findUser, fullName, isAllowed } from './lookup.ts';
import type { Pull, Repository, User } from './world.ts';

/** What a person sends from a page. A script may send the same: form fields in, 303 out. */

type Form = {
  readonly context: Context;
  readonly call: Call;
  readonly repository: Repository;
  readonly fields: URLSearchParams;
  readonly by: User;
};

/** `parts` is the path after `/owner/name/pulls`. */
export async function answerForm(
  context: Context,
  call: Call,
  repository: Repository,
  parts: readonly string[],
): Promise<Reply> {
  if (!isFromOurPages(context, call))
    return renderError(context, call, 403, 'This form was sent from another site');
  const fields = new URLSearchParams(call.body);
  const by = findUser(context.world, fields.get('as') ?? '');
  if (by === undefined || by.bot || by.organization)
    return renderError(context, call, 422, 'Say who you are: the field `as` names no person');
  if (!isAllowed(repository, by, 'read'))
    return renderError(context, call, 404, 'There is no such repository');
  const form = { context, call, repository, fields, by };
  const [number, action = ''] = parts;
  if (number === undefined) return onOpen(form);
  const pull = repository.pulls.get(Number(number));
  if (pull === undefined) return renderError(context, call, 404, 'There is no such pull request');
  const handler = ACTIONS[action];
  return handler === undefined
    ? renderError(context, call, 404, 'There is no such form')
    : handler(form, pull);
}

const ACTIONS: Readonly<Record<string, (form: Form, pull: Pull) => Promise<Reply>>> = {
  comments: onComment,
  push: onPush,
  close: (form, pull) => onState(form, pull, closePull),
  reopen: (form, pull) => onState(form, pull, reopenPull),
};

/** A browser always says where a form comes from; what says nothing is no browser. */
function isFromOurPages(context: Context, call: Call): boolean {
  const site = call.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const { origin } = call.headers;
  if (origin === undefined) return true;
  const own = new URL(context.url);
  const local = own.hostname === '127.0.0.1' ? [`http://localhost:${own.port}`] : [];
  return [own.origin, ...local].includes(origin);
}

function refuse(form: Form, status: number, message: string): Promise<Reply> {
  return renderError(form.context, form.call, status, message);
}

function redirect(form: Form, to: string): Reply {
  const cookie = `${ME_COOKIE}=${encodeURIComponent(form.by.login)}; Path=/; SameSite=Strict; HttpOnly`;
  return { status: 303, headers: { location: to, 'set-cookie': cookie } };
}

function pageOfPull(form: Form, pull: Pull): string {
  return `/${fullName(form.context.world, form.repository)}/pulls/${pull.number}`;
}

/** A chip is a comment of its own, or a line after what was typed. */
async function onComment(form: Form, pull: Pull): Promise<Reply> {
  const { context, repository, fields, by } = form;
  const typed = (fields.get('body') ?? '').replaceAll('\r\n', '\n').trim();
  const body = [typed, fields.get('chip') ?? ''].filter((text) => text !== '').join('\n');
  if (body === '') return refuse(form, 422, 'The comment is empty');
  if (repository.archived) return refuse(form, 423, 'The repository is archived');
  if (pull.locked && !isAllowed(repository, by, 'write'))
    return refuse(form, 403, 'The conversation is locked');
  const comment = await createComment(context, repository, { pull: pull.number, by, body });
  return redirect(form, `${pageOfPull(form, pull)}#issuecomment-${comment.id}`);
}

/** A small commit that breaks nothing, to see what a push during a run does. */
async function onPush(form: Form, pull: Pull): Promise<Reply> {
  const { context, repository, by } = form;
  if (by.id !== pull.authorId && !isAllowed(repository, by, 'write'))
    return refuse(form, 403, `${by.login} may not push here`);
  if (pull.state !== 'open') return refuse(form, 409, 'The pull request is closed');
  const at = new Date(context.clock.now()).toISOString();
  const files = { 'NOTES.md': `Pushed from the playground by ${by.login} at ${at}.\n` };
  const push = { pull: pull.number, files, message: `A note by ${by.login}`, by };
  await context.exclusively(() => pushToPull(context, repository, push));
  return redirect(form, pageOfPull(form, pull));
}

async function onState(form: Form, pull: Pull, change: typeof closePull): Promise<Reply> {
  const { context, repository, by } = form;
  if (by.id !== pull.authorId && !isAllowed(repository, by, 'write'))
    return refuse(form, 403, `${by.login} may not do this here`);
  await change(context, repository, pull, by);
  return redirect(form, pageOfPull(form, pull));
}

async function onOpen(form: Form): Promise<Reply> {
  const { context, repository, fields, by } = form;
  const branch = fields.get('head') ?? '';
  const title = (fields.get('title') ?? '').trim();
  if (title === '') return refuse(form, 422, 'The pull request needs a title');
  if (!repository.branches.has(branch)) return refuse(form, 422, `There is no branch ${branch}`);
  const body = (fields.get('body') ?? '').replaceAll('\r\n', '\n');
  const wanted = { title, body, by, head: { branch } };
  const pull = await context.exclusively(() => openPull(context, repository, wanted));
  return redirect(form, pageOfPull(form, pull));
}
