import type { Account } from '../domain/forge-event.ts';
import type { Run, Verdict } from '../domain/run.ts';

/**
 * Everything a comment can say, without prose: `render.ts` turns it into Markdown through `templates/`.
 * Times are ms since the epoch. URLs are complete. All text from people or logs in here is hostile.
 */
export type Message =
  | RunMessage
  | RunsMessage
  | JoinedMessage
  | SupersededMessage
  | OutdatedMessage
  | DeniedMessage
  | ApprovalMessage
  | NotUnderstoodMessage
  | RefusedMessage
  | ConfigMessage
  | HelpMessage
  | StatusMessage
  | PingMessage;

/** The living comment of a command with one run. */
export type RunMessage = {
  readonly kind: 'run';
  /** The command line as the bot understood it, e.g. "!testme smoke". */
  readonly command: string;
  readonly requester: Account;
  readonly run: Run;
  readonly links: {
    readonly commit: string;
    readonly requester: string;
    /** `<url>/r/<number>` */
    readonly page: string;
    /** `<url>/help` */
    readonly help: string;
    /** Page of the build at the remote runner. */
    readonly remote?: string;
    /** Page of the account that cancelled. */
    readonly canceller?: string;
  };
  /** While queued: what it waits for. */
  readonly queue?: {
    readonly runner: string;
    readonly ahead: readonly {
      readonly number: number;
      readonly repository: string;
      readonly url: string;
      readonly leftMs?: number;
    }[];
    readonly startsAt?: number;
    /** e.g. "waits for approval in Drone"; wins over `ahead`. */
    readonly waitsFor?: string;
  };
  /** Medians of the last 20 passed runs of this suite in this repository. */
  readonly usual?: {
    readonly totalMs: number;
    readonly runs: number;
    readonly stages: Readonly<Record<string, number>>;
  };
  /** Verdicts of the last runs of this suite in this repository, newest last. */
  readonly history: readonly Verdict[];
};

/** The living comment of a command that named several suites: one part for each run. */
export type RunsMessage = {
  readonly kind: 'runs';
  readonly command: string;
  readonly parts: readonly RunMessage[];
};

/** Answer to a second `!testme` while the first is on its way. `commentUrl` is the living comment. */
export type JoinedMessage = {
  readonly kind: 'joined';
  readonly command: string;
  readonly run: Run;
  readonly links: { readonly commit: string; readonly page: string; readonly comment?: string };
};

/** What an older living comment shrinks to. */
export type SupersededMessage = {
  readonly kind: 'superseded';
  readonly run: Run;
  readonly by: {
    readonly sha: string;
    readonly commitUrl: string;
    readonly commentUrl?: string;
    readonly cause: 'push' | 'command';
  };
};

/** What the living comment of a run that is over shrinks to when the next run of the suite has one. */
export type OutdatedMessage = {
  readonly kind: 'outdated';
  readonly command: string;
  readonly run: Run;
  readonly links: { readonly commit: string; readonly page: string; readonly newer: string };
};

export type DeniedMessage = {
  readonly kind: 'denied';
  readonly command: string;
  readonly account: Account;
  readonly accountUrl: string;
  readonly required: string;
  readonly present: string;
  /** Where the rule stands; absent when it is the built-in default. */
  readonly rule?: { readonly file: string; readonly line: number; readonly url: string };
};

export type ApprovalMessage = {
  readonly kind: 'approval';
  readonly sha: string;
  readonly changesUrl: string;
  readonly source: 'fork' | 'agit';
};

/** One or more lines that look like commands and are not. */
export type NotUnderstoodMessage = {
  readonly kind: 'not_understood';
  readonly problems: readonly {
    readonly line: string;
    readonly problem: string;
    readonly suggestion?: string;
  }[];
};

/** Understood and allowed, yet it cannot be done: why, and what to do next. Both are whole sentences of ours. */
export type RefusedMessage = {
  readonly kind: 'refused';
  readonly command: string;
  readonly why: string;
  readonly next: string;
};

export type ConfigMessage = {
  readonly kind: 'config';
  readonly file: string;
  readonly sha: string;
  readonly commitUrl: string;
  readonly branch: string;
  /** True when the broken file is the one that is obeyed, so that nothing can start. */
  readonly blocking: boolean;
  readonly problems: readonly {
    readonly line: number;
    readonly column: number;
    readonly url: string;
    readonly path: string;
    readonly message: string;
    readonly suggestion?: string;
    /** The source line, and how many characters from `column` on are wrong. */
    readonly source: string;
    readonly length: number;
  }[];
  readonly referenceUrl: string;
};

export type HelpMessage = {
  readonly kind: 'help';
  readonly rows: readonly {
    readonly usage: string;
    readonly summary: string;
    readonly required: string;
    readonly allowed: boolean;
  }[];
  readonly suites: readonly string[];
  readonly url: string;
};

export type StatusMessage = {
  readonly kind: 'status';
  readonly runs: readonly {
    readonly number: number;
    readonly suite: string;
    readonly sha: string;
    readonly state: Run['state'];
    readonly stage?: string;
    readonly since: number;
    readonly url: string;
  }[];
};

/** The one-line new comment for an outcome that needs a person. */
export type PingMessage = {
  readonly kind: 'ping';
  readonly login: string;
  readonly run: Run;
  readonly commentUrl: string;
};
