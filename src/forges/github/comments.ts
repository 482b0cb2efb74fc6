import { type CallOptions, type Forge, ForgeError } from '../forge.ts';
import { type GithubClient, parse } from './client.ts';
import { type CommentPlace, parseCommentId } from './ids.ts';
import { listComments } from './list-comments.ts';
import { commentSchema } from './payloads.ts';

type CommentCalls = Pick<
  Forge,
  'listComments' | 'listPullComments' | 'createComment' | 'editComment' | 'deleteComment'
>;

const ISSUE_COMMENTS = '/repos/{owner}/{repo}/issues/{issue_number}/comments';
const COMMENT = '/repos/{owner}/{repo}/issues/comments/{comment_id}';

/** Comments of the conversation. What we say always stands there, whatever kind of comment asked. */
export function createCommentCalls(client: GithubClient): CommentCalls {
  return {
    listComments: (repository, since, options) =>
      listComments(client, { repository, since, options }),

    async listPullComments(repository, pull, options) {
      const call = { route: `GET ${ISSUE_COMMENTS}`, parameters: { issue_number: pull }, options };
      const listed = await Array.fromAsync(client.pages(repository, call));
      return parse(listed, commentSchema.array(), call.route);
    },

    async createComment({ repository, pull, body }, options) {
      const parameters = { issue_number: pull, body };
      const route = `POST ${ISSUE_COMMENTS}`;
      const answer = await client.on(repository, { route, parameters, options });
      return parse(answer.data, commentSchema, route);
    },

    async editComment(repository, commentId, { body, isOutdated = false }, options) {
      const route = `PATCH ${COMMENT}`;
      const parameters = { comment_id: ownIdOf(commentId), body };
      const answer = await client.on(repository, { route, parameters, options });
      const { node_id: subject } = answer.data as { node_id?: string };
      if (isOutdated && subject) await minimize(client, { repository, subject, options });
    },

    async deleteComment(repository, commentId, options) {
      const parameters = { comment_id: ownIdOf(commentId) };
      await client.on(repository, { route: `DELETE ${COMMENT}`, parameters, options });
    },
  };
}

const MINIMIZE = `mutation ($subject: ID!) {
  minimizeComment(input: { subjectId: $subject, classifier: OUTDATED }) {
    minimizedComment { isMinimized }
  }
}`;

/** Folding away is an ornament: where the App may not, the text has shrunk all the same. */
async function minimize(
  client: GithubClient,
  at: { repository: string; subject: string; options: CallOptions | undefined },
): Promise<void> {
  const { repository, subject, options } = at;
  await client
    .graphql(repository, MINIMIZE, { variables: { subject }, options })
    .catch((error: unknown) => {
      if (!(error instanceof ForgeError) || error.retryable) throw error;
    });
}

/** Ours are all in the conversation. */
function ownIdOf(commentId: string): number {
  return conversationId(placeOfComment(commentId));
}

/** Throws `not_found` for what can be no comment of GitHub's. */
export function placeOfComment(commentId: string): CommentPlace {
  const place = parseCommentId(commentId);
  if (place) return place;
  throw new ForgeError('not_found', `${commentId} is no comment of GitHub`);
}

function conversationId(place: CommentPlace): number {
  if (place.kind === 'conversation') return place.id;
  throw new ForgeError('unsupported', `only comments of the conversation are ours to change`);
}
