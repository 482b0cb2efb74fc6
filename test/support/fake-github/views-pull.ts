import type { Pull, Repository } from '../../../src/forges/playground/world.ts';
import type { Scene } from './hub.ts';
import { nodeId } from './node-ids.ts';
import { association, isoTime, type Json, pageUrl, repositoryUrl, userView } from './views.ts';
import { repositoryView } from './views-repository.ts';

type Facts = {
  readonly commits: number;
  readonly additions: number;
  readonly deletions: number;
  readonly changedFiles: number;
};

/** All commits are full shas: what git says of them once is true for ever. */
async function readFacts(scene: Scene, repository: Repository, pull: Pull): Promise<Facts> {
  const { git } = scene.context;
  const base = pull.merged ? `${pull.merged.sha}^1` : baseShaOf(repository, pull);
  const range = `${base}...${pull.headSha}`;
  const stat = await git.recall(repository.directory, ['diff', '--shortstat', range]);
  const ahead = await git.recall(repository.directory, [
    'rev-list',
    '--count',
    `${base}..${pull.headSha}`,
  ]);
  const count = (word: RegExp) => Number(word.exec(stat)?.[1] ?? 0);
  return {
    commits: Number(ahead.trim()),
    additions: count(/(\d+) insertion/),
    deletions: count(/(\d+) deletion/),
    changedFiles: count(/(\d+) file/),
  };
}

export function baseShaOf(repository: Repository, pull: Pull): string {
  return repository.branches.get(pull.base) ?? pull.headSha;
}

/** As lists show a pull request, and reviews. */
export function simplePullView(scene: Scene, repository: Repository, pull: Pull): Json {
  const api = repositoryUrl(scene, repository);
  const url = `${api}/pulls/${pull.number}`;
  const issue = `${api}/issues/${pull.number}`;
  const page = `${pageUrl(scene, repository)}/pull/${pull.number}`;
  const addresses = {
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${api}/pulls/comments{/number}`,
    comments_url: `${issue}/comments`,
    statuses_url: `${api}/statuses/${pull.headSha}`,
  };
  return {
    url,
    id: pull.id,
    node_id: nodeId('PullRequest', pull.id),
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issue,
    number: pull.number,
    state: pull.state,
    locked: pull.locked,
    title: pull.title,
    user: userView(scene, pull.authorId),
    body: pull.body === '' ? null : pull.body,
    created_at: isoTime(pull.createdAt),
    updated_at: isoTime(pull.updatedAt),
    closed_at: pull.closedAt === undefined ? null : isoTime(pull.closedAt),
    merged_at: pull.merged ? isoTime(pull.merged.at) : null,
    merge_commit_sha: pull.merged?.sha ?? null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    labels: [],
    milestone: null,
    draft: false,
    ...addresses,
    head: headView(scene, repository, pull),
    base: baseView(scene, repository, pull),
    _links: {
      self: { href: url },
      html: { href: page },
      issue: { href: issue },
      comments: { href: addresses.comments_url },
      review_comments: { href: addresses.review_comments_url },
      review_comment: { href: addresses.review_comment_url },
      commits: { href: addresses.commits_url },
      statuses: { href: addresses.statuses_url },
    },
    author_association: association(scene, repository, pull.authorId),
    auto_merge: null,
    active_lock_reason: null,
  };
}

function baseView(scene: Scene, repository: Repository, pull: Pull): Json {
  const owner = userView(scene, repository.ownerId);
  return {
    label: `${String(owner.login)}:${pull.base}`,
    ref: pull.base,
    sha: baseShaOf(repository, pull),
    user: owner,
    repo: repositoryView(scene, repository),
  };
}

/** Of a deleted fork `repo` is null and the branch keeps its name (an "unknown repository" on the page). */
function headView(scene: Scene, repository: Repository, pull: Pull): Json {
  const head =
    pull.head.kind === 'fork'
      ? scene.context.world.repositories.get(pull.head.repositoryId)
      : repository;
  const owner = userView(scene, head?.ownerId ?? pull.authorId);
  return {
    label: `${String(owner.login)}:${pull.head.branch}`,
    ref: pull.head.branch,
    sha: pull.headSha,
    user: owner,
    repo: head === undefined ? null : repositoryView(scene, head),
  };
}

/** `mergeable` is null until GitHub has found out, which it begins to when first asked. */
export async function pullView(scene: Scene, repository: Repository, pull: Pull): Promise<Json> {
  const facts = await readFacts(scene, repository, pull);
  const key = `${pull.id}:${pull.headSha}`;
  const isKnown = scene.hub.asked.has(key);
  scene.hub.asked.add(key);
  const mergeable = pull.merged ? null : isKnown ? true : null;
  const inPull = (one: { readonly repositoryId: number; readonly pull: number }) =>
    one.repositoryId === repository.id && one.pull === pull.number;
  return {
    ...simplePullView(scene, repository, pull),
    merged: pull.merged !== undefined,
    mergeable,
    rebaseable: mergeable,
    mergeable_state: mergeable === true ? 'clean' : 'unknown',
    merged_by: pull.merged ? userView(scene, pull.merged.byId) : null,
    comments: [...scene.context.world.comments.values()].filter(inPull).length,
    review_comments: [...scene.hub.reviewComments.values()].filter(inPull).length,
    maintainer_can_modify: false,
    commits: facts.commits,
    additions: facts.additions,
    deletions: facts.deletions,
    changed_files: facts.changedFiles,
  };
}
