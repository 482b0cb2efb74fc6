import type { Reply } from '../../../src/forges/playground/http.ts';
import {
  createToken,
  getApp,
  getHookConfig,
  getInstallation,
  getRepositoryInstallation,
  listInstallations,
  listOwnRepositories,
  patchHookConfig,
} from './api-app.ts';
import * as checks from './api-checks.ts';
import * as comments from './api-comments.ts';
import { compareCommits, getCommit } from './api-commits.ts';
import { getContents } from './api-contents.ts';
import * as deliveries from './api-deliveries.ts';
import { convertManifest } from './api-manifest.ts';
import {
  getMeta,
  getPermission,
  getPull,
  getRepository,
  getUser,
  listPulls,
} from './api-repositories.ts';
import * as reviews from './api-reviews.ts';
import { getCombinedStatus, listStatuses, postStatus } from './api-statuses.ts';
import type { ApiCall, AppCall, RepositoryCall } from './call.ts';
import { getRateLimit } from './limits.ts';
import type { Operation } from './operations.ts';

type Answer = Reply | Promise<Reply>;
export type Route =
  | { readonly of: 'anybody'; handle(call: ApiCall, ...parts: string[]): Answer }
  | { readonly of: 'app'; handle(call: AppCall, ...parts: string[]): Answer }
  | {
      readonly of: 'repository';
      /** As GitHub names them in `x-accepted-github-permissions`; one of them is enough. */
      readonly accepted: string;
      /** Not even in a public repository without an installation there. */
      readonly closed?: boolean;
      handle(call: RepositoryCall, ...parts: string[]): Answer;
    };

const anybody = (handle: (call: ApiCall, ...parts: string[]) => Answer): Route => ({
  of: 'anybody',
  handle,
});
const asApp = (handle: (call: AppCall, ...parts: string[]) => Answer): Route => ({
  of: 'app',
  handle,
});
const within = (
  accepted: string,
  handle: (call: RepositoryCall, ...parts: string[]) => Answer,
): Route => ({ of: 'repository', accepted, handle });

/** A comment on a pull request may be reached by the right for issues and by that for pull requests. */
const TALK_READ = 'issues=read; pull_requests=read';
const TALK_WRITE = 'issues=write; pull_requests=write';

/** The parts of `/repos/{owner}/{repo}` are not handed on; all the others are. */
export const ROUTES: Readonly<Record<Operation, Route>> = {
  'GET /app': asApp(getApp),
  'GET /app/installations': asApp(listInstallations),
  'GET /app/installations/{installation_id}': asApp(getInstallation),
  'POST /app/installations/{installation_id}/access_tokens': asApp(createToken),
  'GET /app/hook/config': asApp(getHookConfig),
  'PATCH /app/hook/config': asApp(patchHookConfig),
  'GET /app/hook/deliveries': asApp(deliveries.listDeliveries),
  'GET /app/hook/deliveries/{delivery_id}': asApp(deliveries.getDelivery),
  'POST /app/hook/deliveries/{delivery_id}/attempts': asApp(deliveries.attemptDelivery),
  'POST /app-manifests/{code}/conversions': anybody(convertManifest),
  'GET /installation/repositories': anybody(listOwnRepositories),
  'GET /meta': anybody(getMeta),
  'GET /rate_limit': anybody(getRateLimit),
  'GET /users/{username}': anybody(getUser),
  'GET /repos/{owner}/{repo}': within('metadata=read', getRepository),
  'GET /repos/{owner}/{repo}/installation': asApp(getRepositoryInstallation),
  'GET /repos/{owner}/{repo}/pulls': within('pull_requests=read', listPulls),
  'GET /repos/{owner}/{repo}/pulls/{pull_number}': within('pull_requests=read', getPull),
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews': within(
    'pull_requests=read',
    reviews.listReviews,
  ),
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}': within(
    'pull_requests=read',
    reviews.getReview,
  ),
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/comments': within(
    'pull_requests=read',
    reviews.listPullReviewComments,
  ),
  'GET /repos/{owner}/{repo}/pulls/comments': within(
    'pull_requests=read',
    reviews.listReviewComments,
  ),
  'GET /repos/{owner}/{repo}/pulls/comments/{comment_id}': within(
    'pull_requests=read',
    reviews.getReviewComment,
  ),
  'PATCH /repos/{owner}/{repo}/pulls/comments/{comment_id}': within(
    'pull_requests=write',
    reviews.patchReviewComment,
  ),
  'DELETE /repos/{owner}/{repo}/pulls/comments/{comment_id}': within(
    'pull_requests=write',
    reviews.removeReviewComment,
  ),
  'GET /repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions': within(
    'pull_requests=read',
    reviews.reviewCommentReactions.list,
  ),
  'POST /repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions': within(
    'pull_requests=write',
    reviews.reviewCommentReactions.post,
  ),
  'DELETE /repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions/{reaction_id}': within(
    'pull_requests=write',
    reviews.reviewCommentReactions.remove,
  ),
  'GET /repos/{owner}/{repo}/issues/comments': within(TALK_READ, comments.listComments),
  'GET /repos/{owner}/{repo}/issues/comments/{comment_id}': within(TALK_READ, comments.getComment),
  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}': within(
    TALK_WRITE,
    comments.patchComment,
  ),
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}': within(
    TALK_WRITE,
    comments.removeComment,
  ),
  'GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions': within(
    TALK_READ,
    comments.commentReactions.list,
  ),
  'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions': within(
    TALK_WRITE,
    comments.commentReactions.post,
  ),
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}': within(
    TALK_WRITE,
    comments.commentReactions.remove,
  ),
  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments': within(
    TALK_READ,
    comments.listPullComments,
  ),
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': within(
    TALK_WRITE,
    comments.postComment,
  ),
  'POST /repos/{owner}/{repo}/statuses/{sha}': within('statuses=write', postStatus),
  'GET /repos/{owner}/{repo}/commits/{ref}/status': within('statuses=read', getCombinedStatus),
  'GET /repos/{owner}/{repo}/commits/{ref}/statuses': within('statuses=read', listStatuses),
  'GET /repos/{owner}/{repo}/commits/{ref}/check-runs': within(
    'checks=read',
    checks.listRunsOfCommit,
  ),
  'GET /repos/{owner}/{repo}/commits/{ref}': within('contents=read', getCommit),
  'POST /repos/{owner}/{repo}/check-runs': within('checks=write', checks.postRun),
  'GET /repos/{owner}/{repo}/check-runs/{check_run_id}': within('checks=read', checks.getRun),
  'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}': within('checks=write', checks.patchRun),
  'GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations': within(
    'checks=read',
    checks.listAnnotations,
  ),
  'GET /repos/{owner}/{repo}/collaborators/{username}/permission': {
    of: 'repository',
    accepted: 'metadata=read',
    closed: true,
    handle: getPermission,
  },
  'GET /repos/{owner}/{repo}/contents/{path}': within('contents=read', getContents),
  'GET /repos/{owner}/{repo}/compare/{basehead}': within('contents=read', compareCommits),
};
