import { createHash } from 'node:crypto';
import type {
  Account,
  CommentEvent,
  PullRequestEvent,
  Repository,
} from '../../src/domain/forge-event.ts';
import type { Role } from '../../src/domain/role.ts';
import { type CommitStatus, ForgeError } from '../../src/forges/forge.ts';
import type { World } from './world.ts';

/** A git host as a state machine. Its clock is its own and runs true. */
export type SimComment = {
  readonly id: string;
  readonly pull: number;
  readonly author: Account;
  body: string;
  readonly bodies: string[];
  readonly createdAt: number;
  updatedAt: number;
  /** Lists show a comment a moment after it was accepted. */
  readonly listedAt: number;
  deleted: boolean;
  readonly reactions: Set<string>;
};

type SimPull = { readonly number: number; sha: string; state: 'open' | 'closed'; pushes: number };

export type HookEvent = CommentEvent | PullRequestEvent;

export const REPOSITORY = 'demo/shop';
export const BOT: Account = { id: '99', login: 'signalbox' };
export const LONGEST_LIST_LAG_MS = 1_500;

const ROLES: Readonly<Record<string, Role>> = {
  alice: 'admin',
  bob: 'write',
  carol: 'read',
  mallory: 'none',
};
export const PEOPLE = Object.keys(ROLES);

export const SIGNALBOX_YML = `suites:
  testme:
    runner: drone
    timeout: 2m
    params: { RECIPE: shop }
  smoke:
    runner: local
    timeout: 5m
    recipe:
      version: 1
      app: shop
      deploy: process
      services: { web: { run: [node, app.js] } }
      health: { http: { service: web, path: /health } }
      versions: { previous: none }
`;

export type SimForge = {
  readonly comments: readonly SimComment[];
  readonly pulls: readonly SimPull[];
  /** Newest status of each context on a commit, `state: description`. */
  readonly statuses: ReadonlyMap<string, CommitStatus>;
  roleOf(login: string): Role;
  write(author: Account, pull: number, body: string): SimComment;
  edit(id: string, body: string): void;
  remove(comment: SimComment): void;
  push(pull: SimPull): void;
  close(pull: SimPull): void;
  reopen(pull: SimPull): void;
  find(id: string): SimComment;
  pullOf(number: number): SimPull;
  setStatus(status: CommitStatus): void;
  listed(): readonly SimComment[];
  readonly repository: Repository;
};

export function createSimForge(
  world: World,
  options: { lagMs: () => number; emit: (event: HookEvent) => void },
): SimForge {
  const comments: SimComment[] = [];
  const pulls: SimPull[] = [1, 2, 3, 4].map((number) => ({
    number,
    sha: shaOf(number, 0),
    state: 'open',
    pushes: 0,
  }));
  const statuses = new Map<string, CommitStatus>();
  const { emit } = options;
  /** Forges keep seconds. */
  const now = () => Math.floor(world.now() / 1000) * 1000;

  const tell = (kind: CommentEvent['kind'], comment: SimComment) => {
    if (comment.author.id === BOT.id) return;
    emit({
      kind,
      repository: REPOSITORY,
      pull: comment.pull,
      actor: comment.author,
      comment: shown(comment),
    });
  };
  const tellPull = (kind: PullRequestEvent['kind'], pull: SimPull) =>
    emit({
      kind,
      repository: REPOSITORY,
      pull: pull.number,
      actor: accountOf('bob'),
      sha: pull.sha,
      merged: false,
    });
  const find = (id: string) => {
    const comment = comments.find((one) => one.id === id && !one.deleted);
    if (!comment) throw new ForgeError('not_found', `comment ${id}: 404`);
    return comment;
  };

  return {
    comments,
    pulls,
    statuses,
    repository: {
      id: '1',
      fullName: REPOSITORY,
      defaultBranch: 'main',
      url: `https://forge.test/${REPOSITORY}`,
      cloneUrl: `https://forge.test/${REPOSITORY}.git`,
      archived: false,
    },
    roleOf: (login) => ROLES[login] ?? 'none',
    write: (author, pull, body) => {
      const comment: SimComment = {
        id: String(1000 + comments.length),
        pull,
        author,
        body,
        bodies: [body],
        createdAt: now(),
        updatedAt: now(),
        listedAt: world.now() + options.lagMs(),
        deleted: false,
        reactions: new Set(),
      };
      comments.push(comment);
      tell('comment-created', comment);
      return comment;
    },
    edit: (id, body) => {
      const comment = find(id);
      comment.body = body;
      comment.bodies.push(body);
      comment.updatedAt = now();
      tell('comment-edited', comment);
    },
    remove: (comment) => {
      comment.deleted = true;
      tell('comment-deleted', comment);
    },
    push: (pull) => {
      pull.pushes += 1;
      pull.sha = shaOf(pull.number, pull.pushes);
      tellPull('pull-request-updated', pull);
    },
    close: (pull) => {
      pull.state = 'closed';
      tellPull('pull-request-closed', pull);
    },
    reopen: (pull) => {
      pull.state = 'open';
      tellPull('pull-request-opened', pull);
    },
    find,
    pullOf: (number) => {
      const pull = pulls.find((one) => one.number === number);
      if (!pull) throw new ForgeError('not_found', `pull request ${number}: 404`);
      return pull;
    },
    setStatus: (status) => void statuses.set(`${status.context} ${status.sha}`, status),
    listed: () => comments.filter((one) => !one.deleted && one.listedAt <= world.now()),
  };
}

export function accountOf(login: string): Account {
  return { id: String(PEOPLE.indexOf(login) + 1), login };
}

export function shown(comment: SimComment) {
  return {
    id: comment.id,
    body: comment.body,
    author: comment.author,
    url: `https://forge.test/${REPOSITORY}/pulls/${comment.pull}#${comment.id}`,
    createdAt: new Date(comment.createdAt),
    updatedAt: new Date(comment.updatedAt),
  };
}

function shaOf(pull: number, pushes: number): string {
  return createHash('sha1').update(`${pull}.${pushes}`).digest('hex');
}
