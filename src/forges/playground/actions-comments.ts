import type { Context } from './context.ts';
import { loadPull } from './lookup.ts';
import { type Comment, type Repository, type Status, tellWatchers, type User } from './world.ts';

/** Changes that people and the bot make on a pull request. Whether they may is for the caller to know. */

export async function createComment(
  context: Context,
  repository: Repository,
  comment: { readonly pull: number; readonly by: User; readonly body: string },
): Promise<Comment> {
  const { world, clock } = context;
  const pull = loadPull(repository, comment.pull);
  const at = clock.now();
  const created: Comment = {
    id: world.nextId.comment++,
    repositoryId: repository.id,
    pull: comment.pull,
    authorId: comment.by.id,
    body: comment.body,
    createdAt: at,
    updatedAt: at,
    edits: 0,
    reactions: [],
  };
  world.comments.set(created.id, created);
  pull.updatedAt = at;
  tellWatchers(world);
  const change = { action: 'created', pull, comment: created, by: comment.by } as const;
  await context.tongue.announce.comment(context, repository, change);
  return created;
}

/** An edit to the same text changes nothing and sends nothing, as in Gitea. */
export async function editComment(
  context: Context,
  comment: Comment,
  edit: { readonly by: User; readonly body: string },
): Promise<void> {
  const repository = repositoryOf(context, comment);
  const from = comment.body;
  if (from === edit.body) return;
  comment.body = edit.body;
  comment.updatedAt = context.clock.now();
  comment.edits += 1;
  tellWatchers(context.world);
  const pull = loadPull(repository, comment.pull);
  const change = { action: 'edited', pull, comment, by: edit.by, from } as const;
  await context.tongue.announce.comment(context, repository, change);
}

export async function deleteComment(context: Context, comment: Comment, by: User): Promise<void> {
  const repository = repositoryOf(context, comment);
  context.world.comments.delete(comment.id);
  tellWatchers(context.world);
  const pull = loadPull(repository, comment.pull);
  await context.tongue.announce.comment(context, repository, {
    action: 'deleted',
    pull,
    comment,
    by,
  });
}

function repositoryOf(context: Context, comment: Comment): Repository {
  const repository = context.world.repositories.get(comment.repositoryId);
  if (repository === undefined) throw new Error(`comment ${comment.id} lost its repository`);
  return repository;
}

/** Sends no event. `created` is false when it was there before. */
export function addReaction(
  context: Context,
  comment: Comment,
  reaction: { readonly by: User; readonly content: string },
) {
  const { by, content } = reaction;
  const known = comment.reactions.find((one) => one.userId === by.id && one.content === content);
  if (known !== undefined) return { reaction: known, created: false };
  const added = { userId: by.id, content, createdAt: context.clock.now() };
  comment.reactions.push(added);
  tellWatchers(context.world);
  return { reaction: added, created: true };
}

export function removeReaction(
  context: Context,
  comment: Comment,
  reaction: { readonly by: User; readonly content: string },
): void {
  const index = comment.reactions.findIndex(
    (one) => one.userId === reaction.by.id && one.content === reaction.content,
  );
  if (index < 0) return;
  comment.reactions.splice(index, 1);
  tellWatchers(context.world);
}

export type NewStatus = Omit<Status, 'id' | 'creatorId' | 'createdAt'>;

/** Each call makes a new row; the newest of a context counts. */
export async function addStatus(
  context: Context,
  repository: Repository,
  at: { readonly sha: string; readonly by: User; readonly status: NewStatus },
): Promise<Status> {
  const rows = repository.statuses.get(at.sha) ?? [];
  const status = {
    ...at.status,
    id: rows.length + 1,
    creatorId: at.by.id,
    createdAt: context.clock.now(),
  };
  repository.statuses.set(at.sha, [...rows, status]);
  tellWatchers(context.world);
  await context.tongue.announce.status(context, repository, { sha: at.sha, status, by: at.by });
  return status;
}
