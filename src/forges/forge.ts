import type { Finding } from '../domain/finding.ts';
import type {
  Account,
  ButtonAction,
  Comment,
  ForgeEvent,
  IgnoreReason,
  PullRequest,
  Repository,
} from '../domain/forge-event.ts';
import type { Role } from '../domain/role.ts';

/** Header names in lower case. */
export type WebhookRequest = {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
};

export type CommitState = 'pending' | 'success' | 'failure' | 'error' | 'warning';
/** Reactions that GitHub, Gitea and Forgejo share; a server may allow fewer. */
export type Reaction = '+1' | '-1' | 'laugh' | 'hooray' | 'confused' | 'heart' | 'rocket' | 'eyes';

/** Options of each call. `guard` throws when the caller's lease has run out; it runs right before the bytes leave. */
export type CallOptions = { readonly signal?: AbortSignal; readonly guard?: () => void };

/** A comment to make: where, and what. */
export type NewComment = {
  readonly repository: string;
  readonly pull: number;
  readonly body: string;
};

/**
 * A git host. Adapters: `gitea/` (Gitea, Forgejo and the playground, which speaks Gitea's API) and `github/`.
 *
 * Every method throws `ForgeError` and nothing else. No method retries a write; reads may be retried.
 */
export type Forge = {
  /** The key under `forges:`. */
  readonly name: string;
  /** Public base address, no trailing slash. */
  readonly url: string;

  /** Answers that may be under way at once: a forge that paces writes makes them wait for each other. */
  readonly writers: number;

  /** Who can give the bot a right that it lacks, and how: a sentence without its full stop. */
  readonly rightsHint: string;

  readonly links: ForgeLinks;

  /** Constant-time check of the signature over the raw bytes. A missing or empty signature is false. */
  verify(request: WebhookRequest): boolean;
  /** The forge's own id of the delivery, or undefined. Not trusted for more than telling a resend. */
  deliveryId(request: WebhookRequest): string | undefined;
  /** Cheap look at headers and bytes, before parsing: a reason if it can be no concern of ours. */
  prefilter(request: WebhookRequest): IgnoreReason | undefined;
  /** Throws `SyntaxError` or `PayloadError` when the body is not what the event promises. */
  normalize(request: WebhookRequest): ForgeEvent;

  /** Who the token is. */
  whoAmI(options?: CallOptions): Promise<Account>;
  /** Always fresh. `not_found` when it does not exist or may not be seen. */
  readPullRequest(repository: string, pull: number, options?: CallOptions): Promise<PullRequest>;
  readRepository(repository: string, options?: CallOptions): Promise<Repository>;
  /** `none` for an account that does not exist. `forbidden` when the bot may not ask. */
  readRole(repository: string, account: Account, options?: CallOptions): Promise<Role>;
  /** UTF-8 text at a branch name or full sha; undefined when there is no such file. */
  readFile(
    repository: string,
    path: string,
    ref: string,
    options?: CallOptions,
  ): Promise<string | undefined>;

  /** Full names of the repositories that fit one of the patterns (`owner/name`, `*` for any characters). */
  listRepositories(patterns: readonly string[], options?: CallOptions): Promise<readonly string[]>;
  /** Comments of the repository's pull requests changed at or after `since`, oldest first, all pages. */
  listComments(
    repository: string,
    since: Date,
    options?: CallOptions,
  ): AsyncIterable<CommentOnPull>;
  /** Plain comments of one pull request, oldest first; the way to find our own by its marker. */
  listPullComments(
    repository: string,
    pull: number,
    options?: CallOptions,
  ): Promise<readonly Comment[]>;
  createComment(comment: NewComment, options?: CallOptions): Promise<Comment>;
  /** `not_found` when somebody deleted it. */
  editComment(
    repository: string,
    commentId: string,
    edit: CommentEdit,
    options?: CallOptions,
  ): Promise<void>;
  deleteComment(repository: string, commentId: string, options?: CallOptions): Promise<void>;

  /** Both idempotent. `unsupported` when the server does not allow this reaction. */
  addReaction(
    repository: string,
    commentId: string,
    reaction: Reaction,
    options?: CallOptions,
  ): Promise<void>;
  removeReaction(
    repository: string,
    commentId: string,
    reaction: Reaction,
    options?: CallOptions,
  ): Promise<void>;

  /** `status.sha` has 40 hex digits. Idempotent, the long form too: it is known again by its `key`. */
  setStatus(repository: string, status: CommitStatus, options?: CallOptions): Promise<void>;

  /** Creates or repairs our webhook so that it delivers exactly the events we use. */
  ensureWebhook(repository: string, target: string, options?: CallOptions): Promise<WebhookOutcome>;
  /** Asks for the deliveries again that failed at or after `since`; without it nothing is asked for. */
  redeliverFailed(since: Date | undefined, options?: CallOptions): Promise<Redelivery>;
  /** Environment for a `git` child that may read the repository; never part of argv. Valid for at least half an hour. */
  gitEnvironment(
    repository: string,
    options?: CallOptions,
  ): Promise<Readonly<Record<string, string>>>;
  /** Everything that could keep this forge from working, for `signalbox doctor`. Changes nothing; never throws. */
  examine(question: Examination, options?: CallOptions): AsyncIterable<Finding>;
};

/** Addresses of pages for people. */
export type ForgeLinks = {
  commit(repository: string, sha: string): string;
  user(login: string): string;
  pull(repository: string, pull: number): string;
  changes(repository: string, pull: number): string;
  comment(repository: string, pull: number, commentId: string): string;
  /** A file at a branch name or a full sha, `line` counted from 1. */
  file(
    repository: string,
    at: { branch: string } | { sha: string },
    path: string,
    line?: number,
  ): string;
};

export type CommentOnPull = { readonly pull: number; readonly comment: Comment };

export type CommentEdit = {
  readonly body: string;
  /** A newer one speaks now: forges that can fold a comment away do so. */
  readonly isOutdated?: boolean;
};

export type CommitStatus = {
  readonly sha: string;
  readonly context: string;
  readonly state: CommitState;
  /** At most 140 characters. */
  readonly description: string;
  readonly url: string;
  readonly details?: {
    /** Ours: the same details keep it, so that they are found again. Comes back with a pressed button. */
    readonly key: string;
    /** Another one when the details change though the line does not. */
    readonly version: string;
    /** Asked by forges that show more than a line (GitHub: a check run); the others spare the work. */
    read(): StatusDetails;
  };
  /** There is nothing to say in one line: only where there is room for details. */
  readonly onlyDetails?: true;
};

/** The long form of a commit status. */
export type StatusDetails = {
  readonly phase: 'queued' | 'running' | Conclusion;
  readonly title: string;
  /** Markdown, of any length. */
  readonly summary: string;
  readonly startedAt?: Date;
  readonly endedAt?: Date;
  readonly annotations: readonly Annotation[];
  readonly buttons: readonly Button[];
};

type Conclusion = 'success' | 'failure' | 'cancelled' | 'timed_out' | 'neutral';

/** A remark on a line of a file, of any length. */
export type Annotation = {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly level: 'notice' | 'warning' | 'failure';
  readonly title: string;
  readonly message: string;
};

/** At most three are shown. A press comes back as `button-pressed`. */
export type Button = {
  readonly action: ButtonAction;
  /** At most 20 characters. */
  readonly label: string;
  /** At most 40 characters. */
  readonly description: string;
};

/** What `signalbox doctor` wants to know of a forge. */
export type Examination = {
  /** Patterns, as in the configuration. */
  readonly repositories: readonly string[];
  /** Where its webhooks should go. */
  readonly target: string;
  /** ms since the epoch, by our clock. */
  readonly now: number;
};

export type Redelivery = {
  /** How many were asked for. */
  readonly asked: number;
  /** By the forge's clock: the newest delivery it knows of, the epoch if there was none. Absent: it keeps none. */
  readonly seenUntil?: Date;
};

export type WebhookOutcome = {
  readonly outcome: 'created' | 'repaired' | 'unchanged';
  readonly id: string;
};

const FORGE_ERROR_CODES = [
  'not_found',
  'moved', // the repository was renamed: `location` names where
  'unauthorized', // the token is wrong
  'forbidden', // the token is right, the right is missing
  'conflict',
  'invalid', // the forge refuses what we sent
  'unsupported',
  'rate_limited',
  'unavailable', // no answer, 5xx, time-out: the effect may or may not have happened
  'unexpected', // an answer that does not look like the forge's
] as const;
export type ForgeErrorCode = (typeof FORGE_ERROR_CODES)[number];

const RETRYABLE: ReadonlySet<ForgeErrorCode> = new Set([
  'unavailable',
  'rate_limited',
  'conflict',
  'unauthorized',
]);

export class ForgeError extends Error {
  override readonly name = 'ForgeError';
  readonly code: ForgeErrorCode;
  readonly status: number | undefined;
  /** True when trying the same call later can help: the forge is back by then, or the token mended. */
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ForgeErrorCode,
    message: string,
    details: { status?: number; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
    this.retryable = RETRYABLE.has(code);
  }
}

/** The body parsed, but lacks what its event promises. Answered 400. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
}
