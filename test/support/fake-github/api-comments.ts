import {
  addReaction,
  createComment,
  deleteComment,
  editComment,
  removeReaction,
} from '../../../src/forges/playground/actions-comments.ts';
import type { Reply } from '../../../src/forges/playground/http.ts';
import { commentsInRepository, commentsOnPull } from '../../../src/forges/playground/lookup.ts';
import type { Comment } from '../../../src/forges/playground/world.ts';
import {
  changedSince,
  invalid,
  json,
  listReply,
  NO_CONTENT,
  notFound,
  number,
  type RepositoryCall,
  refuse,
  sorted,
  text,
  visible,
} from './call.ts';
import { nodeId } from './node-ids.ts';
import { commentView, REACTIONS, reactionIdOf, reactionView } from './views-comments.ts';

/** Comments on the conversation of a pull request, which are comments on an issue, and reactions to them. */

function requirePull(call: RepositoryCall, id: string) {
  const pull = call.repository.pulls.get(number(id));
  if (pull === undefined) throw notFound();
  return pull;
}

/** Oldest first, whatever `sort` and `direction` say. */
export function listPullComments(call: RepositoryCall, id: string): Reply {
  const pull = requirePull(call, id);
  const all = commentsOnPull(call.context.world, call.repository, pull.number);
  return listReply(call, changedSince(call, visible(call, all)), view(call));
}

export function listComments(call: RepositoryCall): Reply {
  const all = commentsInRepository(call.context.world, call.repository);
  return listReply(call, sorted(call, changedSince(call, visible(call, all))), view(call));
}

const view = (call: RepositoryCall) => (comment: Comment) =>
  commentView(call, call.repository, comment);

/** GitHub counts characters of four bytes as one. */
const MAX_BODY = 65_536;

function requireBody(call: RepositoryCall): string {
  const body = text(call.input.body);
  if (body.trim() === '')
    throw invalid({ resource: 'IssueComment', code: 'missing_field', field: 'body' });
  if (Array.from(body).length > MAX_BODY)
    throw invalid({
      resource: 'IssueComment',
      field: 'data',
      code: 'unprocessable',
      message: `Body is too long (maximum is ${MAX_BODY} characters)`,
    });
  return body;
}

export function requireUnarchived({ repository }: RepositoryCall): void {
  if (repository.archived) throw refuse(403, 'Repository was archived so is read-only.');
}

export async function postComment(call: RepositoryCall, id: string): Promise<Reply> {
  const { context, repository, user } = call;
  requireUnarchived(call);
  const pull = requirePull(call, id);
  const body = requireBody(call);
  // An App is no collaborator: what is locked is locked to it.
  if (pull.locked)
    throw refuse(403, 'Unable to create comment because issue is locked.', {
      documentation: 'https://docs.github.com/articles/locking-conversations/',
    });
  const wanted = { pull: pull.number, by: user, body };
  const comment = await createComment(context, repository, wanted);
  const shown = commentView(call, repository, comment);
  return json(201, shown, { location: String(shown.url) });
}

function requireComment(call: RepositoryCall, id: string): Comment {
  const comment = call.context.world.comments.get(number(id));
  if (comment?.repositoryId !== call.repository.id) throw notFound();
  return comment;
}

export function getComment(call: RepositoryCall, id: string): Reply {
  return json(200, view(call)(requireComment(call, id)));
}

export async function patchComment(call: RepositoryCall, id: string): Promise<Reply> {
  requireUnarchived(call);
  const comment = requireComment(call, id);
  const body = requireBody(call);
  await editComment(call.context, comment, { by: call.user, body });
  return json(200, view(call)(comment));
}

export async function removeComment(call: RepositoryCall, id: string): Promise<Reply> {
  requireUnarchived(call);
  const comment = requireComment(call, id);
  await deleteComment(call.context, comment, call.user);
  call.hub.minimized.delete(nodeId('IssueComment', comment.id));
  return NO_CONTENT;
}

/** A comment on the conversation or on a line: reactions to both work alike. */
type Reacted = Pick<Comment, 'reactions' | 'repositoryId'>;

export function reactionRoutes(find: (call: RepositoryCall, id: string) => Reacted) {
  return {
    list: (call: RepositoryCall, id: string): Reply =>
      listReply(call, find(call, id).reactions, (one) => reactionView(call, one)),
    /** 201 when it is new, 200 when it was there. */
    post: (call: RepositoryCall, id: string): Reply => {
      const reacted = find(call, id);
      const content = text(call.input.content);
      if (!REACTIONS.includes(content))
        throw invalid({ resource: 'Reaction', field: 'content', code: 'invalid' });
      const wanted = { by: call.user, content };
      const { reaction, created } = addReaction(call.context, reacted as Comment, wanted);
      return json(created ? 201 : 200, reactionView(call, reaction));
    },
    /** An App takes away its own reactions only. */
    remove: (call: RepositoryCall, id: string, reactionId: string): Reply => {
      const reacted = find(call, id);
      const reaction = reacted.reactions.find(
        (one) => reactionIdOf(call, one) === number(reactionId),
      );
      if (reaction === undefined) throw notFound();
      if (reaction.userId !== call.user.id)
        throw refuse(403, 'You do not have permission to delete this reaction.');
      const { content } = reaction;
      removeReaction(call.context, reacted as Comment, { by: call.user, content });
      return NO_CONTENT;
    },
  };
}

export const commentReactions = reactionRoutes(requireComment);
