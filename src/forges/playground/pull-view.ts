import type { Context } from './context.ts';
import { goTime } from './go-json.ts';
import { commentsOnPull, fullName } from './lookup.ts';
import { type Json, permissionsOf, repositoryView, userView } from './views.ts';
import type { Pull, Repository, User } from './world.ts';

type PullFacts = {
  readonly mergeBase: string;
  readonly additions: number;
  readonly deletions: number;
  readonly changedFiles: number;
};

async function readPullFacts(
  context: Context,
  repository: Repository,
  pull: Pull,
): Promise<PullFacts> {
  // After the merge the base holds the change; what it changed is seen from before it.
  const base = pull.merged ? `${pull.merged.sha}^1` : baseSha(repository, pull);
  const mergeBase = (
    await context.git.recall(repository.directory, ['merge-base', base, pull.headSha])
  ).trim();
  const stat = await context.git.recall(repository.directory, [
    'diff',
    '--shortstat',
    mergeBase,
    pull.headSha,
  ]);
  const count = (word: RegExp) => Number(word.exec(stat)?.[1] ?? 0);
  return {
    mergeBase,
    additions: count(/(\d+) insertion/),
    deletions: count(/(\d+) deletion/),
    changedFiles: count(/(\d+) file/),
  };
}

/** The live tip of the base branch. */
export function baseSha(repository: Repository, pull: Pull): string {
  return repository.branches.get(pull.base) ?? '';
}

/** The head branch is gone: then the ref is the server's own `refs/pull/N/head`. */
function headIsGone(context: Context, pull: Pull): boolean {
  const head = context.world.repositories.get(pull.head.repositoryId);
  return pull.head.kind === 'agit' || head?.branches.get(pull.head.branch) === undefined;
}

function isDraft(pull: Pull): boolean {
  return /^(WIP:|\[WIP\])/i.test(pull.title);
}

type Viewer = {
  readonly viewer: User | undefined;
  /** Lists leave out what is dear to compute, and say `null` where a single answer says `[]`. */
  readonly inList?: boolean;
};

export async function pullView(
  context: Context,
  repository: Repository,
  pull: Pull,
  { viewer, inList = false }: Viewer,
): Promise<Json> {
  const facts = await readPullFacts(context, repository, pull);
  const page = `${context.url}/${fullName(context.world, repository)}/pulls/${pull.number}`;
  const empty = inList ? null : [];
  const counted = !inList && pull.head.kind !== 'agit' && !headIsGone(context, pull);
  return {
    id: pull.id,
    url: page,
    number: pull.number,
    user: userView(context, pull.authorId),
    title: pull.title,
    body: pull.body,
    labels: [],
    milestone: null,
    assignee: null,
    assignees: empty,
    requested_reviewers: empty,
    requested_reviewers_teams: empty,
    state: pull.state,
    draft: isDraft(pull),
    is_locked: pull.locked,
    comments: commentsOnPull(context.world, repository, pull.number).length,
    ...(counted
      ? {
          additions: facts.additions,
          deletions: facts.deletions,
          changed_files: facts.changedFiles,
        }
      : {}),
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    mergeable: pull.state === 'open' || pull.merged !== undefined,
    merged: pull.merged !== undefined,
    merged_at: pull.merged ? goTime(pull.merged.at) : null,
    merge_commit_sha: pull.merged?.sha ?? null,
    merged_by: pull.merged ? userView(context, pull.merged.byId) : null,
    allow_maintainer_edit: false,
    base: baseView(context, repository, { pull, viewer }),
    head: headView(context, { pull, viewer }),
    merge_base: facts.mergeBase,
    due_date: null,
    created_at: goTime(pull.createdAt),
    updated_at: goTime(pull.updatedAt),
    closed_at: pull.closedAt === undefined ? null : goTime(pull.closedAt),
    pin_order: 0,
  };
}

type Seen = { readonly pull: Pull; readonly viewer: User | undefined };

function baseView(context: Context, repository: Repository, { pull, viewer }: Seen): Json {
  return {
    label: pull.base,
    ref: pull.base,
    sha: baseSha(repository, pull),
    repo_id: repository.id,
    repo: repositoryView(context, repository, permissionsOf(repository, viewer)),
  };
}

function headView(context: Context, { pull, viewer }: Seen): Json {
  const head = context.world.repositories.get(pull.head.repositoryId);
  return {
    label: pull.head.kind === 'agit' ? '' : pull.head.branch,
    ref: headIsGone(context, pull) ? `refs/pull/${pull.number}/head` : pull.head.branch,
    sha: pull.headSha,
    repo_id: head?.id ?? -1,
    repo: head ? repositoryView(context, head, permissionsOf(head, viewer)) : null,
  };
}

/** The pull request as an issue, as comment events carry it beside the pull request. */
export function issueView(context: Context, repository: Repository, pull: Pull): Json {
  const name = fullName(context.world, repository);
  const page = `${context.url}/${name}/pulls/${pull.number}`;
  return {
    id: pull.id,
    url: `${context.url}/api/v1/repos/${name}/issues/${pull.number}`,
    html_url: page,
    number: pull.number,
    user: userView(context, pull.authorId),
    original_author: '',
    original_author_id: 0,
    title: pull.title,
    body: pull.body,
    ref: '',
    assets: [],
    labels: [],
    milestone: null,
    assignee: null,
    assignees: null,
    state: pull.state,
    is_locked: pull.locked,
    comments: commentsOnPull(context.world, repository, pull.number).length,
    created_at: goTime(pull.createdAt),
    updated_at: goTime(pull.updatedAt),
    closed_at: pull.closedAt === undefined ? null : goTime(pull.closedAt),
    due_date: null,
    time_estimate: 0,
    pull_request: {
      merged: pull.merged !== undefined,
      merged_at: pull.merged ? goTime(pull.merged.at) : null,
      draft: isDraft(pull),
      html_url: page,
    },
    repository: {
      id: repository.id,
      name: repository.name,
      owner: name.split('/')[0],
      full_name: name,
    },
    pin_order: 0,
  };
}
