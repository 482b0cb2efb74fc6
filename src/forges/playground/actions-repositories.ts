import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Role } from '../../domain/role.ts';
import { closePull } from './actions-pulls.ts';
import type { Context } from './context.ts';
import type { Files } from './git.ts';
import { findUser, fullName, loadUser, openPullsFrom } from './lookup.ts';
import { emailOf } from './views.ts';
import { type Repository, tellWatchers, type User } from './world.ts';

export type NewUser = {
  readonly login: string;
  /** Also the password. Without one the account cannot log in. */
  readonly token?: string;
  readonly password?: string;
  readonly admin?: boolean;
  readonly restricted?: boolean;
  /** Shown as a bot; nothing else differs. */
  readonly bot?: boolean;
  /** By `owner/name`; the repository may come later. */
  readonly roles?: Readonly<Record<string, Role>>;
};

export type NewRepository = {
  readonly owner: string;
  readonly name: string;
  /** The first commit of the default branch; without it the repository stays empty. */
  readonly files?: Files;
  readonly description?: string;
  readonly isPrivate?: boolean;
  readonly defaultBranch?: string;
  /** By login. */
  readonly roles?: Readonly<Record<string, Role>>;
};

export function addUser(
  context: Context,
  user: NewUser & { readonly organization?: boolean },
): User {
  const { world } = context;
  if (findUser(world, user.login)) throw new Error(`the account ${user.login} exists already`);
  const added: User = {
    id: world.nextId.user++,
    login: user.login,
    token: user.token ?? '',
    password: user.password || undefined,
    tokens: [],
    admin: user.admin ?? false,
    restricted: user.restricted ?? false,
    bot: user.bot ?? false,
    organization: user.organization ?? false,
    createdAt: context.clock.now(),
  };
  world.users.set(added.id, added);
  for (const [name, role] of Object.entries(user.roles ?? {})) grant(context, added, name, role);
  return added;
}

function grant(context: Context, user: User, name: string, role: Role): void {
  const key = name.toLowerCase();
  const { repositories, promisedRoles } = context.world;
  const repository = [...repositories.values()].find(
    (one) => fullName(context.world, one).toLowerCase() === key,
  );
  if (repository !== undefined) repository.roles.set(user.id, role);
  else
    promisedRoles.set(key, (promisedRoles.get(key) ?? new Map<number, Role>()).set(user.id, role));
}

/** The owner becomes an organisation when no such account exists. */
export async function addRepository(
  context: Context,
  wanted: NewRepository,
  forkOf?: Repository,
): Promise<Repository> {
  const { world, clock } = context;
  const owner =
    findUser(world, wanted.owner) ?? addUser(context, { login: wanted.owner, organization: true });
  const id = world.nextId.repository++;
  const at = clock.now();
  const repository: Repository = {
    id,
    ownerId: owner.id,
    name: wanted.name,
    description: wanted.description ?? '',
    isPrivate: wanted.isPrivate ?? false,
    archived: false,
    defaultBranch: wanted.defaultBranch ?? 'main',
    forkOf: forkOf?.id,
    directory: path.join(context.directory, `${id}.git`),
    branches: new Map(),
    tags: new Map(),
    hooks: new Map(),
    pulls: new Map(),
    roles: new Map(world.promisedRoles.get(`${wanted.owner}/${wanted.name}`.toLowerCase())),
    statuses: new Map(),
    createdAt: at,
    updatedAt: at,
  };
  for (const [login, role] of Object.entries(wanted.roles ?? {}))
    repository.roles.set(loadUser(world, login).id, role);
  await context.git.init(repository.directory, repository.defaultBranch);
  if (wanted.files !== undefined) {
    const sha = await context.git.commit(repository.directory, {
      ref: `refs/heads/${repository.defaultBranch}`,
      parent: undefined,
      files: wanted.files,
      message: 'First version',
      author: { name: owner.login, email: emailOf(owner.login) },
      at,
    });
    repository.branches.set(repository.defaultBranch, sha);
  }
  // Visible only when it is whole.
  world.repositories.set(id, repository);
  tellWatchers(world);
  return repository;
}

export async function forkRepository(
  context: Context,
  parent: Repository,
  owner: string,
): Promise<Repository> {
  const { name, defaultBranch } = parent;
  const fork = await addRepository(context, { owner, name, defaultBranch }, parent);
  await context.git.run(fork.directory, [
    'fetch',
    '--quiet',
    parent.directory,
    'refs/heads/*:refs/heads/*',
    'refs/tags/*:refs/tags/*',
  ]);
  Object.assign(fork, await context.git.readRefs(fork.directory));
  return fork;
}

/** The old name answers 301 from now on. */
export function renameRepository(context: Context, repository: Repository, name: string): void {
  context.world.formerNames.set(fullName(context.world, repository).toLowerCase(), repository.id);
  repository.name = name;
  tellWatchers(context.world);
}

/** Closes the pull requests that come from it, as Gitea does with a deleted fork. */
export async function deleteRepository(
  context: Context,
  repository: Repository,
  by: User,
): Promise<void> {
  const { world } = context;
  for (const open of openPullsFrom(world, { repositoryId: repository.id }))
    if (open.repository !== repository) await closePull(context, open.repository, open.pull, by);
  world.repositories.delete(repository.id);
  for (const comment of world.comments.values())
    if (comment.repositoryId === repository.id) world.comments.delete(comment.id);
  await rm(repository.directory, { recursive: true, force: true });
  tellWatchers(world);
}
