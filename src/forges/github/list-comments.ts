import type { CallOptions, CommentOnPull } from '../forge.ts';
import { type GithubClient, parse } from './client.ts';
import {
  lineCommentSchema,
  listedCommentSchema,
  listedPullSchema,
  reviewSchema,
  toReviewComment,
} from './payloads.ts';

type List = {
  readonly repository: string;
  readonly since: Date;
  readonly options: CallOptions | undefined;
};

/**
 * Every kind of comment changed since then, oldest first: of the conversations, on lines, and the texts of reviews,
 * which GitHub lists for one pull request only. `since` is inclusive and looks at the last change.
 */
export async function* listComments(
  client: GithubClient,
  wanted: List,
): AsyncGenerator<CommentOnPull> {
  // GitHub tells whole seconds: what was written later in the same second would look older than `since`.
  const list = { ...wanted, since: new Date(Math.floor(wanted.since.getTime() / 1_000) * 1_000) };
  const found = [
    ...(await conversations(client, list)),
    ...(await onLines(client, list)),
    ...(await reviews(client, list)),
  ];
  yield* found.toSorted((a, b) => a.comment.updatedAt.getTime() - b.comment.updatedAt.getTime());
}

/** Without `sort` GitHub ignores `direction`, and pages would shift while they are turned. */
const byChange = (since: Date) => ({
  since: since.toISOString(),
  sort: 'updated',
  direction: 'asc',
});

async function conversations(client: GithubClient, list: List): Promise<CommentOnPull[]> {
  const route = 'GET /repos/{owner}/{repo}/issues/comments';
  const call = { route, parameters: byChange(list.since), options: list.options };
  const listed = await Array.fromAsync(client.pages(list.repository, call));
  return parse(listed, listedCommentSchema.array(), route)
    .filter(({ isOnPull }) => isOnPull)
    .map(({ issue, comment }) => ({ pull: issue, comment }));
}

async function onLines(client: GithubClient, list: List): Promise<CommentOnPull[]> {
  const route = 'GET /repos/{owner}/{repo}/pulls/comments';
  const call = { route, parameters: byChange(list.since), options: list.options };
  const listed = await Array.fromAsync(client.pages(list.repository, call));
  return [...parse(listed, lineCommentSchema.array(), route)];
}

async function reviews(client: GithubClient, list: List): Promise<CommentOnPull[]> {
  const { repository, since, options } = list;
  const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews';
  const found: CommentOnPull[] = [];
  for (const pull of await changedPulls(client, list)) {
    const call = { route, parameters: { pull_number: pull }, options };
    const listed = await Array.fromAsync(client.pages(repository, call));
    for (const review of parse(listed, reviewSchema.array(), route)) {
      const comment = toReviewComment(review, pull);
      if (comment && comment.updatedAt >= since) found.push({ pull, comment });
    }
  }
  return found;
}

/** A review changes its pull request: those that changed last come first, so that few are read. */
async function changedPulls(client: GithubClient, list: List): Promise<readonly number[]> {
  const route = 'GET /repos/{owner}/{repo}/pulls';
  const parameters = { state: 'all', sort: 'updated', direction: 'desc' };
  const changed: number[] = [];
  for await (const row of client.pages(list.repository, {
    route,
    parameters,
    options: list.options,
  })) {
    const pull = parse(row, listedPullSchema, route);
    if (pull.updated_at < list.since) break;
    changed.push(pull.number);
  }
  return changed;
}
