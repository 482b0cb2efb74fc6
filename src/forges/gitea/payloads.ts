import { z } from 'zod';
import type { Account, Comment, PullRequest, Repository } from '../../domain/forge-event.ts';

/** Readers of only the fields that we use. Unknown fields are dropped, missing ones are an error of the sender. */

const id = z.int().transform(String);
const date = z.string().transform((text, context) => {
  const value = new Date(text);
  if (Number.isNaN(value.getTime())) context.addIssue({ code: 'custom', message: 'not a date' });
  return value;
});
/** A commit id of a SHA-1 or SHA-256 repository; empty when the server has lost the branch. */
const commit = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})?$/);

/** A deleted account is `Ghost` with id -1, the token of an Actions job `gitea-actions` with id -2. */
export const accountSchema = z
  .object({ id, login: z.string().min(1) })
  .transform((user): Account => user);

export const ACTIONS_ACCOUNT_ID = '-2';

const commentFields = z.object({
  id,
  html_url: z.string(),
  body: z.string(),
  user: accountSchema,
  created_at: date,
  updated_at: date,
});

const toComment = (comment: z.infer<typeof commentFields>): Comment => ({
  id: comment.id,
  body: comment.body,
  author: comment.user,
  url: comment.html_url,
  createdAt: comment.created_at,
  updatedAt: comment.updated_at,
});

export const commentSchema = commentFields.transform(toComment);

/** Of a list over the whole repository. `pull` is undefined for a comment on an issue. */
export const listedCommentSchema = commentFields
  .extend({ pull_request_url: z.string() })
  .transform((comment) => ({
    // The only place where the number is; the address itself is the page's, not the API's.
    pull: Number(/\/pulls\/(\d+)$/.exec(comment.pull_request_url)?.[1] ?? 0) || undefined,
    comment: toComment(comment),
  }));

const repositoryFields = z.object({
  id,
  full_name: z.string().includes('/'),
  default_branch: z.string(),
  html_url: z.string(),
  clone_url: z.string(),
  archived: z.boolean(),
});

export const repositorySchema = repositoryFields.transform(
  (repository): Repository => ({
    id: repository.id,
    fullName: repository.full_name,
    defaultBranch: repository.default_branch,
    url: repository.html_url,
    cloneUrl: repository.clone_url,
    archived: repository.archived,
  }),
);

const headSchema = z.object({
  label: z.string().default(''),
  ref: z.string(),
  sha: commit,
  repo_id: z.int(),
  repo: z.object({}).nullish(),
});

const pullFields = z.object({
  number: z.int().positive(),
  title: z.string(),
  html_url: z.string(),
  state: z.enum(['open', 'closed']),
  merged: z.boolean(),
  user: accountSchema,
  flow: z.union([z.number(), z.string()]).optional(),
  head: headSchema,
  base: z.object({ ref: z.string(), sha: z.string(), repo_id: z.int(), repo: repositorySchema }),
});

export const pullSchema = pullFields.transform(
  (pull): PullRequest => ({
    number: pull.number,
    title: pull.title,
    url: pull.html_url,
    state: pull.merged ? 'merged' : pull.state,
    author: pull.user,
    head: { ref: pull.head.ref, sha: pull.head.sha, origin: headOrigin(pull) },
    base: { ref: pull.base.ref, sha: pull.base.sha },
    repository: pull.base.repo,
  }),
);

/**
 * A deleted fork has no `repo` and `repo_id` -1. An AGit head lies in the base repository although anybody with read
 * access may have pushed it; its label is empty, while a deleted branch keeps its label.
 */
function headOrigin(pull: z.infer<typeof pullFields>): PullRequest['head']['origin'] {
  const { head, base } = pull;
  if (head.repo === null || head.repo === undefined || head.repo_id !== base.repo_id) return 'fork';
  const isAgit = pull.flow === 1 || String(pull.flow).toLowerCase() === 'agit';
  return isAgit || (head.label === '' && head.ref.startsWith('refs/pull/')) ? 'agit' : 'branch';
}

export const permissionSchema = z.object({ permission: z.string(), user: accountSchema });

const fileSchema = z.object({
  type: z.string(),
  size: z.number(),
  encoding: z.string().nullish(),
  content: z.string().nullish(),
});
/** A directory, and in Forgejo every path of an empty repository, is an array. */
export const contentsSchema = z.union([z.array(z.unknown()), fileSchema]);

export const hookSchema = z.object({
  id,
  active: z.boolean(),
  events: z.array(z.string()).nullish(),
  branch_filter: z.string().nullish(),
  authorization_header: z.string().nullish(),
  config: z.object({ url: z.string().nullish(), content_type: z.string().nullish() }),
});
export type Hook = z.infer<typeof hookSchema>;

const delivered = z.object({
  action: z.string(),
  repository: z.object({ full_name: z.string().includes('/') }),
  sender: accountSchema,
});

export const commentDeliverySchema = delivered.extend({
  is_pull: z.boolean(),
  issue: z.object({ number: z.int().positive() }),
  comment: commentSchema,
});

export const pullDeliverySchema = delivered.extend({
  number: z.int().positive(),
  pull_request: z.object({ merged: z.boolean(), head: z.object({ sha: commit }) }),
});

/** What is enough to tell the test button from a push. */
export const pushDeliverySchema = z.object({ before: z.string(), after: z.string() });
