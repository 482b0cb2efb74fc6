import type { KeyObject } from 'node:crypto';
import type { Context } from '../../../src/forges/playground/context.ts';
import type { Hook, Reaction } from '../../../src/forges/playground/world.ts';

/** What GitHub knows beyond the playground's world: Apps, installations, reviews, checks. Times are ms since the epoch. */
export type Hub = {
  readonly apps: Map<number, App>;
  /** By the code of the manifest flow; each can be turned in once. */
  readonly codes: Map<string, { readonly appId: number; readonly at: number }>;
  readonly installations: Map<number, Installation>;
  readonly tokens: Map<string, Token>;
  readonly reviews: Map<number, Review>;
  readonly reviewComments: Map<number, ReviewComment>;
  readonly checkRuns: Map<number, CheckRun>;
  readonly suites: Map<number, CheckSuite>;
  readonly reactionIds: WeakMap<Reaction, number>;
  /** Classifier by node id. */
  readonly minimized: Map<string, string>;
  /** Custom roles, by `<repository id>:<user id>`. */
  readonly roleNames: Map<string, string>;
  /** `<pull id>:<head sha>` whose mergeability was asked for before: the first answer is null. */
  readonly asked: Set<string>;
  readonly limits: Limit[];
  /** Calls made by each installation, for the rate limit headers. */
  readonly used: Map<number, number>;
  /** Ids of deliveries, in the order of the log. */
  readonly deliveryIds: WeakMap<object, number>;
  /** Requests to make or change a check run that carried remarks. */
  readonly remarks: { requests: number };
  /** Requests that GitHub's own description does not allow, oldest first. */
  readonly violations: Violation[];
  /**
   * Each kind counts on its own, so that ids of comments, reviews and review comments meet: GitHub has them in
   * different spaces, and whoever mixes them up must find the wrong thing.
   */
  readonly nextId: Record<Counted, number>;
};

type Counted =
  | 'installation'
  | 'hook'
  | 'review'
  | 'reviewComment'
  | 'checkRun'
  | 'suite'
  | 'reaction'
  | 'delivery'
  | 'code';

export type Permissions = Readonly<Record<string, 'read' | 'write' | 'admin'>>;

export type App = {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly ownerId: number;
  readonly description: string | null;
  readonly externalUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** PEM. */
  readonly privateKey: string;
  readonly publicKey: KeyObject;
  readonly hook: Hook;
  readonly permissions: Permissions;
  readonly botId: number;
  readonly createdAt: number;
};

export type Installation = {
  readonly id: number;
  readonly appId: number;
  readonly ownerId: number;
  /** Ids of repositories. */
  selection: 'all' | Set<number>;
  permissions: Permissions;
  readonly events: readonly string[];
  suspended: { readonly at: number; readonly byId: number } | undefined;
  readonly createdAt: number;
  updatedAt: number;
};

export type Token = {
  readonly value: string;
  readonly installationId: number;
  readonly expiresAt: number;
  readonly permissions: Permissions;
  /** A token may be for fewer repositories than its installation. */
  readonly repositoryIds: ReadonlySet<number> | undefined;
};

export type ReviewState = 'approved' | 'changes_requested' | 'commented' | 'dismissed';

export type Review = {
  readonly id: number;
  readonly repositoryId: number;
  readonly pull: number;
  readonly authorId: number;
  body: string;
  readonly state: ReviewState;
  readonly commitId: string;
  readonly submittedAt: number;
  updatedAt: number;
  readonly reactions: Reaction[];
};

export type ReviewComment = {
  readonly id: number;
  readonly reviewId: number;
  readonly repositoryId: number;
  readonly pull: number;
  readonly authorId: number;
  body: string;
  readonly path: string;
  readonly line: number;
  readonly inReplyTo: number | undefined;
  readonly commitId: string;
  readonly createdAt: number;
  updatedAt: number;
  readonly reactions: Reaction[];
};

export type CheckSuite = {
  readonly id: number;
  readonly repositoryId: number;
  readonly appId: number;
  readonly sha: string;
  readonly branch: string | null;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
  readonly createdAt: number;
  updatedAt: number;
};

export type CheckAction = {
  readonly label: string;
  readonly description: string;
  readonly identifier: string;
};

export type CheckAnnotation = {
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly start_column?: number;
  readonly end_column?: number;
  readonly annotation_level: string;
  readonly title?: string;
  readonly message: string;
  readonly raw_details?: string;
};

export type CheckRun = {
  readonly id: number;
  readonly repositoryId: number;
  readonly appId: number;
  readonly suiteId: number;
  readonly sha: string;
  name: string;
  externalId: string;
  detailsUrl: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
  startedAt: string | null;
  completedAt: string | null;
  title: string | null;
  summary: string | null;
  text: string | null;
  annotations: CheckAnnotation[];
  actions: readonly CheckAction[];
};

export type Limit = {
  readonly kind: 'primary' | 'secondary';
  /** Seconds, in the `retry-after` header of a secondary limit. */
  readonly retryAfter?: number;
  readonly status?: 403 | 429;
  readonly method?: string;
  readonly path?: RegExp;
  left: number;
};

export type Violation = {
  readonly method: string;
  readonly path: string;
  readonly problem: string;
  readonly body: string;
};

/** What every part of the fake works with. */
export type Scene = { readonly hub: Hub; readonly context: Context };

export function createHub(): Hub {
  return {
    apps: new Map(),
    codes: new Map(),
    installations: new Map(),
    tokens: new Map(),
    reviews: new Map(),
    reviewComments: new Map(),
    checkRuns: new Map(),
    suites: new Map(),
    reactionIds: new WeakMap(),
    minimized: new Map(),
    roleNames: new Map(),
    asked: new Set(),
    limits: [],
    used: new Map(),
    deliveryIds: new WeakMap(),
    remarks: { requests: 0 },
    violations: [],
    nextId: {
      installation: 1001,
      hook: 501,
      review: 1,
      reviewComment: 1,
      checkRun: 1,
      suite: 1,
      reaction: 1,
      delivery: 1,
      code: 1,
    },
  };
}

export function loadApp(hub: Hub, id: number): App {
  const app = hub.apps.get(id);
  if (app === undefined) throw new Error(`there is no App ${id}`);
  return app;
}

/** Whether the installation is for this repository. */
export function covers(
  installation: Installation,
  repository: { readonly id: number; readonly ownerId: number },
): boolean {
  if (installation.selection === 'all') return installation.ownerId === repository.ownerId;
  return installation.selection.has(repository.id);
}
