import type { Readable } from 'node:stream';
import type { Account } from '../../domain/forge-event.ts';
import type { Run } from '../../domain/run.ts';
import type { StoredLine } from '../../lib/log-store.ts';

/** A run with what its pages say around it. All text from people is hostile. */
export type RunRow = Run & {
  readonly requester: Account;
  /** The command line as the bot understood it, e.g. "!testme smoke". */
  readonly commandText: string;
  readonly pullTitle?: string;
  /** Medians of the last passed runs of this suite in this repository, ms. */
  readonly usual?: { readonly totalMs: number; readonly stages: Readonly<Record<string, number>> };
};

export type DeliveryOutcome = 'accepted' | 'duplicate' | 'ignored' | 'failed' | 'pending';

export type DeliveryRow = {
  /** Sorts by time. */
  readonly id: string;
  readonly at: number;
  readonly forge: string;
  /** The forge's name of the event, e.g. "issue_comment". */
  readonly event: string;
  readonly source: 'webhook' | 'catch-up' | 'cli';
  readonly outcome: DeliveryOutcome;
  readonly reason?: { readonly code: string; readonly explanation: string };
  /** The command lines found in it. */
  readonly commands: readonly string[];
};

/** One chapter of the help page; `text` is plain, an empty line parts paragraphs. */
export type HelpSection = { readonly id: string; readonly title: string; readonly text: string };

/** Where the pages read from; all lists are newest first. Nothing here changes anything. */
export type PagesSource = {
  /**
   * `state` is a run state, or `attention`: dirty now, or errored within the last 24 hours.
   * `before` is a run number, exclusive.
   */
  listRuns(filter: {
    state?: string;
    repository?: string;
    before?: number;
    limit: number;
  }): Promise<readonly RunRow[]>;
  findRun(number: number): Promise<RunRow | undefined>;
  /** `before` is a delivery id, exclusive. */
  listDeliveries(filter: { before?: string; limit: number }): Promise<readonly DeliveryRow[]>;
  /** Lines with `n > after`, oldest first. */
  readLog(runId: string, after: number, limit: number): Promise<readonly StoredLine[]>;
  countLog(runId: string): Promise<number>;
  listArtifacts(runId: string): Promise<readonly { name: string; bytes: number }[]>;
  /** Only ever called with a name that `listArtifacts` gave. */
  openArtifact(runId: string, name: string): Promise<Readable | undefined>;
  /** Complete URLs; those that are not http or https are shown as text. */
  links(row: RunRow): { commit: string; pull: string; requester: string; remote?: string };
};
