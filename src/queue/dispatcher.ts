import type { Ledger } from '../ledger/database.ts';
import {
  type Processor,
  type RunLeasedOptions,
  runLeased,
  type WorkFailure,
} from '../ledger/held.ts';
import { type Hint, nextUndispatchedAt, pickUndispatched } from '../ledger/outbox.ts';
import { claimDue, claimOne, type Lease, nextDueAt, whatIsDue } from '../ledger/work.ts';
import type { Clock } from '../lib/clock.ts';
import { createHands, type Hands } from './hands.ts';

/** One kind of work, with how many pieces of it this process does at once; 0: it only tells others of it. */
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

type Told = Pick<Hint, 'kind' | 'subject'>;
/** `at`: when the ledger is to be looked at again. Absent while others are told of what is due. */
type Look = { readonly told: boolean; readonly at?: number };

/** A faster way to tell all processes of due work than their looking. It may lose, double and delay what it is told. */
export type Hints = {
  /** False while `add` would only fail. */
  isUp(): boolean;
  /** Rejects soon when it cannot. */
  add(hints: readonly Hint[]): Promise<void>;
  /** From now on each hint that arrives for one of `lanes` is given to `onHint`, and is over when that resolves. */
  start(lanes: readonly Lane[], onHint: (hint: Told) => Promise<void>): void;
  /** Takes no further hints. */
  pause(): void;
  close(): Promise<void>;
};

/** A reason made once: the platform would make an exception with a stack for every nudge. */
const NUDGED = new Error('something was armed');

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
  /** See `RunLeasedOptions`. */
  readonly longestBackoffMs?: number;
  /** Without them, and whenever they fail, the ledger itself dispatches. */
  readonly hints?: Hints;
};

/** Work that was told of and not claimed after so long is claimed without a hint: the hint was lost. */
const UNCLAIMED_MS = 2_000;
/** Rows told of in one statement. */
const BATCH = 500;
/** How long work that was cut off may take to notice. */
const CUT_MS = 10_000;

/**
 * Hands due work to the processors of the lanes. Whoever is told of it, or finds it, claims it in the ledger; what
 * this decides is only when somebody looks.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { ledger, lanes, clock, hints } = options;
  const kinds = lanes.map((lane) => lane.kind);
  const handsOf = new Map(lanes.map((lane) => [lane, createHands(lane.concurrency)]));
  const active = new Set<Promise<void>>();
  const stopping = new AbortController();
  const cutting = new AbortController();
  let wake = new AbortController();
  let nudged = false;
  let loop: Promise<void> = Promise.resolve();
  let looksForLostAt = 0;
  let tellsAgainAt = 0;
  /** What is claimed may not be among `active` yet. */
  let looking = false;

  const nudge = () => {
    nudged = true;
    wake.abort(NUDGED);
  };
  const leased: RunLeasedOptions = { ...options, signal: cutting.signal };
  const claimAs = () => ({ owner: options.owner, now: clock.now(), leaseMs: options.leaseMs });

  const track = (work: Promise<void>): Promise<void> => {
    const tracked = work
      .catch((error: unknown) => report(error))
      .finally(() => {
        active.delete(tracked);
        nudge();
      });
    active.add(tracked);
    return tracked;
  };
  const report = (error: unknown) =>
    options.onFailure({ lease: NO_LEASE, error, retryAt: clock.now() + options.pollMs });

  /** With one hand already taken. */
  const work = (lane: Lane, hands: Hands, lease: Lease) =>
    runLeased(lease, lane.processor, leased).finally(() => hands.giveBack(1));

  const claim = async (lane: Lane, toldBefore: number | undefined): Promise<void> => {
    const hands = handsOf.get(lane);
    const free = hands?.takeFree() ?? 0;
    if (hands === undefined || free === 0) return;
    let leases: readonly Lease[] = [];
    try {
      const since = toldBefore === undefined ? {} : { toldBefore };
      leases = await claimDue(ledger, lane.kind, free, { ...claimAs(), ...since });
    } finally {
      hands.giveBack(free - leases.length);
    }
    for (const lease of leases) void track(work(lane, hands, lease));
  };

  const onHint = async ({ kind, subject }: Told): Promise<void> => {
    const lane = lanes.find((candidate) => candidate.kind === kind);
    const hands = lane && handsOf.get(lane);
    if (lane === undefined || hands === undefined) return;
    await hands.takeOne();
    const lease = stopping.signal.aborted
      ? undefined
      : await claimOne(ledger.db, kind, subject, claimAs()).catch((error: unknown) => {
          report(error);
          return undefined;
        });
    if (lease === undefined) hands.giveBack(1);
    else await work(lane, hands, lease);
  };

  const canTell = () => hints?.isUp() === true && clock.now() >= tellsAgainAt;

  /** Tells of what is due. Undefined when nobody can be told: then the ledger dispatches. */
  const relay = async (): Promise<number | undefined> => {
    if (hints === undefined || !canTell()) return undefined;
    const due = await pickUndispatched(ledger, kinds, { now: clock.now(), limit: BATCH });
    try {
      if (due.length > 0) await hints.add(due);
      return due.length;
    } catch (error) {
      report(error);
      tellsAgainAt = clock.now() + UNCLAIMED_MS;
      return undefined;
    }
  };

  /** Takes what is due, and tells from the same look what comes later. The end of what was taken makes us look again. */
  const look = async (): Promise<Look> => {
    const told = await relay();
    if (told !== undefined) {
      if (clock.now() < looksForLostAt) return { told: told > 0 };
      looksForLostAt = clock.now() + options.pollMs;
    }
    const toldBefore = told === undefined ? undefined : clock.now() - UNCLAIMED_MS;
    // An idle process only reads: a claim is a write, also when it takes nothing.
    const due = await whatIsDue(ledger.db, kinds, clock.now());
    for (const lane of lanes) if (due.get(lane.kind)?.isDue) await claim(lane, toldBefore);
    // Lanes whose hands are all busy are looked at when one gets free, not sooner.
    const idle = lanes.filter((lane) => !handsOf.get(lane)?.isFull);
    const at = Math.min(...idle.map((lane) => due.get(lane.kind)?.later ?? Infinity));
    return { told: (told ?? 0) > 0, at };
  };

  const rest = async (lookAt: number) => {
    const until = canTell() ? ((await nextUndispatchedAt(ledger, kinds)) ?? Infinity) : lookAt;
    if (nudged || stopping.signal.aborted) return;
    const wait = Math.min(options.pollMs, Math.max(1, until - clock.now()));
    wake = new AbortController();
    if (nudged || stopping.signal.aborted) return;
    await clock.sleep(wait, wake.signal).catch(() => {});
  };

  const run = async () => {
    while (!stopping.signal.aborted) {
      nudged = false;
      try {
        looking = true;
        const { told, at } = await look();
        looking = false;
        // There may be more than can be told of at once.
        if (!told) await rest(at ?? Infinity);
      } catch (error) {
        // The ledger is away: nothing can be done but wait for it.
        looking = false;
        report(error);
        await clock.sleep(options.pollMs, stopping.signal).catch(() => {});
      }
    }
  };

  return {
    start: () => {
      hints?.start(lanes, (hint) => track(onHint(hint)));
      loop = run();
    },
    nudge,
    settle: async () => {
      for (;;) {
        await Promise.all(active);
        const dueAt = await nextDueAt(ledger.db, kinds);
        const isIdle = active.size === 0 && !looking;
        if (isIdle && (dueAt === undefined || dueAt > clock.now())) return;
        nudge();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    drain: async (budgetMs) => {
      stopping.abort();
      wake.abort(NUDGED);
      hints?.pause();
      await loop;
      const budget = new AbortController();
      const late = clock.sleep(budgetMs, budget.signal).catch(() => {});
      await Promise.race([Promise.all(active), late]);
      budget.abort();
      cutting.abort(new Error('the process is shutting down'));
      const cut = new AbortController();
      const tooLate = clock.sleep(CUT_MS, cut.signal).catch(() => {});
      await Promise.race([Promise.all(active), tooLate]);
      // A timer left behind would keep the process up for so long.
      cut.abort();
      await hints?.close();
    },
  };
}

const NO_LEASE: Lease = {
  kind: 'ledger',
  subject: '-',
  fence: 0,
  attempts: 1,
  until: 0,
  inherited: false,
};
