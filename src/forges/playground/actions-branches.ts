import type { Context } from './context.ts';
import type { Files, NewCommit } from './git.ts';
import { openPullsFrom } from './lookup.ts';
import { NO_COMMIT } from './push-view.ts';
import { emailOf } from './views.ts';
import { type Pull, type Repository, tellWatchers, type User } from './world.ts';

export type BranchCommit = {
  readonly branch: string;
  readonly files: Files;
  readonly message: string;
  readonly by: User;
  /** Full sha to build on instead of the branch's tip: that rewrites history. */
  readonly parent?: string;
};

/** Commits to a branch, makes the branch if it is new (from the default branch), and tells of the push. */
export async function commitToBranch(
  context: Context,
  repository: Repository,
  wanted: BranchCommit,
): Promise<string> {
  const ref = `refs/heads/${wanted.branch}`;
  const parent =
    wanted.parent ??
    repository.branches.get(wanted.branch) ??
    repository.branches.get(repository.defaultBranch);
  const before = repository.branches.get(wanted.branch) ?? NO_COMMIT;
  const after = await context.git.commit(
    repository.directory,
    newCommit(context, { ...wanted, ref, parent }),
  );
  repository.branches.set(wanted.branch, after);
  await onPushed(context, repository, { ref, before, after, by: wanted.by });
  return after;
}

type CommitWish = Omit<BranchCommit, 'branch' | 'parent'> & Pick<NewCommit, 'ref' | 'parent'>;

export function newCommit(context: Context, wish: CommitWish): NewCommit {
  const { ref, parent, files, message, by } = wish;
  const author = { name: by.login, email: emailOf(by.login) };
  return { ref, parent, files, message, author, at: context.clock.now() };
}

type Pushed = {
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  readonly by: User;
};

/** A ref has moved, by us or by `git push`: tell, and move the pull requests that hang on it. */
export async function onPushed(
  context: Context,
  repository: Repository,
  pushed: Pushed,
): Promise<void> {
  repository.updatedAt = context.clock.now();
  tellWatchers(context.world);
  await context.tongue.announce.push(context, repository, pushed);
  const branch = pushed.ref.replace(/^refs\/heads\//, '');
  for (const open of openPullsFrom(context.world, { repositoryId: repository.id, branch })) {
    await fetchHead(context, open.repository, { pull: open.pull, from: repository });
    await moveHead(context, open.repository, { ...open, sha: pushed.after, by: pushed.by });
  }
}

type HeadMove = { readonly pull: Pull; readonly sha: string; readonly by: User };

export async function moveHead(
  context: Context,
  repository: Repository,
  move: HeadMove,
): Promise<void> {
  const from = move.pull.headSha;
  move.pull.headSha = move.sha;
  move.pull.updatedAt = context.clock.now();
  tellWatchers(context.world);
  await context.tongue.announce.pull(context, repository, {
    action: 'synchronized',
    pull: move.pull,
    by: move.by,
    from,
  });
}

/** Brings the head commit into the base repository as `refs/pull/N/head`. */
export async function fetchHead(
  context: Context,
  repository: Repository,
  { pull, from }: { readonly pull: Pick<Pull, 'number' | 'head'>; readonly from: Repository },
): Promise<void> {
  const refs = `+refs/heads/${pull.head.branch}:refs/pull/${pull.number}/head`;
  await context.git.run(repository.directory, ['fetch', '--quiet', from.directory, refs]);
}

/** A lightweight tag. */
export async function createTag(
  context: Context,
  repository: Repository,
  tag: { readonly name: string; readonly sha: string; readonly by: User },
): Promise<void> {
  const ref = `refs/tags/${tag.name}`;
  await context.git.run(repository.directory, ['update-ref', ref, tag.sha]);
  repository.tags.set(tag.name, tag.sha);
  await onPushed(context, repository, { ref, before: NO_COMMIT, after: tag.sha, by: tag.by });
}
