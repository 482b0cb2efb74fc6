import type { Pull, Repository, User } from '../../../src/forges/playground/world.ts';
import { announce, pullOf } from './announce-news.ts';
import type { Review, ReviewComment, ReviewState, Scene } from './hub.ts';
import { nodeId } from './node-ids.ts';
import type { Json } from './views.ts';
import { simplePullView } from './views-pull.ts';
import { reviewCommentView, reviewView } from './views-reviews.ts';

/** Reviews and the remarks on lines that belong to them. Each change sends its webhook. */

type On = { readonly repository: Repository; readonly pull: Pull };

export function submitReview(
  scene: Scene,
  on: On,
  wanted: { readonly by: User; readonly body: string | null; readonly state: ReviewState },
): Review {
  const { hub, context } = scene;
  const at = context.clock.now();
  const review: Review = {
    id: hub.nextId.review++,
    repositoryId: on.repository.id,
    pull: on.pull.number,
    authorId: wanted.by.id,
    body: wanted.body ?? '',
    state: wanted.state,
    commitId: on.pull.headSha,
    submittedAt: at,
    updatedAt: at,
    reactions: [],
  };
  hub.reviews.set(review.id, review);
  on.pull.updatedAt = at;
  announceReview(scene, 'submitted', review, { by: wanted.by });
  return review;
}

export function editReview(
  scene: Scene,
  review: Review,
  edit: { readonly by: User; readonly body: string },
): void {
  const from = review.body;
  review.body = edit.body;
  review.updatedAt = scene.context.clock.now();
  announceReview(scene, 'edited', review, { by: edit.by, changes: { body: { from } } });
}

type Told = { readonly by: User; readonly changes?: Json };

function announceReview(
  scene: Scene,
  action: 'submitted' | 'edited',
  review: Review,
  { by, changes }: Told,
): void {
  const { repository, pull } = pullOf(scene, review);
  const payload = {
    action,
    ...(changes === undefined ? {} : { changes }),
    review: reviewView(scene, repository, review, 'webhook'),
    pull_request: simplePullView(scene, repository, pull),
  };
  announce(scene, { event: 'pull_request_review', repository, by, payload });
}

export type NewReviewComment = {
  readonly by: User;
  readonly body: string;
  readonly path?: string;
  readonly line?: number;
  readonly inReplyTo?: number;
};

/** A single remark makes a review of its own, whose body is empty: both events are sent. */
export function addReviewComment(scene: Scene, on: On, wanted: NewReviewComment): ReviewComment {
  const { hub, context } = scene;
  const { by, body, path = 'app.js', line = 1, inReplyTo } = wanted;
  const review = submitReview(scene, on, { by, body: null, state: 'commented' });
  const at = context.clock.now();
  const comment: ReviewComment = {
    id: hub.nextId.reviewComment++,
    reviewId: review.id,
    repositoryId: on.repository.id,
    pull: on.pull.number,
    authorId: by.id,
    body,
    path,
    line,
    inReplyTo,
    commitId: on.pull.headSha,
    createdAt: at,
    updatedAt: at,
    reactions: [],
  };
  hub.reviewComments.set(comment.id, comment);
  announceReviewComment(scene, 'created', comment, { by });
  return comment;
}

export function editReviewComment(
  scene: Scene,
  comment: ReviewComment,
  edit: { readonly by: User; readonly body: string },
): void {
  const from = comment.body;
  comment.body = edit.body;
  comment.updatedAt = scene.context.clock.now();
  announceReviewComment(scene, 'edited', comment, { by: edit.by, changes: { body: { from } } });
}

export function deleteReviewComment(scene: Scene, comment: ReviewComment, by: User): void {
  scene.hub.reviewComments.delete(comment.id);
  scene.hub.minimized.delete(nodeId('PullRequestReviewComment', comment.id));
  announceReviewComment(scene, 'deleted', comment, { by });
}

function announceReviewComment(
  scene: Scene,
  action: 'created' | 'edited' | 'deleted',
  comment: ReviewComment,
  { by, changes }: Told,
): void {
  const { repository, pull } = pullOf(scene, comment);
  const payload = {
    action,
    ...(changes === undefined ? {} : { changes }),
    comment: reviewCommentView(scene, repository, comment),
    pull_request: simplePullView(scene, repository, pull),
  };
  announce(scene, { event: 'pull_request_review_comment', repository, by, payload });
}
