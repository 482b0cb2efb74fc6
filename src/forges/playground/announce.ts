import type { Context } from './context.ts';
import { goTime } from './go-json.ts';
import { issueView, pullView } from './pull-view.ts';
import {
  createRefView,
  deleteRefView,
  NO_COMMIT,
  type Push,
  pushView,
  readCommits,
} from './push-view.ts';
import { commentView, type Json, permissionsOf, repositoryView, userView } from './views.ts';
import type { Comment, Pull, Repository, Status, User } from './world.ts';

/** Each function sends one event to the hooks that listen for it. What Gitea keeps silent about has none here. */

export type CommentChange = {
  readonly action: 'created' | 'edited' | 'deleted';
  readonly pull: Pull;
  readonly comment: Comment;
  readonly by: User;
  /** The text before an edit. */
  readonly from?: string;
};

/** `repository.permissions` are those of the sender, here and nowhere else. */
export async function announceComment(
  context: Context,
  repository: Repository,
  change: CommentChange,
): Promise<void> {
  if (!isHeard(repository, 'pull_request_comment')) return;
  const { action, pull, comment, by, from } = change;
  const payload = {
    action,
    issue: issueView(context, repository, pull),
    pull_request: await pullView(context, repository, pull, { viewer: by }),
    comment: commentView(context, comment),
    ...(from === undefined ? {} : { changes: changesView({ body: { from } }) }),
    repository: repositoryView(context, repository, permissionsOf(repository, by)),
    sender: userView(context, by.id),
    is_pull: true,
  };
  const eventType = 'pull_request_comment';
  context.webhooks.send(repository, { event: 'issue_comment', eventType, payload });
}

export type PullChange = {
  readonly action: 'opened' | 'synchronized' | 'edited' | 'closed' | 'reopened';
  readonly pull: Pull;
  readonly by: User;
  readonly changes?: Json;
  /** What an edited field was before, or the head's sha before a push. */
  readonly from?: string;
};

export async function announcePull(
  context: Context,
  repository: Repository,
  change: PullChange,
): Promise<void> {
  const { action, pull, by, changes } = change;
  const eventType = action === 'synchronized' ? 'pull_request_sync' : 'pull_request';
  if (!isHeard(repository, eventType)) return;
  const payload = {
    action,
    number: pull.number,
    ...(changes === undefined ? {} : { changes: changesView(changes) }),
    pull_request: await pullView(context, repository, pull, { viewer: by }),
    requested_reviewer: null,
    repository: repositoryView(context, repository, permissionsOf(repository, by)),
    sender: userView(context, by.id),
    commit_id: '',
    review: null,
  };
  context.webhooks.send(repository, { event: 'pull_request', eventType, payload });
}

function changesView(changes: Json): Json {
  return { ...changes, added_labels: null, removed_labels: null };
}

/** A new ref sends `create` first; a tag is pushed before it is created. */
export async function announcePush(
  context: Context,
  repository: Repository,
  push: Push,
): Promise<void> {
  const [, kind, name = ''] = /^refs\/(heads|tags)\/(.+)$/.exec(push.ref) ?? [];
  const type = kind === 'tags' ? 'tag' : 'branch';
  const created =
    push.before === NO_COMMIT
      ? createRefView(context, repository, { type, name, sha: push.after, by: push.by })
      : undefined;
  const sendCreated = () => {
    if (created)
      context.webhooks.send(repository, { event: 'create', eventType: 'create', payload: created });
  };
  if (type === 'branch') sendCreated();
  if (isHeard(repository, 'push')) {
    const payload = await pushView(context, repository, push);
    const filter = type === 'branch' ? { branch: name } : {};
    context.webhooks.send(repository, { event: 'push', eventType: 'push', payload, ...filter });
  }
  if (type === 'tag') sendCreated();
}

/** Deleting a branch sends `delete` only, never a push with an `after` of zeros. */
export function announceDeletedBranch(
  context: Context,
  repository: Repository,
  branch: { readonly name: string; readonly by: User },
): void {
  const payload = deleteRefView(context, repository, { type: 'branch', ...branch });
  context.webhooks.send(repository, { event: 'delete', eventType: 'delete', payload });
}

export type NewStatus = { readonly sha: string; readonly status: Status; readonly by: User };

/** The word is in `state` here, in `status` over REST. */
export async function announceStatus(
  context: Context,
  repository: Repository,
  { sha, status, by }: NewStatus,
): Promise<void> {
  if (!isHeard(repository, 'status')) return;
  const at = goTime(status.createdAt);
  const [commit] = await readCommits(context, repository, `${sha}^!`);
  const payload = {
    commit,
    context: status.context,
    created_at: at,
    description: status.description,
    id: status.id,
    repository: repositoryView(context, repository, permissionsOf(repository, by)),
    sender: userView(context, by.id),
    sha,
    state: status.state,
    target_url: status.targetUrl,
    updated_at: at,
  };
  context.webhooks.send(repository, { event: 'status', eventType: 'status', payload });
}

/** Spares the work for a payload that nobody gets. */
function isHeard(repository: Repository, eventType: string): boolean {
  return [...repository.hooks.values()].some(
    (hook) => hook.active && hook.events.includes(eventType),
  );
}
