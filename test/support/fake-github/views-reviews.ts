import type { Repository } from '../../../src/forges/playground/world.ts';
import type { Review, ReviewComment, Scene } from './hub.ts';
import { nodeId } from './node-ids.ts';
import { association, isoTime, type Json, pageUrl, repositoryUrl, userView } from './views.ts';
import { rollupView } from './views-comments.ts';

/** The state is in capitals over REST, in small letters in webhooks; an empty body is `""` there, `null` here. */
export function reviewView(
  scene: Scene,
  repository: Repository,
  review: Review,
  where: 'rest' | 'webhook',
): Json {
  const url = `${repositoryUrl(scene, repository)}/pulls/${review.pull}`;
  const page = `${pageUrl(scene, repository)}/pull/${review.pull}#pullrequestreview-${review.id}`;
  const isKnown = scene.context.world.users.has(review.authorId);
  const isHook = where === 'webhook';
  return {
    id: review.id,
    node_id: nodeId('PullRequestReview', review.id),
    user: isKnown ? userView(scene, review.authorId) : null,
    body: isHook && review.body === '' ? null : review.body,
    state: isHook ? review.state : review.state.toUpperCase(),
    html_url: page,
    pull_request_url: url,
    author_association: association(scene, repository, review.authorId),
    _links: { html: { href: page }, pull_request: { href: url } },
    submitted_at: isoTime(review.submittedAt),
    commit_id: review.commitId,
    ...(isHook ? { updated_at: isoTime(review.updatedAt) } : {}),
  };
}

export function reviewCommentView(
  scene: Scene,
  repository: Repository,
  comment: ReviewComment,
): Json {
  const api = repositoryUrl(scene, repository);
  const url = `${api}/pulls/comments/${comment.id}`;
  const page = `${pageUrl(scene, repository)}/pull/${comment.pull}#discussion_r${comment.id}`;
  const pull = `${api}/pulls/${comment.pull}`;
  return {
    url,
    pull_request_review_id: comment.reviewId,
    id: comment.id,
    node_id: nodeId('PullRequestReviewComment', comment.id),
    diff_hunk: '@@ -1 +1 @@',
    path: comment.path,
    commit_id: comment.commitId,
    original_commit_id: comment.commitId,
    user: userView(scene, comment.authorId),
    body: comment.body,
    created_at: isoTime(comment.createdAt),
    updated_at: isoTime(comment.updatedAt),
    html_url: page,
    pull_request_url: pull,
    author_association: association(scene, repository, comment.authorId),
    _links: { self: { href: url }, html: { href: page }, pull_request: { href: pull } },
    reactions: rollupView(url, comment.reactions),
    start_line: null,
    original_start_line: null,
    start_side: null,
    line: comment.line,
    original_line: comment.line,
    side: 'RIGHT',
    original_position: 1,
    position: 1,
    subject_type: 'line',
    ...(comment.inReplyTo === undefined ? {} : { in_reply_to_id: comment.inReplyTo }),
  };
}
