import type { Context } from './context.ts';
import { findTip } from './lookup.ts';
import type { Repository } from './world.ts';

/** Files at commits, read from git. */

export type TreeEntry = {
  readonly path: string;
  readonly type: 'blob' | 'tree';
  readonly sha: string;
  readonly size: number;
};

/** `ref` as the contents endpoint takes it: a branch, a tag or a full sha; nothing shorter, no `refs/…`. */
export async function resolveShortRef(
  context: Context,
  repository: Repository,
  ref: string,
): Promise<string | undefined> {
  const tip = findTip(repository, ref);
  if (tip !== undefined) return tip;
  return /^[0-9a-f]{40}$/.test(ref) ? context.git.findCommit(repository.directory, ref) : undefined;
}

/** `ref` as the status endpoint takes it: also an abbreviated sha. */
export async function resolveCommit(
  context: Context,
  repository: Repository,
  ref: string,
): Promise<string | undefined> {
  const tip = findTip(repository, ref);
  if (tip !== undefined) return tip;
  return /^[0-9a-f]{4,40}$/.test(ref)
    ? context.git.findCommit(repository.directory, ref)
    : undefined;
}

/** The entry itself, or undefined. The root is no entry. */
export async function findEntry(
  context: Context,
  repository: Repository,
  at: { readonly sha: string; readonly path: string },
): Promise<TreeEntry | undefined> {
  const entries = await lsTree(context, repository, [at.sha, '--', at.path]);
  return entries.find((entry) => entry.path === at.path);
}

/** The entries of a directory; `''` is the root. */
export function listEntries(
  context: Context,
  repository: Repository,
  at: { readonly sha: string; readonly path: string },
): Promise<TreeEntry[]> {
  const within = at.path === '' ? [] : ['--', `${at.path}/`];
  return lsTree(context, repository, [at.sha, ...within]);
}

async function lsTree(
  context: Context,
  repository: Repository,
  args: readonly string[],
): Promise<TreeEntry[]> {
  const listing = await context.git.recall(repository.directory, ['ls-tree', '-z', '-l', ...args]);
  return listing
    .split('\0')
    .map((line) => /^\d+ (blob|tree) ([0-9a-f]{40}) +(\d+|-)\t(.+)$/s.exec(line))
    .filter((match) => match !== null)
    .map(([, type, sha = '', size, path = '']) => ({
      path,
      type: type === 'tree' ? 'tree' : 'blob',
      sha,
      size: Number(size === '-' ? 0 : size),
    }));
}

export function readBlob(context: Context, repository: Repository, sha: string): Promise<string> {
  return context.git.recall(repository.directory, ['cat-file', 'blob', sha]);
}
