import { fullName, loginOf } from '../../../src/forges/playground/lookup.ts';
import type { Repository } from '../../../src/forges/playground/world.ts';
import type { Scene } from './hub.ts';
import { nodeId } from './node-ids.ts';
import { isoTime, type Json, pageUrl, repositoryUrl, userView } from './views.ts';

/** Addresses below the repository's own, by the name of their field. */
const ADDRESSES = {
  forks_url: '/forks',
  keys_url: '/keys{/key_id}',
  collaborators_url: '/collaborators{/collaborator}',
  teams_url: '/teams',
  hooks_url: '/hooks',
  issue_events_url: '/issues/events{/number}',
  events_url: '/events',
  assignees_url: '/assignees{/user}',
  branches_url: '/branches{/branch}',
  tags_url: '/tags',
  blobs_url: '/git/blobs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  git_refs_url: '/git/refs{/sha}',
  trees_url: '/git/trees{/sha}',
  statuses_url: '/statuses/{sha}',
  languages_url: '/languages',
  stargazers_url: '/stargazers',
  contributors_url: '/contributors',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  commits_url: '/commits{/sha}',
  git_commits_url: '/git/commits{/sha}',
  comments_url: '/comments{/number}',
  issue_comment_url: '/issues/comments{/number}',
  contents_url: '/contents/{+path}',
  compare_url: '/compare/{base}...{head}',
  merges_url: '/merges',
  archive_url: '/{archive_format}{/ref}',
  downloads_url: '/downloads',
  issues_url: '/issues{/number}',
  pulls_url: '/pulls{/number}',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  labels_url: '/labels{/name}',
  releases_url: '/releases{/id}',
  deployments_url: '/deployments',
};

export function repositoryView(scene: Scene, repository: Repository): Json {
  const { world } = scene.context;
  const name = fullName(world, repository);
  const url = repositoryUrl(scene, repository);
  const page = pageUrl(scene, repository);
  const addresses: Json = Object.fromEntries(
    Object.entries(ADDRESSES).map(([field, tail]) => [field, url + tail]),
  );
  const open = [...repository.pulls.values()].filter((pull) => pull.state === 'open').length;
  const forks = [...world.repositories.values()].filter((one) => one.forkOf === repository.id);
  const host = new URL(scene.context.url);
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: name,
    private: repository.isPrivate,
    owner: userView(scene, repository.ownerId),
    html_url: page,
    description: repository.description === '' ? null : repository.description,
    fork: repository.forkOf !== undefined,
    url,
    ...addresses,
    created_at: isoTime(repository.createdAt),
    updated_at: isoTime(repository.updatedAt),
    pushed_at: isoTime(repository.updatedAt),
    git_url: `git://${host.host}/${name}.git`,
    ssh_url: `git@${host.hostname}:${name}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
    homepage: null,
    size: 27,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: true,
    has_downloads: true,
    has_wiki: true,
    has_pages: false,
    has_discussions: false,
    forks_count: forks.length,
    mirror_url: null,
    archived: repository.archived,
    disabled: false,
    open_issues_count: open,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: repository.isPrivate ? 'private' : 'public',
    forks: forks.length,
    open_issues: open,
    watchers: 0,
    default_branch: repository.defaultBranch,
  };
}

/** `permissions` of an App are all false, whatever it may do: they are those of a person. */
export function fullRepositoryView(scene: Scene, repository: Repository): Json {
  const parent =
    repository.forkOf === undefined
      ? undefined
      : scene.context.world.repositories.get(repository.forkOf);
  const shown = parent && repositoryView(scene, parent);
  const owner = scene.context.world.users.get(repository.ownerId);
  return {
    ...repositoryView(scene, repository),
    permissions: { admin: false, maintain: false, push: false, triage: false, pull: false },
    temp_clone_token: null,
    ...(owner?.organization === true ? { organization: userView(scene, owner.id) } : {}),
    ...(shown === undefined ? {} : { parent: shown, source: shown }),
    network_count: 0,
    subscribers_count: 1,
  };
}

/** As installations list their repositories in webhooks. */
export function repositoryRefView(scene: Scene, repository: Repository): Json {
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: fullName(scene.context.world, repository),
    private: repository.isPrivate,
  };
}

/** As pushes show it: times are numbers, and the owner has a name. */
export function pushedRepositoryView(scene: Scene, repository: Repository): Json {
  const login = loginOf(scene.context.world, repository.ownerId);
  return {
    ...repositoryView(scene, repository),
    owner: { name: login, email: null, ...userView(scene, repository.ownerId) },
    url: pageUrl(scene, repository),
    created_at: Math.floor(repository.createdAt / 1000),
    pushed_at: Math.floor(repository.updatedAt / 1000),
    stargazers: 0,
    master_branch: repository.defaultBranch,
  };
}
