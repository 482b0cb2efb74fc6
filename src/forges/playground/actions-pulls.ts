import { commitToBranch, fetchHead, moveHead, newCommit, onPushed } from './actions-branches.ts';
import type { Context } from './context.ts';
import { type Files, GitError } from './git.ts';
import { loadPull, openPullsFrom } from './lookup.ts';
import { baseSha } from './pull-view.ts';
import { type Pull, type Repository, tellWatchers, type User } from './world.ts';

export type NewPull = {
  readonly title: string;
  readonly body?: string;
  readonly by: User;
  readonly base?: string;
  /** Where the change is: a branch of this repository, of a fork, or a commit pushed the AGit way. */
  readonly head: { readonly branch: string; readonly fork?: Repository } | { readonly agit: Files };
};

export async function openPull(
  context: Context,
  repository: Repository,
  wanted: NewPull,
): Promise<Pull> {
  const base = wanted.base ?? repository.defaultBranch;
  const at = context.clock.now();
  const number = repository.pulls.size + 1;
  const head = headOf(repository, wanted.head);
  const headSha =
    'agit' in wanted.head
      ? await writeAgit(context, repository, { ...wanted, base, number, files: wanted.head.agit })
      : (wanted.head.fork ?? repository).branches.get(wanted.head.branch);
  if (headSha === undefined) throw new Error(`there is no branch ${head.branch}`);
  if (!('agit' in wanted.head)) {
    const from = wanted.head.fork ?? repository;
    await fetchHead(context, repository, { pull: { number, head }, from });
  }
  const pull: Pull = {
    id: context.world.nextId.pull++,
    number,
    authorId: wanted.by.id,
    title: wanted.title,
    body: wanted.body ?? '',
    base,
    head,
    headSha,
    state: 'open',
    merged: undefined,
    locked: false,
    createdAt: at,
    updatedAt: at,
    closedAt: undefined,
  };
  repository.pulls.set(number, pull);
  tellWatchers(context.world);
  await context.tongue.announce.pull(context, repository, {
    action: 'opened',
    pull,
    by: wanted.by,
  });
  return pull;
}

function headOf(repository: Repository, head: NewPull['head']): Pull['head'] {
  if ('agit' in head) return { kind: 'agit', repositoryId: repository.id, branch: '' };
  const kind = head.fork === undefined ? 'branch' : 'fork';
  return { kind, repositoryId: (head.fork ?? repository).id, branch: head.branch };
}

type AgitWish = {
  readonly base: string;
  readonly number: number;
  readonly files: Files;
  readonly title: string;
  readonly by: User;
};

function writeAgit(context: Context, repository: Repository, wish: AgitWish): Promise<string> {
  const ref = `refs/pull/${wish.number}/head`;
  const parent = repository.branches.get(wish.base);
  const { files, title: message, by } = wish;
  return context.git.commit(
    repository.directory,
    newCommit(context, { ref, parent, files, message, by }),
  );
}

/** One more commit on the head, wherever it lives. */
export async function pushToPull(
  context: Context,
  repository: Repository,
  push: {
    readonly pull: number;
    readonly files: Files;
    readonly message: string;
    readonly by: User;
  },
): Promise<string> {
  const pull = loadPull(repository, push.pull);
  if (pull.head.kind !== 'agit') {
    const home = context.world.repositories.get(pull.head.repositoryId);
    if (home === undefined) throw new Error(`the fork of pull request ${pull.number} is gone`);
    return commitToBranch(context, home, { ...push, branch: pull.head.branch });
  }
  const ref = `refs/pull/${pull.number}/head`;
  const wish = { ...push, ref, parent: pull.headSha };
  const sha = await context.git.commit(repository.directory, newCommit(context, wish));
  await moveHead(context, repository, { pull, sha, by: push.by });
  return sha;
}

export async function closePull(
  context: Context,
  repository: Repository,
  pull: Pull,
  by: User,
): Promise<void> {
  if (pull.state === 'closed') return;
  pull.state = 'closed';
  pull.closedAt = context.clock.now();
  pull.updatedAt = pull.closedAt;
  tellWatchers(context.world);
  await context.tongue.announce.pull(context, repository, { action: 'closed', pull, by });
}

export async function reopenPull(
  context: Context,
  repository: Repository,
  pull: Pull,
  by: User,
): Promise<void> {
  if (pull.state === 'open' || pull.merged !== undefined) return;
  pull.state = 'open';
  pull.closedAt = undefined;
  pull.updatedAt = context.clock.now();
  tellWatchers(context.world);
  await context.tongue.announce.pull(context, repository, { action: 'reopened', pull, by });
}

type PullEdit = { readonly title?: string; readonly body?: string; readonly base?: string };

/** One event per changed field. After a retarget `changes.ref.from` names the new base: the server's own bug. */
export async function editPull(
  context: Context,
  repository: Repository,
  pull: Pull,
  edit: PullEdit & { readonly by: User },
): Promise<void> {
  const { by } = edit;
  pull.updatedAt = context.clock.now();
  for (const field of ['title', 'body', 'base'] as const) {
    const wanted = edit[field];
    if (wanted === undefined || wanted === pull[field]) continue;
    const changes =
      field === 'base' ? { ref: { from: wanted } } : { [field]: { from: pull[field] } };
    const from = pull[field];
    pull[field] = wanted;
    const change = { action: 'edited', pull, by, changes, from } as const;
    await context.tongue.announce.pull(context, repository, change);
  }
  tellWatchers(context.world);
}

/** A merge commit on the base. Throws `GitError` on a conflict. */
export async function mergePull(
  context: Context,
  repository: Repository,
  pull: Pull,
  by: User,
): Promise<string> {
  if (pull.state !== 'open') throw new Error(`pull request ${pull.number} is not open`);
  const { git } = context;
  const before = baseSha(repository, pull);
  const merged = await git.run(repository.directory, [
    'merge-tree',
    '--write-tree',
    before,
    pull.headSha,
  ]);
  const tree = merged.split('\n')[0];
  if (tree === undefined) throw new GitError('git merge-tree named no tree');
  const message = `Merge pull request '${pull.title}' (#${pull.number}) into ${pull.base}`;
  const parents = ['-p', before, '-p', pull.headSha];
  const args = ['commit-tree', ...parents, '-m', message, tree];
  const sha = (await git.run(repository.directory, args)).trim();
  await git.run(repository.directory, ['update-ref', `refs/heads/${pull.base}`, sha]);
  repository.branches.set(pull.base, sha);
  pull.merged = { at: context.clock.now(), byId: by.id, sha };
  await closePull(context, repository, pull, by);
  await onPushed(context, repository, { ref: `refs/heads/${pull.base}`, before, after: sha, by });
  return sha;
}

/** Closes the pull requests that come from it, as Gitea does. */
export async function deleteBranch(
  context: Context,
  repository: Repository,
  name: string,
  by: User,
): Promise<void> {
  await context.git.run(repository.directory, ['update-ref', '-d', `refs/heads/${name}`]);
  repository.branches.delete(name);
  context.tongue.announce.deletedBranch(context, repository, { name, by });
  for (const open of openPullsFrom(context.world, { repositoryId: repository.id, branch: name }))
    await closePull(context, open.repository, open.pull, by);
}
