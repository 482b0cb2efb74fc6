import type { Reply } from '../../../src/forges/playground/http.ts';
import { deleteReviewComment, editReviewComment } from './actions-reviews.ts';
import { reactionRoutes, requireUnarchived } from './api-comments.ts';
import {
  changedSince,
  json,
  listReply,
  NO_CONTENT,
  notFound,
  number,
  type RepositoryCall,
  sorted,
  text,
  visible,
} from './call.ts';
import type { Review, ReviewComment } from './hub.ts';
import { reviewCommentView, reviewView } from './views-reviews.ts';

/** Reviews have no reactions over REST: those are asked of GraphQL. */

function requirePull(call: RepositoryCall, id: string) {
  const pull = call.repository.pulls.get(number(id));
  if (pull === undefined) throw notFound();
  return pull;
}

const viewReview = (call: RepositoryCall) => (review: Review) =>
  reviewView(call, call.repository, review, 'rest');

/** Oldest first. */
export function listReviews(call: RepositoryCall, id: string): Reply {
  const pull = requirePull(call, id);
  const own = [...call.hub.reviews.values()].filter(
    (one) => one.repositoryId === call.repository.id && one.pull === pull.number,
  );
  return listReply(call, own, viewReview(call));
}

export function getReview(call: RepositoryCall, id: string, reviewId: string): Reply {
  const pull = requirePull(call, id);
  const review = call.hub.reviews.get(number(reviewId));
  if (review?.repositoryId !== call.repository.id || review.pull !== pull.number) throw notFound();
  return json(200, viewReview(call)(review));
}

const view = (call: RepositoryCall) => (comment: ReviewComment) =>
  reviewCommentView(call, call.repository, comment);

function inRepository(call: RepositoryCall): readonly ReviewComment[] {
  const own = [...call.hub.reviewComments.values()].filter(
    (one) => one.repositoryId === call.repository.id,
  );
  return sorted(call, changedSince(call, visible(call, own)));
}

export function listReviewComments(call: RepositoryCall): Reply {
  return listReply(call, inRepository(call), view(call));
}

export function listPullReviewComments(call: RepositoryCall, id: string): Reply {
  const pull = requirePull(call, id);
  const own = inRepository(call).filter((one) => one.pull === pull.number);
  return listReply(call, own, view(call));
}

function requireComment(call: RepositoryCall, id: string): ReviewComment {
  const comment = call.hub.reviewComments.get(number(id));
  if (comment?.repositoryId !== call.repository.id) throw notFound();
  return comment;
}

export function getReviewComment(call: RepositoryCall, id: string): Reply {
  return json(200, view(call)(requireComment(call, id)));
}

export function patchReviewComment(call: RepositoryCall, id: string): Reply {
  requireUnarchived(call);
  const comment = requireComment(call, id);
  editReviewComment(call, comment, { by: call.user, body: text(call.input.body) });
  return json(200, view(call)(comment));
}

export function removeReviewComment(call: RepositoryCall, id: string): Reply {
  requireUnarchived(call);
  deleteReviewComment(call, requireComment(call, id), call.user);
  return NO_CONTENT;
}

export const reviewCommentReactions = reactionRoutes(requireComment);
