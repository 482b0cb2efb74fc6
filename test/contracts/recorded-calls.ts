import { COMMENT_CALLS } from './recorded-comment-calls.ts';
import { HOOK_CALLS } from './recorded-hook-calls.ts';
import type { Replay } from './recorded-replay.ts';
import { REPOSITORY_CALLS } from './recorded-repository-calls.ts';
import { ROLE_CALLS } from './recorded-role-calls.ts';

/** What we ask in each recorded API case, and what must come of it. */
export const CALLS: Readonly<Record<string, Replay>> = {
  ...COMMENT_CALLS,
  ...HOOK_CALLS,
  ...REPOSITORY_CALLS,
  ...ROLE_CALLS,
};
