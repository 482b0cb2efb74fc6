import {
  addReaction,
  createComment,
  deleteComment,
  editComment,
  removeReaction,
} from './actions-comments.ts';
import {
  cutPage,
  failure,
  listedComments,
  listedOnPull,
  may,
  notFound,
  Refusal,
  type RepositoryCall,
  readBody,
  requireCaller,
  requireComment,
  requirePullOr500,
  text,
  total,
} from './api-call.ts';
import { bare, json, type Reply } from './http.ts';
import { commentsInRepository, fullName } from './lookup.ts';
import { commentView, reactionView } from './views.ts';
import type { Comment, User } from './world.ts';

/** Comments and reactions, as recorded from Gitea 1.25.4. */

export const REACTIONS = ['+1', '-1', 'laugh', 'hooray', 'confused', 'heart', 'rocket', 'eyes'];

/** Never cut into pages, whatever `page` and `limit` say. */
export function listPullComments(call: RepositoryCall, number: string): Reply {
  const pull = requirePullOr500(call, number);
  const shown = since(call, listedOnPull(call, pull));
  return json(
    200,
    shown.map((comment) => commentView(call.context, comment)),
    total(shown.length),
  );
}

/** Oldest first by creation; cut into pages only when `page` is given. */
export function listRepositoryComments(call: RepositoryCall): Reply {
  const all = commentsInRepository(call.context.world, call.repository);
  const shown = since(call, listedComments(call, all));
  const page = call.query.has('page') ? cutPage(call, shown) : shown;
  return json(
    200,
    page.map((comment) => commentView(call.context, comment)),
    total(shown.length),
  );
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** By the time of the last change, whole seconds, inclusive. */
function since(call: RepositoryCall, comments: readonly Comment[]): readonly Comment[] {
  const given = call.query.get('since') ?? '';
  if (given === '') return comments;
  if (!RFC_3339.test(given) || Number.isNaN(Date.parse(given))) {
    const layout = '"2006-01-02T15:04:05Z07:00"';
    const message = `parsing time "${given}" as ${layout}: cannot parse "${given}" as "2006"`;
    throw new Refusal(failure(call.context, 422, message));
  }
  const from = Math.floor(Date.parse(given) / 1000);
  return comments.filter((comment) => Math.floor(comment.updatedAt / 1000) >= from);
}

export async function postComment(call: RepositoryCall, number: string): Promise<Reply> {
  const caller = requireCaller(call);
  requireUnarchived(call);
  const body = requireBodyText(call);
  const pull = requirePullOr500(call, number);
  if (pull.locked && !may(call, 'write'))
    return failure(call.context, 403, 'You cannot comment on a locked issue.');
  const wanted = { pull: pull.number, by: caller, body };
  const comment = await createComment(call.context, call.repository, wanted);
  return json(201, commentView(call.context, comment));
}

function requireUnarchived(call: RepositoryCall): void {
  if (!call.repository.archived) return;
  const name = fullName(call.context.world, call.repository);
  throw new Refusal(failure(call.context, 423, `${name} is archived`));
}

/** Blanks alone are taken, nothing at all is not. */
function requireBodyText(call: RepositoryCall): string {
  const body = text(readBody(call).body);
  if (body === '') throw new Refusal(failure(call.context, 422, '[Body]: Required'));
  return body;
}

/** A comment of another repository is a 404 without a body; one of a deleted account is a 500. */
export function getComment(call: RepositoryCall, id: string): Reply {
  const comment = requireComment(call, id);
  if (comment.repositoryId !== call.repository.id) return bare(404);
  if (!call.context.world.users.has(comment.authorId)) return failure(call.context, 500, '');
  return json(200, commentView(call.context, comment));
}

export async function patchComment(call: RepositoryCall, id: string): Promise<Reply> {
  const caller = requireCaller(call);
  requireUnarchived(call);
  const body = requireBodyText(call);
  const comment = requireComment(call, id);
  const refused = refuseChange(call, comment, caller);
  if (refused !== undefined) return refused;
  await editComment(call.context, comment, { by: caller, body });
  return json(200, commentView(call.context, comment));
}

export async function removeComment(call: RepositoryCall, id: string): Promise<Reply> {
  const caller = requireCaller(call);
  const comment = requireComment(call, id);
  const refused = refuseChange(call, comment, caller);
  if (refused !== undefined) return refused;
  await deleteComment(call.context, comment, caller);
  return bare(204);
}

/** One's own, or any with write access. Both refusals are a status and nothing else. */
function refuseChange(call: RepositoryCall, comment: Comment, caller: User): Reply | undefined {
  if (comment.repositoryId !== call.repository.id) return bare(404);
  return comment.authorId === caller.id || may(call, 'write') ? undefined : bare(403);
}

/** An empty list is `null`. */
export function listReactions(call: RepositoryCall, id: string): Reply {
  const comment = requireCommentHere(call, id);
  const rows = comment.reactions.map((reaction) => reactionView(call.context, reaction));
  return json(200, rows.length === 0 ? null : rows);
}

export function postReaction(call: RepositoryCall, id: string): Reply {
  const caller = requireCaller(call);
  const comment = requireCommentHere(call, id);
  const content = text(readBody(call).content);
  if (!REACTIONS.includes(content))
    return failure(call.context, 403, `'${content}' is not an allowed reaction`);
  const { reaction, created } = addReaction(call.context, comment, { by: caller, content });
  return json(created ? 201 : 200, reactionView(call.context, reaction));
}

/** 200 without a body, also when there was nothing to take away. */
export function deleteReaction(call: RepositoryCall, id: string): Reply {
  const caller = requireCaller(call);
  const comment = requireCommentHere(call, id);
  const content = text(readBody(call).content);
  removeReaction(call.context, comment, { by: caller, content });
  return bare(200);
}

function requireCommentHere(call: RepositoryCall, id: string): Comment {
  const comment = requireComment(call, id);
  if (comment.repositoryId !== call.repository.id) throw new Refusal(notFound(call.context));
  return comment;
}
