import type { Comment } from '../../domain/forge-event.ts';
import type { CallOptions, CommentOnPull } from '../forge.ts';
import { type GithubClient, parse } from './client.ts';
import { PAGE_SIZE } from './pages.ts';
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

/** A list of several pages is read again until a pass shows nothing new, at most this often. */
const MAX_PASSES = 3;

/**
 * Every kind of comment changed since then, oldest first: of the conversations, on lines, and the texts of reviews,
 * which GitHub lists for one pull request only. `since` is inclusive and looks at the last change. When a comment is
 * changed while we turn pages, it goes to the end, the rest moves up, and one is skipped: hence the passes.
 */
export async function* listComments(
  client: GithubClient,
  wanted: List,
): AsyncGenerator<CommentOnPull> {
  // GitHub tells whole seconds: what was written later in the same second would look older than `since`.
  const list = { ...wanted, since: new Date(Math.floor(wanted.since.getTime() / 1_000) * 1_000) };
  const seen = new Set<string>();
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    const lists = [
      await conversations(client, list),
      await onLines(client, list),
      await reviews(client, list),
    ];
    const fresh = lists.flat().filter(({ comment }) => !seen.has(keyOf(comment)));
    for (const { comment } of fresh) seen.add(keyOf(comment));
    yield* fresh.toSorted((a, b) => a.comment.updatedAt.getTime() - b.comment.updatedAt.getTime());
    if (fresh.length === 0 || lists.every(({ length }) => length < PAGE_SIZE)) return;
  }
}

const keyOf = (comment: Comment) => `${comment.id}@${comment.updatedAt.getTime()}`;

/** Without `sort` GitHub ignores `direction`, and pages would shift while they are turned. */
const byChange = (since: Date) => ({
  since: since.toISOString(),
  sort: 'updated',
  direction: 'asc',
});

async function conversations(client: GithubClient, list: List): Promise<CommentOnPull[]> {
  const route = 'GET /repos/{owner}/{repo}/issues/comments';
  const rows = await readAll(client, list, { route, parameters: byChange(list.since) }, (row) =>
    parse(row, listedCommentSchema, route),
  );
  return rows
    .filter(({ isOnPull }) => isOnPull)
    .map(({ issue, comment }) => ({ pull: issue, comment }));
}

function onLines(client: GithubClient, list: List): Promise<CommentOnPull[]> {
  const route = 'GET /repos/{owner}/{repo}/pulls/comments';
  return readAll(client, list, { route, parameters: byChange(list.since) }, (row) =>
    parse(row, lineCommentSchema, route),
  );
}

async function reviews(client: GithubClient, list: List): Promise<CommentOnPull[]> {
  const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews';
  const found: CommentOnPull[] = [];
  for (const pull of await changedPulls(client, list)) {
    const call = { route, parameters: { pull_number: pull } };
    for (const review of await readAll(client, list, call, (row) =>
      parse(row, reviewSchema, route),
    )) {
      const comment = toReviewComment(review, pull);
      if (comment && comment.updatedAt >= list.since) found.push({ pull, comment });
    }
  }
  return found;
}

/** A review changes its pull request: those that changed last come first, so that few are read. */
async function changedPulls(client: GithubClient, list: List): Promise<readonly number[]> {
  const route = 'GET /repos/{owner}/{repo}/pulls';
  const parameters = { state: 'all', sort: 'updated', direction: 'desc' };
  const changed: number[] = [];
  const keep = (row: unknown) => parse(row, listedPullSchema, route);
  const rows = client.pages(
    list.repository,
    { route, parameters, options: list.options },
    { keep },
  );
  for await (const row of rows) {
    const pull = row as ReturnType<typeof keep>;
    if (pull.updated_at < list.since) break;
    changed.push(pull.number);
  }
  return changed;
}

/** All rows, each as `keep` reads it. */
async function readAll<Row>(
  client: GithubClient,
  { repository, options }: List,
  call: { route: string; parameters: Readonly<Record<string, unknown>> },
  keep: (row: unknown) => Row,
): Promise<Row[]> {
  const rows = client.pages(repository, { ...call, options }, { keep });
  return (await Array.fromAsync(rows)) as Row[];
}
