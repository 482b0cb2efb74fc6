import type { Ledger } from '../ledger/database.ts';
import {
  type Processor,
  type RunLeasedOptions,
  runLeased,
  type WorkFailure,
} from '../ledger/held.ts';
import { claimDue, nextDueAt } from '../ledger/work.ts';
import type { Clock } from '../lib/clock.ts';

/** One kind of work, with how many pieces of it this process does at once. */
export type Lane = {
  readonly kind: string;
  readonly concurrency: number;
  readonly processor: Processor;
};

export type Dispatcher = {
  start(): void;
  /** Something was armed: look now. */
  nudge(): void;
  /** Resolves when nothing is being done and nothing is due now. For tests and one-shot commands. */
  settle(): Promise<void>;
  /** Takes no new work, waits for what is held, then cuts off what is left; its leases run out by themselves. */
  drain(budgetMs: number): Promise<void>;
};

export type DispatcherOptions = {
  readonly ledger: Ledger;
  readonly lanes: readonly Lane[];
  /** Unique for this process, see `owner.ts`. */
  readonly owner: string;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** Longest time between two looks at the ledger: bounds how late work of another process is noticed. */
  readonly pollMs: number;
  readonly onFailure: (failure: WorkFailure) => void;
};

/** The ledger dispatches: due rows are claimed in batches, as many as there are free hands. */
export function createLedgerDispatcher(options: DispatcherOptions): Dispatcher {
  const { ledger, lanes, clock } = options;
  const stopping = new AbortController();
  const cutting = new AbortController();
  const active = new Map<string, Set<Promise<void>>>(lanes.map((lane) => [lane.kind, new Set()]));
  let wake = new AbortController();
  let nudged = false;
  let loop: Promise<void> = Promise.resolve();

  const nudge = () => {
    nudged = true;
    wake.abort();
  };
  const leased: RunLeasedOptions = {
    ledger,
    clock,
    leaseMs: options.leaseMs,
    onFailure: options.onFailure,
    signal: cutting.signal,
  };

  /** Fills every lane; true when something was taken. */
  const fill = async (): Promise<boolean> => {
    let took = false;
    for (const lane of lanes) {
      const hands = active.get(lane.kind) ?? new Set();
      const claim = { owner: options.owner, now: clock.now(), leaseMs: options.leaseMs };
      const leases = await claimDue(ledger, lane.kind, lane.concurrency - hands.size, claim);
      for (const lease of leases) {
        took = true;
        const work: Promise<void> = runLeased(lease, lane.processor, leased)
          .catch(() => {})
          .finally(() => {
            hands.delete(work);
            nudge();
          });
        hands.add(work);
      }
    }
    return took;
  };

  const rest = async () => {
    const dueAt = await nextDueAt(
      ledger.db,
      lanes.map((lane) => lane.kind),
    );
    if (nudged || stopping.signal.aborted) return;
    const wait = Math.min(options.pollMs, Math.max(1, (dueAt ?? Infinity) - clock.now()));
    wake = new AbortController();
    if (nudged) return;
    await clock.sleep(wait, AbortSignal.any([wake.signal, stopping.signal])).catch(() => {});
  };

  const run = async () => {
    while (!stopping.signal.aborted) {
      nudged = false;
      try {
        if (!(await fill())) await rest();
      } catch (error) {
        // The ledger is away: nothing can be done but wait for it.
        options.onFailure({ lease: NO_LEASE, error, retryAt: clock.now() + options.pollMs });
        await clock.sleep(options.pollMs, stopping.signal).catch(() => {});
      }
    }
  };

  const everything = () => [...active.values()].flatMap((hands) => [...hands]);

  return {
    start: () => {
      loop = run();
    },
    nudge,
    settle: async () => {
      for (;;) {
        await Promise.all(everything());
        const dueAt = await nextDueAt(
          ledger.db,
          lanes.map((lane) => lane.kind),
        );
        if (everything().length === 0 && (dueAt === undefined || dueAt > clock.now())) return;
        nudge();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    drain: async (budgetMs) => {
      stopping.abort();
      await loop;
      const budget = new AbortController();
      const late = clock.sleep(budgetMs, budget.signal).catch(() => {});
      await Promise.race([Promise.all(everything()), late]);
      budget.abort();
      cutting.abort(new Error('the process is shutting down'));
      await Promise.race([Promise.all(everything()), clock.sleep(CUT_MS).catch(() => {})]);
    },
  };
}

/** How long work that was cut off may take to notice. */
const CUT_MS = 10_000;
const NO_LEASE = {
  kind: 'ledger',
  subject: '-',
  fence: 0,
  attempts: 1,
  until: 0,
  inherited: false,
};
