/** Facts that a forge tells us, the same words for every forge. Produced only by `forges/<x>/webhook.ts`. */

/** A forge account. `id` is the forge's stable id as text; logins get renamed. */
export type Account = { readonly id: string; readonly login: string };

export type Comment = {
  readonly id: string;
  /** Raw Markdown, hostile. */
  readonly body: string;
  readonly author: Account;
  readonly url: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** Why an event is no concern of ours: recorded with the delivery, so that "why did it not react?" has an answer. */
export const IGNORE_REASONS = {
  event_not_used: 'this kind of event is never used',
  action_not_used: 'this action of the event is never used',
  not_a_pull_request: 'the comment is on an issue, not on a pull request',
  own_comment: 'the bot itself wrote or changed it',
  edited_by_other: 'somebody other than the author edited the comment',
  no_command: 'nothing in the text looks like a command',
  repository_not_allowed: 'the repository is not listed under `repositories` of this forge',
  review_without_id: 'a review carries no id on this forge, so it cannot be answered or told apart',
  test_delivery: 'the test button of the webhook page',
  bot_author: 'another bot wrote it',
  already_known: 'the same command was seen before',
  not_our_build: 'a build that Signalbox did not start',
  not_our_check: 'a check that Signalbox did not make',
} as const;
export type IgnoreReason = keyof typeof IGNORE_REASONS;

type OnPullRequest = {
  /** `owner/name` */
  readonly repository: string;
  readonly pull: number;
  /** Who caused the event; for comments not always the author. */
  readonly actor: Account;
};

export type CommentEvent = OnPullRequest & {
  readonly kind: 'comment-created' | 'comment-edited' | 'comment-deleted';
  readonly comment: Comment;
};

export type PullRequestEvent = OnPullRequest & {
  readonly kind: 'pull-request-opened' | 'pull-request-updated' | 'pull-request-closed';
  /** Head commit the event names; a hint only, always read again before it is used. */
  readonly sha: string;
  readonly merged: boolean;
};

export type ButtonAction = 'retry' | 'all' | 'cancel';

/** Somebody pressed a button that we put beside a commit status, or the forge's own for running it again. */
export type ButtonEvent = {
  readonly kind: 'button-pressed';
  readonly repository: string;
  readonly actor: Account;
  readonly action: ButtonAction;
  readonly sha: string;
  /** `key` of the status details it belongs to; absent: all of the commit. */
  readonly key?: string;
};

/** Repositories came into our reach, or left it. */
export type AccessEvent = {
  readonly kind: 'access-changed';
  readonly actor: Account;
  /** `suspended` may come back as it was, `removed` is gone. */
  readonly access: 'granted' | 'suspended' | 'removed';
  /** Full names; `owner/*` for all of an owner. */
  readonly repositories: readonly string[];
};

export type IgnoredEvent = {
  readonly kind: 'ignored';
  readonly reason: IgnoreReason;
  /** A text that must not be obeyed whichever way it arrives again: a list of comments does not tell who edited. */
  readonly comment?: Pick<Comment, 'id' | 'body'>;
};

export type ForgeEvent = CommentEvent | PullRequestEvent | ButtonEvent | AccessEvent | IgnoredEvent;

export type Repository = {
  readonly id: string;
  /** `owner/name` */
  readonly fullName: string;
  readonly defaultBranch: string;
  readonly url: string;
  readonly cloneUrl: string;
  readonly archived: boolean;
};

export type PullRequest = {
  readonly number: number;
  readonly title: string;
  readonly url: string;
  readonly state: 'open' | 'closed' | 'merged';
  readonly author: Account;
  /** `trusted`: a branch of the same repository. Forks and AGit heads are written by strangers. */
  readonly head: {
    readonly ref: string;
    readonly sha: string;
    readonly origin: 'branch' | 'fork' | 'agit';
  };
  readonly base: { readonly ref: string; readonly sha: string };
  readonly repository: Repository;
};
