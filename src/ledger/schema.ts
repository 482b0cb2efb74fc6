import type { Generated } from 'kysely';

/**
 * The tables. Times are ms since the epoch; columns ending in `_json` hold JSON text in both databases.
 * Migrations make them: `migrations/`.
 */
export type Schema = {
  deliveries: DeliveryTable;
  commands: CommandTable;
  runs: RunTable;
  reports: ReportTable;
  work: WorkTable;
  operations: OperationTable;
  counters: CounterTable;
  settings: SettingTable;
  watermarks: WatermarkTable;
};

/** The inbox: one row for each delivery that may concern us, kept before it is answered. */
export type DeliveryTable = {
  id: string;
  /** Key under `forges:`, or `runner:<name>` for a webhook of a CI system. */
  forge: string;
  source: 'webhook' | 'catch-up' | 'cli';
  /** What makes two deliveries the same; unique with `forge`. */
  dedupe_key: string;
  event: string;
  repository: string | null;
  received_at: number;
  headers_json: string;
  body: Uint8Array;
  /** The `ForgeEvent`, normalised at the door. */
  fact_json: string;
  outcome: 'pending' | 'accepted' | 'ignored' | 'failed';
  reason: string | null;
};

/** One command-like line of one comment; unique on (forge, comment_id, ordinal). */
export type CommandTable = {
  id: string;
  forge: string;
  repository: string;
  pull: number;
  /** The forge's id, or `cli-…` or `button-…` for a command that came another way. */
  comment_id: string;
  comment_url: string;
  ordinal: number;
  actor_id: string;
  actor_login: string;
  prefix: string;
  /** The line as written, hostile. */
  raw: string;
  /** Canonical text, safe to show; for a line not understood the cleaned line. */
  text: string;
  /** Null while the line is not understood. */
  command_json: string | null;
  problem_json: string | null;
  delivery_id: string;
  created_at: number;
  /** Reason code; `pending` until decided. */
  outcome: string;
  /** What the answer needs beyond the code, see `CommandDetail`. */
  detail_json: string | null;
};

export type RunTable = {
  id: string;
  number: number;
  forge: string;
  repository: string;
  pull: number;
  command_id: string;
  suite: string;
  runner: string;
  sha: string;
  head_ref: string;
  plan_json: string;
  state: string;
  rev: number;
  attempt: number;
  queued_at: number;
  started_at: number | null;
  finished_at: number | null;
  verdict: string | null;
  cleanliness_json: string;
  diagnosis_json: string | null;
  cancellation_json: string | null;
  interruption_json: string | null;
  remote_json: string;
  stages_json: string;
};

/** What a command's answer looks like at the forge: wanted against sent. */
export type ReportTable = {
  command_id: string;
  comment_id: string | null;
  /** When we first meant to post; from then on our marker is looked for before posting. */
  comment_intent_at: number | null;
  /** Digest of the body that the forge has. */
  sent_digest: string | null;
  sent_at: number | null;
  edits: Generated<number>;
  reaction: string | null;
  /** Context → digest of the status sent last. */
  statuses_json: Generated<string>;
  ping_intent_at: number | null;
  ping_comment_id: string | null;
  /** Until then, something that got no answer may still happen at the forge, after what was sent later. */
  unsettled_until: number | null;
  /** Last thing the forge refused for good, for the deliveries page. */
  problem: string | null;
};

/** What still needs doing, and who holds the lease on it. See `work.ts`. */
export type WorkTable = {
  kind: string;
  subject: string;
  due_at: number | null;
  fence: Generated<number>;
  owner: string | null;
  lease_until: number | null;
  attempts: Generated<number>;
  dispatched_at: number | null;
  dispatch_no: Generated<number>;
  error: string | null;
};

/** Append-only: what happened to what, from where, by whom. */
export type OperationTable = {
  id: Generated<number>;
  at: number;
  subject: string;
  what: string;
  source: string;
  actor: string | null;
  outcome: string;
  fence: number | null;
  detail: string | null;
};

export type CounterTable = { name: string; value: number };

/** What belongs to the installation, not to a process: its id, the key of its comment markers. */
export type SettingTable = { name: string; value: string };

/** Up to where the comments of a repository were seen. */
export type WatermarkTable = { forge: string; repository: string; seen_until: number };
