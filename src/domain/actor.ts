import type { Account } from './forge-event.ts';

/**
 * Whoever may read `signalbox.yml` on the host. Never comes from a forge: only the command line hands it in, under a
 * comment id that no forge gives.
 */
export const OPERATOR: Account = { id: 'operator', login: 'operator' };

export function isOperator(commentId: string, account: Account): boolean {
  return commentId.startsWith('cli-') && account.id === OPERATOR.id;
}
