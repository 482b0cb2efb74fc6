/**
 * GitHub keeps three kinds of comments on a pull request, each with ids of its own: so an id of ours says which.
 * `17` is a comment of the conversation, `review-4-17` the text of a review of pull request 4, `line-17` a comment on
 * a line. A review is found again only by its pull request's number.
 */
export type CommentPlace =
  | { readonly kind: 'conversation'; readonly id: number }
  | { readonly kind: 'review'; readonly pull: number; readonly id: number }
  | { readonly kind: 'line'; readonly id: number };

export function formatCommentId(place: CommentPlace): string {
  switch (place.kind) {
    case 'conversation':
      return String(place.id);
    case 'review':
      return `review-${place.pull}-${place.id}`;
    case 'line':
      return `line-${place.id}`;
  }
}

/** Undefined for an id that no comment of GitHub's has. */
export function parseCommentId(text: string): CommentPlace | undefined {
  const match = /^(?:(line)-|review-(\d{1,9})-)?(\d{1,18})$/.exec(text);
  if (!match) return undefined;
  const id = Number(match[3]);
  if (match[1]) return { kind: 'line', id };
  return match[2] ? { kind: 'review', pull: Number(match[2]), id } : { kind: 'conversation', id };
}
