import type { Account } from './forge-event.ts';

/**
 * Whoever may read `signalbox.yml` on the host. Never comes from a forge: only the command line hands it in, under a
 * comment id that no forge gives.
 */
export const OPERATOR: Account = { id: 'operator', login: 'operator' };

/** A command that came another way than by a comment has an id of ours where the comment's would be. */
export const CLI_PREFIX = 'cli-';
export const BUTTON_PREFIX = 'button-';

export type Origin = 'comment' | 'cli' | 'button';

export function originOf(commentId: string): Origin {
  if (commentId.startsWith(CLI_PREFIX)) return 'cli';
  return commentId.startsWith(BUTTON_PREFIX) ? 'button' : 'comment';
}

export function isOperator(commentId: string, account: Account): boolean {
  return originOf(commentId) === 'cli' && account.id === OPERATOR.id;
}
