import { createHash } from 'node:crypto';
import { hasAtLeast } from '../../domain/role.ts';
import type { Context } from './context.ts';
import { GO_ZERO_TIME, goTime, UNIX_ZERO_TIME } from './go-json.ts';
import { fullName, roleOf } from './lookup.ts';
import type { Comment, Hook, Reaction, Repository, Status, User } from './world.ts';

/** JSON shapes as Gitea 1.25.4 sends them (recorded), keys in its order. */
export type Json = Record<string, unknown>;

type Self = { readonly self: boolean };

/** `self`: the account asks about itself; only then `active` and the last login are told. */
export function userView(context: Context, userId: number, { self }: Self = { self: false }): Json {
  const user = context.world.users.get(userId);
  const login = user?.login ?? 'Ghost';
  const avatar = createHash('md5').update(login).digest('hex');
  return {
    id: user?.id ?? -1,
    login,
    login_name: '',
    source_id: 0,
    full_name: '',
    email: user?.organization === true ? '' : emailOf(login),
    avatar_url: `${context.url}/avatars/${avatar}`,
    html_url: `${context.url}/${login}`,
    language: '',
    is_admin: self && user?.admin === true,
    last_login: self ? UNIX_ZERO_TIME : GO_ZERO_TIME,
    created: user ? goTime(user.createdAt) : GO_ZERO_TIME,
    restricted: user?.restricted ?? false,
    active: self,
    prohibit_login: false,
    location: '',
    website: '',
    description: '',
    visibility: 'public',
    followers_count: 0,
    following_count: 0,
    starred_repos_count: 0,
    username: login,
  };
}

export function emailOf(login: string): string {
  return `${login}@example.org`;
}

export type Permissions = { admin: boolean; push: boolean; pull: boolean };

export function permissionsOf(repository: Repository, user: User | undefined): Permissions {
  const role = roleOf(repository, user);
  return {
    admin: hasAtLeast(role, 'admin'),
    push: hasAtLeast(role, 'write'),
    pull: hasAtLeast(role, 'read'),
  };
}

export function repositoryView(
  context: Context,
  repository: Repository,
  permissions: Permissions,
): Json {
  const name = fullName(context.world, repository);
  const page = `${context.url}/${name}`;
  const parent =
    repository.forkOf === undefined ? undefined : context.world.repositories.get(repository.forkOf);
  const open = [...repository.pulls.values()].filter((pull) => pull.state === 'open').length;
  const forks = [...context.world.repositories.values()].filter(
    (other) => other.forkOf === repository.id,
  ).length;
  return {
    id: repository.id,
    owner: userView(context, repository.ownerId),
    name: repository.name,
    full_name: name,
    description: repository.description,
    empty: repository.branches.size === 0,
    private: repository.isPrivate,
    fork: parent !== undefined,
    template: false,
    ...(parent === undefined ? {} : { parent: repositoryView(context, parent, permissions) }),
    mirror: false,
    size: 27,
    language: '',
    languages_url: `${context.url}/api/v1/repos/${name}/languages`,
    html_url: page,
    url: `${context.url}/api/v1/repos/${name}`,
    link: '',
    ssh_url: `git@${new URL(context.url).hostname}:${name}.git`,
    clone_url: `${page}.git`,
    original_url: '',
    website: '',
    stars_count: 0,
    forks_count: forks,
    watchers_count: 1,
    open_issues_count: 0,
    open_pr_counter: open,
    release_counter: 0,
    default_branch: repository.defaultBranch,
    archived: repository.archived,
    created_at: goTime(repository.createdAt),
    updated_at: goTime(repository.updatedAt),
    archived_at: UNIX_ZERO_TIME,
    permissions,
    ...UNITS,
    avatar_url: '',
    internal: false,
    mirror_interval: '',
    object_format_name: 'sha1',
    mirror_updated: GO_ZERO_TIME,
    topics: [],
    licenses: [],
  };
}

/** Settings of a repository that the playground does not have, as a fresh Gitea repository has them. */
const UNITS = {
  has_code: true,
  has_issues: true,
  internal_tracker: {
    enable_time_tracker: true,
    allow_only_contributors_to_track_time: true,
    enable_issue_dependencies: true,
  },
  has_wiki: true,
  has_pull_requests: true,
  has_projects: true,
  projects_mode: 'all',
  has_releases: true,
  has_packages: true,
  has_actions: true,
  ignore_whitespace_conflicts: false,
  allow_merge_commits: true,
  allow_rebase: true,
  allow_rebase_explicit: true,
  allow_squash_merge: true,
  allow_fast_forward_only_merge: true,
  allow_rebase_update: true,
  allow_manual_merge: false,
  autodetect_manual_merge: false,
  default_delete_branch_after_merge: false,
  default_merge_style: 'merge',
  default_allow_maintainer_edit: false,
};

export function commentView(context: Context, comment: Comment): Json {
  const repository = context.world.repositories.get(comment.repositoryId);
  const name = repository ? fullName(context.world, repository) : '';
  const page = `${context.url}/${name}/pulls/${comment.pull}`;
  return {
    id: comment.id,
    html_url: `${page}#issuecomment-${comment.id}`,
    pull_request_url: page,
    issue_url: '',
    user: userView(context, comment.authorId),
    original_author: '',
    original_author_id: 0,
    body: comment.body,
    assets: [],
    created_at: goTime(comment.createdAt),
    updated_at: goTime(comment.updatedAt),
  };
}

export function reactionView(context: Context, reaction: Reaction): Json {
  return {
    user: userView(context, reaction.userId, { self: true }),
    content: reaction.content,
    created_at: goTime(reaction.createdAt),
  };
}

export function statusView(
  context: Context,
  repository: Repository,
  at: { readonly sha: string; readonly status: Status },
): Json {
  const { sha, status } = at;
  return {
    id: status.id,
    status: status.state,
    target_url: status.targetUrl,
    description: status.description,
    url: `${context.url}/api/v1/repos/${fullName(context.world, repository)}/statuses/${sha}`,
    context: status.context,
    creator: userView(context, status.creatorId),
    created_at: goTime(status.createdAt),
    updated_at: goTime(status.createdAt),
  };
}

/** The secret is never given back; the authorization header is, in clear. */
export function hookView(hook: Hook): Json {
  return {
    id: hook.id,
    type: hook.type,
    branch_filter: hook.branchFilter,
    config: { content_type: hook.contentType, url: hook.url },
    events: hook.events,
    authorization_header: hook.authorizationHeader,
    active: hook.active,
    updated_at: goTime(hook.updatedAt),
    created_at: goTime(hook.createdAt),
  };
}
