import { type CallOptions, type CommentOnPull, type Forge, ForgeError } from '../forge.ts';
import { type GiteaClient, withoutGuard } from './client.ts';
import { explainServerError } from './errors.ts';
import { encodePath } from './links.ts';
import { commentSchema, listedCommentSchema, pullSchema } from './payloads.ts';

type CommentCalls = Pick<
  Forge,
  | 'listComments'
  | 'listPullComments'
  | 'createComment'
  | 'editComment'
  | 'deleteComment'
  | 'addReaction'
  | 'removeReaction'
>;

/** A list over several pages is read again until a pass shows nothing new, at most this often. */
const MAX_PASSES = 3;

/**
 * Comments and reactions.
 *
 * - A number that does not exist is answered 500 by the server, for reading and for writing. After any 5xx the pull
 *   request is read once: `not_found` if it is gone, else the `unavailable` of the 5xx, whose effect is unknown.
 * - `editComment` of a timeline entry or an inline comment is answered 204 without effect: `not_found`.
 * - An archived repository (423), a locked conversation and a missing right (403) are `forbidden`.
 */
export function createCommentCalls(client: GiteaClient): CommentCalls {
  const one = (repository: string, commentId: string) =>
    `/repos/${encodePath(repository)}/issues/comments/${encodeURIComponent(commentId)}`;
  const ofPull = (repository: string, pull: number) =>
    `/repos/${encodePath(repository)}/issues/${pull}/comments`;

  return {
    listComments: (repository, since, options) =>
      listComments(client, { repository, since, options }),

    listPullComments(repository, pull, options) {
      const path = ofPull(repository, pull);
      return client
        .read({ method: 'GET', path, options }, commentSchema.array().nullable())
        .then((comments) => comments ?? [])
        .catch(explainByPull(client, { repository, pull }, options));
    },

    createComment({ repository, pull, body }, options) {
      const path = ofPull(repository, pull);
      return client
        .read({ method: 'POST', path, body: { body }, options }, commentSchema)
        .catch(explainByPull(client, { repository, pull }, options));
    },

    async editComment(repository, commentId, { body }, options) {
      const path = one(repository, commentId);
      const answer = await client.call({ method: 'PATCH', path, body: { body }, options });
      if (answer.status === 204)
        throw new ForgeError('not_found', `PATCH ${path}: not a plain comment`, { status: 204 });
    },

    async deleteComment(repository, commentId, options) {
      await client.call({ method: 'DELETE', path: one(repository, commentId), options });
    },

    async addReaction(repository, commentId, content, options) {
      const path = `${one(repository, commentId)}/reactions`;
      await client
        .call({ method: 'POST', path, body: { content }, options })
        .catch(explainReaction);
    },

    async removeReaction(repository, commentId, content, options) {
      const path = `${one(repository, commentId)}/reactions`;
      await client
        .call({ method: 'DELETE', path, body: { content }, options })
        .catch(explainReaction);
    },
  };
}

/**
 * Oldest first; `since` is inclusive with the resolution of a second and looks at the last change. Without `page` the
 * server would send the whole list. When a comment is deleted while we turn pages, the rest moves up and one is
 * skipped, so that a list of several pages is read again until a pass shows nothing new.
 */
async function* listComments(
  client: GiteaClient,
  list: { repository: string; since: Date; options: CallOptions | undefined },
): AsyncGenerator<CommentOnPull> {
  const seen = new Set<string>();
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    const known = seen.size;
    const { items, pages } = await client.readPages(
      {
        method: 'GET',
        path: `/repos/${encodePath(list.repository)}/issues/comments`,
        query: { since: toSeconds(list.since) },
        options: list.options,
      },
      listedCommentSchema,
    );
    for (const { pull, comment } of items) {
      const key = `${comment.id}@${comment.updatedAt.getTime()}`;
      if (pull === undefined || seen.has(key)) continue;
      seen.add(key);
      yield { pull, comment };
    }
    if (pages === 1 || seen.size === known) return;
  }
}

const toSeconds = (date: Date) => date.toISOString().replace(/\.\d{3}Z$/, 'Z');

function explainByPull(
  client: GiteaClient,
  at: { repository: string; pull: number },
  options?: CallOptions,
) {
  const path = `/repos/${encodePath(at.repository)}/pulls/${at.pull}`;
  return (error: unknown) =>
    explainServerError(error, () =>
      client.read({ method: 'GET', path, options: withoutGuard(options) }, pullSchema),
    );
}

/** The administrator chooses which reactions exist: that refusal is a 403 like any other but for its text. */
function explainReaction(error: unknown): never {
  if (
    error instanceof ForgeError &&
    error.code === 'forbidden' &&
    error.message.includes('not an allowed reaction')
  )
    throw new ForgeError('unsupported', error.message, { status: 403, cause: error });
  throw error;
}
