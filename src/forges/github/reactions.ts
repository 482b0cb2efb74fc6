import { z } from 'zod';
import { type CallOptions, type Forge, ForgeError, type Reaction } from '../forge.ts';
import { type GithubClient, parse } from './client.ts';
import { placeOfComment } from './comments.ts';
import type { CommentPlace } from './ids.ts';

type ReactionCalls = Pick<Forge, 'addReaction' | 'removeReaction'>;

type At = {
  readonly repository: string;
  readonly options: CallOptions | undefined;
};

/**
 * Reactions. Those of the conversation and of lines have addresses of their own; those of reviews exist in GraphQL
 * only. GitHub takes one away by the reaction's id, so ours is looked for first.
 */
export function createReactionCalls(
  client: GithubClient,
  botLogin: () => Promise<string>,
): ReactionCalls {
  return {
    async addReaction(repository, commentId, reaction, options) {
      const place = placeOfComment(commentId);
      const at = { repository, options };
      if (place.kind === 'review') return onReview(client, at, { place, reaction, verb: 'add' });
      const route = `POST ${routeOf(place)}/reactions`;
      const parameters = { comment_id: place.id, content: reaction };
      await client.on(repository, { route, parameters, options });
    },

    async removeReaction(repository, commentId, reaction, options) {
      const place = placeOfComment(commentId);
      const at = { repository, options };
      if (place.kind === 'review') return onReview(client, at, { place, reaction, verb: 'remove' });
      const base = routeOf(place);
      const login = `${await botLogin()}[bot]`;
      const route = `GET ${base}/reactions`;
      const parameters = { comment_id: place.id, content: reaction };
      for await (const row of client.pages(repository, { route, parameters, options })) {
        const { id, user, content } = parse(row, reactionSchema, route);
        if (user?.login !== login || content !== reaction) continue;
        const mine = { comment_id: place.id, reaction_id: id };
        const call = { route: `DELETE ${base}/reactions/{reaction_id}`, parameters: mine, options };
        await client.on(repository, call).catch(tolerateGone);
      }
    },
  };
}

const reactionSchema = z.object({
  id: z.int(),
  content: z.string(),
  user: z.object({ login: z.string() }).nullish(),
});

function routeOf(place: CommentPlace): string {
  const kind = place.kind === 'line' ? 'pulls' : 'issues';
  return `/repos/{owner}/{repo}/${kind}/comments/{comment_id}`;
}

/** Somebody was faster. */
function tolerateGone(error: unknown): void {
  if (!(error instanceof ForgeError) || error.code !== 'not_found') throw error;
}

const GRAPHQL_NAMES: Readonly<Record<Reaction, string>> = {
  '+1': 'THUMBS_UP',
  '-1': 'THUMBS_DOWN',
  laugh: 'LAUGH',
  hooray: 'HOORAY',
  confused: 'CONFUSED',
  heart: 'HEART',
  rocket: 'ROCKET',
  eyes: 'EYES',
};

async function onReview(
  client: GithubClient,
  { repository, options }: At,
  wish: {
    place: Extract<CommentPlace, { kind: 'review' }>;
    reaction: Reaction;
    verb: 'add' | 'remove';
  },
): Promise<void> {
  const { place, reaction, verb } = wish;
  const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}';
  const parameters = { pull_number: place.pull, review_id: place.id };
  const quiet = options?.signal ? { signal: options.signal } : {};
  const answer = await client.on(repository, { route, parameters, options: quiet });
  const { node_id: subject } = parse(answer.data, z.object({ node_id: z.string() }), route);
  const mutation = `mutation ($subject: ID!, $content: ReactionContent!) {
  ${verb}Reaction(input: { subjectId: $subject, content: $content }) { reaction { content } }
}`;
  const variables = { subject, content: GRAPHQL_NAMES[reaction] };
  await client.graphql(repository, mutation, { variables, options });
}
