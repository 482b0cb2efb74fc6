import type { Context } from './context.ts';
import { fullName } from './lookup.ts';
import { type Json, permissionsOf, repositoryView, userView } from './views.ts';
import type { Repository, User } from './world.ts';

export const NO_COMMIT = '0'.repeat(40);

/** Gitea puts five commits at most into a push; `total_commits` is true. */
const MAX_COMMITS_IN_PUSH = 5;

export type Push = {
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  readonly by: User;
};

/** A push always shows its sender as repository admin, whoever that is: a trait of the recorded server. */
const EVERY_RIGHT = { admin: true, push: true, pull: true };

export async function pushView(
  context: Context,
  repository: Repository,
  push: Push,
): Promise<Json> {
  const page = `${context.url}/${fullName(context.world, repository)}`;
  const isBranch = push.ref.startsWith('refs/heads/');
  const from =
    push.before === NO_COMMIT && isBranch
      ? (repository.branches.get(repository.defaultBranch) ?? push.before)
      : push.before;
  const range = from === NO_COMMIT || from === push.after ? push.after : `${from}..${push.after}`;
  const commits = isBranch ? await readCommits(context, repository, range) : [];
  const head =
    push.after === NO_COMMIT ? [] : await readCommits(context, repository, `${push.after}^!`);
  return {
    ref: push.ref,
    before: push.before,
    after: push.after,
    compare_url: `${page}/compare/${from}...${push.after}`,
    commits: commits.slice(0, MAX_COMMITS_IN_PUSH),
    total_commits: commits.length,
    head_commit: head[0] ?? null,
    repository: repositoryView(context, repository, EVERY_RIGHT),
    pusher: userView(context, push.by.id),
    sender: userView(context, push.by.id),
  };
}

const COMMIT_FORMAT = '%x1e%H%x1f%B%x1f%an%x1f%ae%x1f%cn%x1f%ce%x1f%cd%x1f';

export async function readCommits(
  context: Context,
  repository: Repository,
  range: string,
): Promise<Json[]> {
  const log = await context.git.run(repository.directory, [
    'log',
    '--max-count=100',
    '--name-status',
    '--no-renames',
    '--date=format-local:%Y-%m-%dT%H:%M:%SZ',
    `--format=${COMMIT_FORMAT}`,
    '--end-of-options',
    range,
    '--',
  ]);
  const page = `${context.url}/${fullName(context.world, repository)}`;
  return log
    .split('\x1e')
    .slice(1)
    .map((text) => commitView(page, text.split('\x1f')));
}

function commitView(page: string, fields: readonly string[]): Json {
  const [id, message, author, authorEmail, committer, committerEmail, date, files = ''] = fields;
  const changed = (letter: string) =>
    [...files.matchAll(/^([AMD])\t(.+)$/gm)]
      .filter((match) => match[1] === letter)
      .map((match) => match[2] ?? '');
  return {
    id,
    message,
    url: `${page}/commit/${id}`,
    author: { name: author, email: authorEmail, username: author },
    committer: { name: committer, email: committerEmail, username: committer },
    verification: null,
    timestamp: date,
    added: changed('A'),
    removed: changed('D'),
    modified: changed('M'),
  };
}

type RefChange = {
  readonly type: 'branch' | 'tag';
  readonly name: string;
  readonly by: User;
};

/** `create`: short ref, permissions all false, as recorded. */
export function createRefView(
  context: Context,
  repository: Repository,
  change: RefChange & { readonly sha: string },
): Json {
  return {
    sha: change.sha,
    ref: change.name,
    ref_type: change.type,
    repository: repositoryView(context, repository, { admin: false, push: false, pull: false }),
    sender: userView(context, change.by.id),
  };
}

export function deleteRefView(context: Context, repository: Repository, change: RefChange): Json {
  return {
    ref: change.name,
    ref_type: change.type,
    pusher_type: 'user',
    repository: repositoryView(context, repository, permissionsOf(repository, change.by)),
    sender: userView(context, change.by.id),
  };
}
