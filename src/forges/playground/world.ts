import type { Role } from '../../domain/role.ts';

/** What the playground knows, in memory: plain data, changed only by `actions-*.ts`. Times are ms since the epoch. */
export type World = {
  readonly users: Map<number, User>;
  readonly repositories: Map<number, Repository>;
  readonly comments: Map<number, Comment>;
  /** Lower-case `owner/name` of a former name to the repository's id. */
  readonly formerNames: Map<string, number>;
  /** Roles granted before their repository exists, by lower-case `owner/name`. */
  readonly promisedRoles: Map<string, Map<number, Role>>;
  /** Gitea counts each kind on its own; comments of all kinds share one sequence. */
  readonly nextId: {
    user: number;
    repository: number;
    pull: number;
    comment: number;
    hook: number;
  };
  /** Told after every change, for live pages. */
  readonly watchers: Set<() => void>;
};

export type User = {
  readonly id: number;
  readonly login: string;
  readonly token: string;
  /** Besides the token, which is one as well; undefined: there is none. */
  password: string | undefined;
  readonly tokens: AccessToken[];
  /** Site admin: owner everywhere. */
  readonly admin: boolean;
  readonly restricted: boolean;
  readonly bot: boolean;
  readonly organization: boolean;
  readonly createdAt: number;
};

/** Made over the API: may do what its scopes say. */
export type AccessToken = {
  readonly name: string;
  readonly value: string;
  readonly scopes: readonly string[];
};

export type Repository = {
  readonly id: number;
  readonly ownerId: number;
  name: string;
  readonly description: string;
  isPrivate: boolean;
  archived: boolean;
  readonly defaultBranch: string;
  readonly forkOf: number | undefined;
  /** The bare git repository. */
  readonly directory: string;
  /** Name to full sha; the same as the refs on disk. */
  branches: Map<string, string>;
  tags: Map<string, string>;
  readonly roles: Map<number, Role>;
  readonly hooks: Map<number, Hook>;
  readonly pulls: Map<number, Pull>;
  /** By full sha, oldest first. */
  readonly statuses: Map<string, Status[]>;
  readonly createdAt: number;
  updatedAt: number;
};

export type Pull = {
  readonly id: number;
  readonly number: number;
  readonly authorId: number;
  title: string;
  body: string;
  base: string;
  readonly head: {
    readonly kind: 'branch' | 'fork' | 'agit';
    readonly repositoryId: number;
    readonly branch: string;
  };
  headSha: string;
  state: 'open' | 'closed';
  merged: { at: number; byId: number; sha: string } | undefined;
  locked: boolean;
  readonly createdAt: number;
  updatedAt: number;
  closedAt: number | undefined;
};

export type Comment = {
  readonly id: number;
  readonly repositoryId: number;
  readonly pull: number;
  readonly authorId: number;
  body: string;
  readonly createdAt: number;
  updatedAt: number;
  edits: number;
  readonly reactions: Reaction[];
};

export type Reaction = {
  readonly userId: number;
  readonly content: string;
  readonly createdAt: number;
};

export type Status = {
  /** Counts per commit. */
  readonly id: number;
  readonly state: string;
  readonly targetUrl: string;
  readonly description: string;
  readonly context: string;
  readonly creatorId: number;
  readonly createdAt: number;
};

export type Hook = {
  readonly id: number;
  readonly type: string;
  url: string;
  contentType: 'json' | 'form';
  readonly secret: string;
  events: readonly string[];
  active: boolean;
  branchFilter: string;
  authorizationHeader: string;
  readonly createdAt: number;
  updatedAt: number;
};

export function createWorld(): World {
  return {
    users: new Map(),
    repositories: new Map(),
    comments: new Map(),
    formerNames: new Map(),
    promisedRoles: new Map(),
    nextId: { user: 1, repository: 1, pull: 1, comment: 1, hook: 1 },
    watchers: new Set(),
  };
}

export function tellWatchers(world: World): void {
  for (const watcher of world.watchers) watcher();
}
