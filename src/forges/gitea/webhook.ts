import { z } from 'zod';
import { mayHoldCommand } from '../../domain/command-scan.ts';
import type { Account, ForgeEvent, IgnoreReason } from '../../domain/forge-event.ts';
import { PayloadError, type WebhookRequest } from '../forge.ts';
import type { Dialect } from './dialect.ts';
import {
  ACTIONS_ACCOUNT_ID,
  commentDeliverySchema,
  pullDeliverySchema,
  pushDeliverySchema,
} from './payloads.ts';
import { headerOf, isForm, payloadBytes } from './signature.ts';

type Route = { kind: 'comment' | 'pull' | 'push' } | { kind: 'ignored'; reason: IgnoreReason };

const ignored = (reason: IgnoreReason) => ({ kind: 'ignored', reason }) as const;

/**
 * By the fine name, `X-Gitea-Event-Type`. The coarse `X-Gitea-Event` says `pull_request_comment` for a review, which
 * is the fine name of a plain comment; it is used only where the fine one is missing, and there names other things.
 */
function routeOf(request: WebhookRequest, dialect: Dialect): Route {
  const type = headerOf(request, dialect, 'event-type');
  if (type === 'pull_request_comment') return { kind: 'comment' };
  if (type === 'issue_comment') return ignored('not_a_pull_request');
  const name = type || headerOf(request, dialect, 'event');
  if (name === 'issue_comment') return { kind: 'comment' };
  if (name === 'pull_request' || name === 'pull_request_sync') return { kind: 'pull' };
  if (/^pull_request_(review_)?(approved|rejected|comment)$/.test(name))
    return ignored('review_without_id');
  return name === 'push' ? { kind: 'push' } : ignored('event_not_used');
}

/** Headers, then a scan of the bytes. */
export function prefilter(request: WebhookRequest, dialect: Dialect): IgnoreReason | undefined {
  const route = routeOf(request, dialect);
  if (route.kind === 'ignored') return route.reason;
  if (route.kind === 'comment' && !isForm(request) && !mayHoldCommand(request.body))
    return 'no_command';
  return route.kind === 'push' ? scanPush(request.body) : undefined;
}

/** Throws `SyntaxError` for broken JSON and `PayloadError` for JSON that lacks what its event promises. */
export function normalize(
  request: WebhookRequest,
  dialect: Dialect,
  bot: Account | undefined,
): ForgeEvent {
  const route = routeOf(request, dialect);
  if (route.kind === 'ignored') return route;
  const payload: unknown = JSON.parse(payloadBytes(request).toString('utf8'));
  if (route.kind === 'comment') return normalizeComment(payload, bot);
  return route.kind === 'pull' ? normalizePull(payload) : normalizePush(payload);
}

const COMMENT_KINDS: Readonly<
  Record<string, 'comment-created' | 'comment-edited' | 'comment-deleted'>
> = {
  created: 'comment-created',
  edited: 'comment-edited',
  deleted: 'comment-deleted',
};

function normalizeComment(payload: unknown, bot: Account | undefined): ForgeEvent {
  const delivery = read(commentDeliverySchema, payload);
  const { comment, sender: actor } = delivery;
  const kind = COMMENT_KINDS[delivery.action];
  if (!delivery.is_pull) return ignored('not_a_pull_request');
  if (kind === undefined) return ignored('action_not_used');
  if (bot && (actor.id === bot.id || comment.author.id === bot.id)) return ignored('own_comment');
  if (actor.id === ACTIONS_ACCOUNT_ID) return ignored('bot_author');
  if (kind === 'comment-edited' && actor.id !== comment.author.id)
    return { ...ignored('edited_by_other'), comment: { id: comment.id, body: comment.body } };
  const repository = delivery.repository.full_name;
  return { kind, repository, pull: delivery.issue.number, actor, comment };
}

const PULL_KINDS: Readonly<
  Record<string, 'pull-request-opened' | 'pull-request-updated' | 'pull-request-closed'>
> = {
  opened: 'pull-request-opened',
  reopened: 'pull-request-opened',
  synchronized: 'pull-request-updated',
  // Also when the head branch or the fork is deleted: no push tells it.
  closed: 'pull-request-closed',
};

function normalizePull(payload: unknown): ForgeEvent {
  const delivery = read(pullDeliverySchema, payload);
  const kind = PULL_KINDS[delivery.action];
  if (kind === undefined) return ignored('action_not_used');
  return {
    kind,
    repository: delivery.repository.full_name,
    pull: delivery.number,
    actor: delivery.sender,
    sha: delivery.pull_request.head.sha,
    merged: delivery.pull_request.merged,
  };
}

/** Pushes can be large: the two shas stand in front. */
function scanPush(body: Buffer): IgnoreReason | undefined {
  const shas = /^\s*\{\s*"ref":\s*"[^"]*",\s*"before":\s*"(\w+)",\s*"after":\s*"(\w+)"/.exec(
    body.toString('latin1', 0, 512),
  );
  if (!shas) return undefined;
  return pushReason(shas[1], shas[2]);
}

/** We ask for no pushes; the test button of the hook's page sends one that goes nowhere. */
const pushReason = (before: string | undefined, after: string | undefined) =>
  before === after ? 'test_delivery' : 'event_not_used';

function normalizePush(payload: unknown): ForgeEvent {
  const push = read(pushDeliverySchema, payload);
  return ignored(pushReason(push.before, push.after));
}

function read<Schema extends z.ZodType>(schema: Schema, payload: unknown): z.output<Schema> {
  const parsed = schema.safeParse(payload);
  if (!parsed.success) throw new PayloadError(z.prettifyError(parsed.error));
  return parsed.data;
}
