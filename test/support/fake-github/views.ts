import { fullName, loginOf, roleOf } from '../../../src/forges/playground/lookup.ts';
import type { Repository } from '../../../src/forges/playground/world.ts';
import type { Scene } from './hub.ts';
import { nodeId } from './node-ids.ts';

/** JSON shapes as GitHub sends them: those of the OpenAPI description, against which every answer is checked. */
export type Json = Record<string, unknown>;

/** GitHub's times have whole seconds. */
export function isoTime(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

export const apiUrl = ({ context }: Scene) => `${context.url}/api/v3`;

export const repositoryUrl = (scene: Scene, repository: Repository) =>
  `${apiUrl(scene)}/repos/${fullName(scene.context.world, repository)}`;

export const pageUrl = ({ context }: Scene, repository: Repository) =>
  `${context.url}/${fullName(context.world, repository)}`;

/** Who deleted their account is shown as this one, https://github.com/ghost. */
const GHOST = { id: 10_137, login: 'ghost', organization: false, bot: false };

export function userView(scene: Scene, userId: number): Json {
  const { url, world } = scene.context;
  const user = world.users.get(userId) ?? GHOST;
  const { login, id } = user;
  const api = `${apiUrl(scene)}/users/${encodeURIComponent(login)}`;
  const type = user.organization ? 'Organization' : user.bot ? 'Bot' : 'User';
  return {
    login,
    id,
    node_id: nodeId(type, id),
    avatar_url: `${url}/avatars/u/${id}?v=4`,
    gravatar_id: '',
    url: api,
    html_url: login.endsWith('[bot]')
      ? `${url}/apps/${login.slice(0, -'[bot]'.length)}`
      : `${url}/${login}`,
    followers_url: `${api}/followers`,
    following_url: `${api}/following{/other_user}`,
    gists_url: `${api}/gists{/gist_id}`,
    starred_url: `${api}/starred{/owner}{/repo}`,
    subscriptions_url: `${api}/subscriptions`,
    organizations_url: `${api}/orgs`,
    repos_url: `${api}/repos`,
    events_url: `${api}/events{/privacy}`,
    received_events_url: `${api}/received_events`,
    type,
    site_admin: false,
  };
}

export function organizationView(scene: Scene, userId: number): Json {
  const login = loginOf(scene.context.world, userId);
  const api = `${apiUrl(scene)}/orgs/${login}`;
  return {
    login,
    id: userId,
    node_id: nodeId('Organization', userId),
    url: api,
    repos_url: `${api}/repos`,
    events_url: `${api}/events`,
    hooks_url: `${api}/hooks`,
    issues_url: `${api}/issues`,
    members_url: `${api}/members{/member}`,
    public_members_url: `${api}/public_members{/member}`,
    avatar_url: `${scene.context.url}/avatars/u/${userId}?v=4`,
    description: '',
  };
}

/** A hint for readers: it does not say who may write. */
export function association(scene: Scene, repository: Repository, userId: number): string {
  const user = scene.context.world.users.get(userId);
  if (user === undefined) return 'NONE';
  if (user.id === repository.ownerId) return 'OWNER';
  if (repository.roles.has(userId) && roleOf(repository, user) !== 'read') {
    const owner = scene.context.world.users.get(repository.ownerId);
    return owner?.organization === true ? 'MEMBER' : 'COLLABORATOR';
  }
  const hasMerged = [...repository.pulls.values()].some(
    (pull) => pull.authorId === userId && pull.merged !== undefined,
  );
  return hasMerged ? 'CONTRIBUTOR' : 'NONE';
}
