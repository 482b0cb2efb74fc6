import type { Forge } from '../forges/forge.ts';
import type { Ledger } from '../ledger/database.ts';
import { SENDING_MS } from '../ledger/held.ts';
import type { Clock } from '../lib/clock.ts';
import type { Markers } from './marker.ts';
import type { Templates } from './templates.ts';

export type ReporterOptions = {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly forge: Forge;
  readonly url: string;
  readonly markers: Markers;
  readonly templates: Templates;
  readonly pace: Pace;
};

export type Pace = {
  /** A run that ends sooner gets no "queued" comment. */
  readonly quietMs: number;
  /** Shortest time between two edits of a running comment. */
  readonly editMs: number;
  /** Longest time between the intent to post and the post's being listed: more than `SENDING_MS`. */
  readonly settleMs: number;
};

export const DEFAULT_PACE: Pace = {
  quietMs: 3_000,
  editMs: 10_000,
  settleMs: SENDING_MS + 5_000,
};
