import { isTerminal, type Run } from '../domain/run.ts';
import type { CommitStatus, Reaction } from '../forges/forge.ts';
import type { CommandRecord } from '../ledger/commands.ts';
import type { Message, PingMessage } from './message.ts';
import { reactionOf, statusOf, teardownStatusOf } from './project.ts';

/** What the forge should show of one command: compared with what it shows, the difference is sent. */
export type Answer = {
  readonly reaction: Reaction | undefined;
  readonly comment: AnswerComment | undefined;
  readonly statuses: readonly CommitStatus[];
  readonly ping: PingMessage | undefined;
};

export type AnswerComment = {
  readonly message: Message;
  /** `status`: lives and is edited. `reply`: said once. */
  readonly kind: 'status' | 'reply';
  /** Nothing more will change by itself: shown at once, whatever the pace of edits. */
  readonly final: boolean;
  readonly rev: number;
  readonly runId?: string;
};

export const NOTHING: Answer = {
  reaction: undefined,
  comment: undefined,
  statuses: [],
  ping: undefined,
};

/** Commit statuses of the runs that a command owns. */
export function statusesOf(
  runs: readonly Run[],
  of: { page(run: Run): string; details(run: Run): CommitStatus['details'] },
): readonly CommitStatus[] {
  return runs.flatMap((run) => {
    const at = { sha: run.sha, url: of.page(run) };
    const teardown = teardownStatusOf(run);
    const details = of.details(run);
    return [
      { ...statusOf(run), ...at, ...(details ? { details } : {}) },
      ...(teardown ? [{ ...teardown, ...at }] : []),
    ];
  });
}

/** The reaction for several runs: the worst outcome speaks, and none while one is still on its way. */
export function reactionOfAll(runs: readonly Run[]): Reaction | undefined {
  if (runs.some((run) => !isTerminal(run.state))) return 'eyes';
  const reactions = runs.map(reactionOf);
  return reactions.find((reaction) => reaction === '-1') ?? reactions.find(Boolean);
}

/** Does the repository want this comment? `comments: all | outcomes | failures | off`. */
export function isWanted(command: CommandRecord, runs: readonly Run[]): boolean {
  const over = runs.every((run) => isTerminal(run.state));
  const bad = runs.some((run) => ['failed', 'errored', 'timed_out'].includes(run.state));
  switch (command.detail.comments ?? 'all') {
    case 'all':
      return true;
    case 'outcomes':
      return over;
    case 'failures':
      return over && bad;
    case 'off':
      return false;
  }
}
