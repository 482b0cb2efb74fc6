import { z } from 'zod';
import type { Account, Comment, PullRequest, Repository } from '../../domain/forge-event.ts';
import { type CommentPlace, formatCommentId } from './ids.ts';

/** Readers of only the fields that we use. Unknown fields are dropped, missing ones are an error of the sender. */

const id = z.int().positive();
const date = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const commit = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/);

const userFields = z.object({ id, login: z.string().min(1), type: z.string().optional() });

/** The account of a deleted person is `null` where others have one; `ghost` on the pages, with this id. */
const GHOST: Account = { id: '10137', login: 'ghost' };

const toAccount = (user: z.infer<typeof userFields>): Account => ({
  id: String(user.id),
  login: user.login,
});
export const accountSchema = userFields.transform(toAccount);
const authorSchema = userFields
  .nullish()
  .transform((user): Account => (user ? toAccount(user) : GHOST));
/** Who caused an event, and whether it is a program. */
const senderSchema = userFields.transform((user) => ({
  ...toAccount(user),
  isBot: user.type === 'Bot',
}));

const commentFields = z.object({
  id,
  node_id: z.string().optional(),
  html_url: z.string(),
  // Of a review without a word it is `null`.
  body: z.string().nullish(),
  user: authorSchema,
});
type CommentFields = z.infer<typeof commentFields>;
const times = z.object({ created_at: date, updated_at: date });

const toComment = (
  comment: CommentFields,
  place: CommentPlace,
  at: { created: Date; updated: Date },
): Comment => ({
  id: formatCommentId(place),
  body: comment.body ?? '',
  author: comment.user,
  url: comment.html_url,
  createdAt: at.created,
  updatedAt: at.updated,
});

/** Of the conversation. */
export const commentSchema = commentFields
  .extend(times.shape)
  .transform((comment) =>
    toComment(
      comment,
      { kind: 'conversation', id: comment.id },
      { created: comment.created_at, updated: comment.updated_at },
    ),
  );

/** In a list over the whole repository: also those on plain issues. */
export const listedCommentSchema = commentFields
  .extend({ ...times.shape, issue_url: z.string() })
  .transform((comment) => ({
    issue: numberAtEnd(comment.issue_url),
    isOnPull: comment.html_url.includes('/pull/'),
    comment: toComment(
      comment,
      { kind: 'conversation', id: comment.id },
      { created: comment.created_at, updated: comment.updated_at },
    ),
  }));

export const lineCommentSchema = commentFields
  .extend({ ...times.shape, pull_request_url: z.string() })
  .transform((comment) => ({
    pull: numberAtEnd(comment.pull_request_url),
    comment: toComment(
      comment,
      { kind: 'line', id: comment.id },
      { created: comment.created_at, updated: comment.updated_at },
    ),
  }));

/** The text of a review. One that is not submitted yet has no time, and is seen by its author only. */
const reviewFields = commentFields.extend({ submitted_at: date.nullish() });
export const reviewSchema = reviewFields;
export function toReviewComment(
  review: z.infer<typeof reviewFields>,
  pull: number,
): Comment | undefined {
  const at = review.submitted_at;
  if (!at) return undefined;
  return toComment(
    review,
    { kind: 'review', pull, id: review.id },
    // Of an edit GitHub does not tell the time.
    { created: at, updated: at },
  );
}

function numberAtEnd(url: string): number {
  return Number(/\/(\d+)$/.exec(url)?.[1] ?? 0);
}

export const repositoryFields = z.object({
  id,
  full_name: z.string().includes('/'),
  default_branch: z.string(),
  html_url: z.string(),
  clone_url: z.string(),
  archived: z.boolean(),
});

const toRepository = (repository: z.infer<typeof repositoryFields>): Repository => ({
  id: String(repository.id),
  fullName: repository.full_name,
  defaultBranch: repository.default_branch,
  url: repository.html_url,
  cloneUrl: repository.clone_url,
  archived: repository.archived,
});
export const repositorySchema = repositoryFields.transform(toRepository);

export const pullSchema = z
  .object({
    number: z.int().positive(),
    title: z.string(),
    html_url: z.string(),
    state: z.enum(['open', 'closed']),
    merged: z.boolean(),
    user: authorSchema,
    // The fork may be gone.
    head: z.object({ ref: z.string(), sha: commit, repo: z.object({ id }).nullable() }),
    base: z.object({ ref: z.string(), sha: z.string(), repo: repositoryFields }),
  })
  .transform(
    (pull): PullRequest => ({
      number: pull.number,
      title: pull.title,
      url: pull.html_url,
      state: pull.merged ? 'merged' : pull.state,
      author: pull.user,
      head: {
        ref: pull.head.ref,
        sha: pull.head.sha,
        origin: pull.head.repo?.id === pull.base.repo.id ? 'branch' : 'fork',
      },
      base: { ref: pull.base.ref, sha: pull.base.sha },
      repository: toRepository(pull.base.repo),
    }),
  );

export const listedPullSchema = z.object({ number: z.int().positive(), updated_at: date });

const delivered = z.object({
  action: z.string(),
  repository: z.object({ full_name: z.string().includes('/') }),
  sender: senderSchema,
});

export const issueCommentDelivery = delivered.extend({
  issue: z.object({ number: z.int().positive(), pull_request: z.object({}).nullish() }),
  comment: commentSchema,
});

export const lineCommentDelivery = delivered.extend({
  pull_request: z.object({ number: z.int().positive() }),
  comment: lineCommentSchema,
});

export const reviewDelivery = delivered.extend({
  pull_request: z.object({ number: z.int().positive() }),
  review: reviewFields,
});

export const pullDelivery = delivered.extend({
  number: z.int().positive(),
  pull_request: z.object({ merged: z.boolean().nullish(), head: z.object({ sha: commit }) }),
});

export const checkRunDelivery = delivered.extend({
  check_run: z.object({
    head_sha: commit,
    external_id: z.string().nullish(),
    app: z.object({ id }).nullish(),
  }),
  requested_action: z.object({ identifier: z.string() }).nullish(),
});

export const checkSuiteDelivery = delivered.extend({
  check_suite: z.object({ head_sha: commit, app: z.object({ id }).nullish() }),
});

const named = z.object({ full_name: z.string().includes('/') });
export const installationDelivery = z.object({
  action: z.string(),
  sender: senderSchema,
  installation: z.object({ account: z.object({ login: z.string() }).nullish() }),
  repositories: named.array().nullish(),
  repositories_added: named.array().nullish(),
  repositories_removed: named.array().nullish(),
});
