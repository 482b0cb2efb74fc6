import type { Role } from '../../domain/role.ts';
import { hasAtLeast } from '../../domain/role.ts';
import type { AccessToken, Comment, Pull, Repository, Status, User, World } from './world.ts';

/** Questions to the world. `findX` may be undefined, `loadX` throws. Logins and names ignore case, as in Gitea. */

export function findUser(world: World, login: string): User | undefined {
  const wanted = login.toLowerCase();
  for (const user of world.users.values()) if (user.login.toLowerCase() === wanted) return user;
  return undefined;
}

export function loadUser(world: World, login: string): User {
  const user = findUser(world, login);
  if (user === undefined) throw new Error(`the playground has no account ${login}`);
  return user;
}

export function findUserByToken(world: World, token: string): User | undefined {
  if (token === '') return undefined;
  for (const user of world.users.values()) {
    if (user.token === token || user.tokens.some(({ value }) => value === token)) return user;
  }
  return undefined;
}

/** One with scopes. */
export function findToken(world: World, value: string): AccessToken | undefined {
  for (const { tokens } of world.users.values()) {
    const found = tokens.find((token) => token.value === value);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function loginOf(world: World, userId: number): string {
  return world.users.get(userId)?.login ?? 'Ghost';
}

export function fullName(world: World, repository: Repository): string {
  return `${loginOf(world, repository.ownerId)}/${repository.name}`;
}

/** By `owner/name`. */
export function findRepository(world: World, name: string): Repository | undefined {
  const wanted = name.toLowerCase();
  for (const repository of world.repositories.values())
    if (fullName(world, repository).toLowerCase() === wanted) return repository;
  return undefined;
}

export function loadRepository(world: World, name: string): Repository {
  const repository = findRepository(world, name);
  if (repository === undefined) throw new Error(`the playground has no repository ${name}`);
  return repository;
}

export function loadPull(repository: Repository, number: number): Pull {
  const pull = repository.pulls.get(number);
  if (pull === undefined) throw new Error(`no pull request ${number} in ${repository.name}`);
  return pull;
}

/** The level the permission endpoint reports: site admins are owners, a public repository gives everyone `read`. */
export function roleOf(repository: Repository, user: User | undefined): Role {
  const floor: Role = repository.isPrivate ? 'none' : 'read';
  if (user === undefined) return floor;
  if (user.admin || user.id === repository.ownerId) return 'owner';
  const granted = repository.roles.get(user.id) ?? 'none';
  return hasAtLeast(granted, floor) ? granted : floor;
}

export function isAllowed(repository: Repository, user: User | undefined, role: Role): boolean {
  return hasAtLeast(roleOf(repository, user), role);
}

/** Oldest first, as Gitea lists them. */
export function commentsOnPull(world: World, repository: Repository, number: number): Comment[] {
  return sortedComments(
    world,
    (comment) => comment.repositoryId === repository.id && comment.pull === number,
  );
}

export function commentsInRepository(world: World, repository: Repository): Comment[] {
  return sortedComments(world, (comment) => comment.repositoryId === repository.id);
}

function sortedComments(world: World, isWanted: (comment: Comment) => boolean): Comment[] {
  return [...world.comments.values()]
    .filter(isWanted)
    .toSorted((a, b) => a.createdAt - b.createdAt || a.id - b.id);
}

/** The newest row of each context, by context's first appearance. */
export function latestStatuses(repository: Repository, sha: string): Status[] {
  const latest = new Map<string, Status>();
  for (const status of repository.statuses.get(sha) ?? []) latest.set(status.context, status);
  return [...latest.values()];
}

/** Full sha of a branch or tag by its short name. */
export function findTip(repository: Repository, ref: string): string | undefined {
  return repository.branches.get(ref) ?? repository.tags.get(ref);
}

export function openPullsFrom(world: World, head: { repositoryId: number; branch?: string }) {
  const found: { repository: Repository; pull: Pull }[] = [];
  for (const repository of world.repositories.values())
    for (const pull of repository.pulls.values())
      if (
        pull.state === 'open' &&
        pull.head.kind !== 'agit' &&
        pull.head.repositoryId === head.repositoryId &&
        (head.branch === undefined || pull.head.branch === head.branch)
      )
        found.push({ repository, pull });
  return found;
}
