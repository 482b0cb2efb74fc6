import { z } from 'zod';
import { mayHoldCommand } from '../../domain/command-scan.ts';
import type {
  Account,
  ButtonAction,
  Comment,
  CommentEvent,
  ForgeEvent,
  IgnoreReason,
  PullRequestEvent,
} from '../../domain/forge-event.ts';
import { PayloadError, type WebhookRequest } from '../forge.ts';
import {
  checkRunDelivery,
  checkSuiteDelivery,
  installationDelivery,
  issueCommentDelivery,
  lineCommentDelivery,
  pullDelivery,
  reviewDelivery,
  toReviewComment,
} from './payloads.ts';

/** Who we are, as far as it is known: our own words and checks are told apart by it. */
export type Self = { readonly account: Account | undefined; readonly appId: number | undefined };

type Normalizer = (payload: unknown, self: Self) => ForgeEvent;

/** By `X-GitHub-Event`. */
const NORMALIZERS: Readonly<Record<string, Normalizer>> = {
  issue_comment: normalizeIssueComment,
  pull_request_review: normalizeReview,
  pull_request_review_comment: normalizeLineComment,
  pull_request: normalizePull,
  check_run: normalizeCheckRun,
  check_suite: normalizeCheckSuite,
  installation: normalizeInstallation,
  installation_repositories: normalizeInstallation,
};

/** Events that the code understands, for the comparison with `app.yml`. @internal */
export const UNDERSTOOD_EVENTS = Object.keys(NORMALIZERS);

const COMMENTS = ['issue_comment', 'pull_request_review_comment'];

const ignored = (reason: IgnoreReason) => ({ kind: 'ignored', reason }) as const;
const eventOf = ({ headers }: WebhookRequest) => headers['x-github-event'] ?? '';

/** Headers, then a scan of the bytes. */
export function prefilter(request: WebhookRequest): IgnoreReason | undefined {
  const event = eventOf(request);
  // Told apart when it is parsed: whoever sets the App up looks for it.
  if (event === 'ping') return undefined;
  if (!Object.hasOwn(NORMALIZERS, event)) return 'event_not_used';
  const isComment = COMMENTS.includes(event) && isJson(request);
  return isComment && !mayHoldCommand(request.body) ? 'no_command' : undefined;
}

/** Throws `SyntaxError` for broken JSON and `PayloadError` for JSON that lacks what its event promises. */
export function normalize(request: WebhookRequest, self: Self): ForgeEvent {
  const event = eventOf(request);
  if (event === 'ping') return ignored('test_delivery');
  const normalizer = Object.hasOwn(NORMALIZERS, event) ? NORMALIZERS[event] : undefined;
  if (!normalizer) return ignored('event_not_used');
  if (!isJson(request))
    throw new PayloadError(
      'the content type must be application/json: set it in the App’s settings',
    );
  return normalizer(JSON.parse(request.body.toString('utf8')), self);
}

function isJson({ headers }: WebhookRequest): boolean {
  return (headers['content-type'] ?? '').toLowerCase().startsWith('application/json');
}

type CommentKind = CommentEvent['kind'];
const COMMENT_KINDS: Readonly<Record<string, CommentKind>> = {
  created: 'comment-created',
  edited: 'comment-edited',
  deleted: 'comment-deleted',
};
/** A review is written when it is submitted; dismissing it takes nothing back. */
const REVIEW_KINDS: Readonly<Record<string, CommentKind>> = {
  submitted: 'comment-created',
  edited: 'comment-edited',
};

function normalizeIssueComment(payload: unknown, self: Self): ForgeEvent {
  const delivery = read(issueCommentDelivery, payload);
  if (!delivery.issue.pull_request) return ignored('not_a_pull_request');
  const kind = COMMENT_KINDS[delivery.action];
  return toCommentEvent(kind, { ...delivery, pull: delivery.issue.number }, self);
}

function normalizeLineComment(payload: unknown, self: Self): ForgeEvent {
  const delivery = read(lineCommentDelivery, payload);
  const pull = delivery.pull_request.number;
  const { comment } = delivery.comment;
  return toCommentEvent(COMMENT_KINDS[delivery.action], { ...delivery, comment, pull }, self);
}

function normalizeReview(payload: unknown, self: Self): ForgeEvent {
  const delivery = read(reviewDelivery, payload);
  const pull = delivery.pull_request.number;
  const comment = toReviewComment(delivery.review, pull);
  if (comment === undefined) return ignored('action_not_used');
  return toCommentEvent(REVIEW_KINDS[delivery.action], { ...delivery, comment, pull }, self);
}

type CommentDelivery = {
  readonly repository: { readonly full_name: string };
  readonly sender: Account & { readonly isBot: boolean };
  readonly pull: number;
  readonly comment: Comment;
};

function toCommentEvent(
  kind: CommentKind | undefined,
  { repository, sender, pull, comment }: CommentDelivery,
  self: Self,
): ForgeEvent {
  const { isBot, ...actor } = sender;
  const bot = self.account?.id;
  if (kind === undefined) return ignored('action_not_used');
  if (bot !== undefined && (actor.id === bot || comment.author.id === bot))
    return ignored('own_comment');
  if (isBot) return ignored('bot_author');
  if (kind === 'comment-edited' && actor.id !== comment.author.id)
    return { ...ignored('edited_by_other'), comment: { id: comment.id, body: comment.body } };
  return { kind, repository: repository.full_name, pull, actor, comment };
}

const PULL_KINDS: Readonly<Record<string, PullRequestEvent['kind']>> = {
  opened: 'pull-request-opened',
  reopened: 'pull-request-opened',
  synchronize: 'pull-request-updated',
  // Also when the head branch or the fork is deleted.
  closed: 'pull-request-closed',
};

function normalizePull(payload: unknown): ForgeEvent {
  const delivery = read(pullDelivery, payload);
  const kind = PULL_KINDS[delivery.action];
  if (kind === undefined) return ignored('action_not_used');
  const { isBot: _, ...actor } = delivery.sender;
  return {
    kind,
    repository: delivery.repository.full_name,
    pull: delivery.number,
    actor,
    sha: delivery.pull_request.head.sha,
    merged: delivery.pull_request.merged === true,
  };
}

const BUTTONS: readonly ButtonAction[] = ['retry', 'all', 'cancel'];

/** GitHub's own "Re-run" is our first button. */
function normalizeCheckRun(payload: unknown, self: Self): ForgeEvent {
  const { action, check_run: check, ...delivery } = read(checkRunDelivery, payload);
  if (action !== 'rerequested' && action !== 'requested_action') return ignored('action_not_used');
  if (check.app?.id !== self.appId) return ignored('not_our_check');
  const pressed = action === 'rerequested' ? 'retry' : delivery.requested_action?.identifier;
  const button = BUTTONS.find((known) => known === pressed);
  if (!button || !check.external_id) return ignored('not_our_check');
  return toButtonEvent(button, delivery, { sha: check.head_sha, key: check.external_id });
}

/** "Re-run all checks" of a commit. Asked of every App that has a suite there, also of one without any check. */
function normalizeCheckSuite(payload: unknown, self: Self): ForgeEvent {
  const { action, check_suite: suite, ...delivery } = read(checkSuiteDelivery, payload);
  if (action !== 'rerequested') return ignored('action_not_used');
  if (suite.app?.id !== self.appId) return ignored('not_our_check');
  return toButtonEvent('all', delivery, { sha: suite.head_sha });
}

function toButtonEvent(
  action: ButtonAction,
  delivery: Pick<CommentDelivery, 'repository' | 'sender'>,
  of: { sha: string; key?: string },
): ForgeEvent {
  const { isBot, ...actor } = delivery.sender;
  if (isBot) return ignored('bot_author');
  const repository = delivery.repository.full_name;
  return { kind: 'button-pressed', action, repository, actor, ...of };
}

const ACCESS = {
  created: 'granted',
  added: 'granted',
  unsuspend: 'granted',
  new_permissions_accepted: 'granted',
  suspend: 'suspended',
  deleted: 'removed',
  removed: 'removed',
} as const;

function normalizeInstallation(payload: unknown): ForgeEvent {
  const delivery = read(installationDelivery, payload);
  const { isBot: _, ...actor } = delivery.sender;
  const access = Object.hasOwn(ACCESS, delivery.action)
    ? ACCESS[delivery.action as keyof typeof ACCESS]
    : undefined;
  if (access === undefined) return ignored('action_not_used');
  const named =
    access === 'removed' && delivery.repositories_removed
      ? delivery.repositories_removed
      : (delivery.repositories_added ?? delivery.repositories ?? []);
  const owner = delivery.installation.account?.login;
  const all = owner === undefined ? [] : [`${owner}/*`];
  const repositories = named.length > 0 ? named.map(({ full_name: name }) => name) : all;
  return { kind: 'access-changed', actor, access, repositories };
}

function read<Schema extends z.ZodType>(schema: Schema, payload: unknown): z.output<Schema> {
  const parsed = schema.safeParse(payload);
  if (!parsed.success) throw new PayloadError(z.prettifyError(parsed.error));
  return parsed.data;
}
