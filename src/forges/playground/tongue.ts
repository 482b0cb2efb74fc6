import type { CommentChange, NewStatus, PullChange } from './announce.ts';
import type { Context } from './context.ts';
import type { Call, Reply } from './http.ts';
import type { Push } from './push-view.ts';
import type { Delivery } from './webhooks.ts';
import type { Hook, Repository, User } from './world.ts';

/**
 * Which forge the same world is seen as: how its API is asked, and how its webhooks tell what happened. The playground
 * speaks Gitea; a test may bring another.
 */
export type Tongue = {
  isApi(path: string): boolean;
  answer(context: Context, call: Call): Promise<Reply>;
  /** Whose token an `authorization` header holds, for git. Nobody is undefined. */
  authenticate(context: Context, header: string | undefined): User | 'unknown' | undefined;
  /** Whether an `authorization` header opens a repository to git, where that is more than the account's role. */
  reach?(context: Context, header: string | undefined, wanted: Reach): boolean | undefined;
  /** What a hook of a repository may be made as; a forge without such hooks has none. */
  readonly hookTypes: readonly string[];
  readonly announce: Announcer;
  /** The JSON text of a webhook. */
  encode(payload: unknown): string;
  /** The request of one delivery, signed. */
  request(hook: Hook, delivery: Delivery): { headers: Record<string, string>; body: string };
  readonly deliveries: {
    readonly maxRedirects: number;
    /** Share of duplicates that are a resend with the same id; the others have a new one. */
    readonly sameIdShare: number;
  };
};

export type Reach = { readonly repository: Repository; readonly writes: boolean };

/** Each sends one event to the hooks that listen for it. */
type Announcer = {
  comment(context: Context, repository: Repository, change: CommentChange): Promise<void>;
  pull(context: Context, repository: Repository, change: PullChange): Promise<void>;
  push(context: Context, repository: Repository, push: Push): Promise<void>;
  deletedBranch(context: Context, repository: Repository, branch: { name: string; by: User }): void;
  status(context: Context, repository: Repository, status: NewStatus): Promise<void>;
};
