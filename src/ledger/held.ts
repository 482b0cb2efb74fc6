import type { Clock } from '../lib/clock.ts';
import type { Ledger, Tx } from './database.ts';
import { hold, type Lease, LeaseLost, release } from './work.ts';

/** What a processor is given: a piece of work that is its own for the time being. */
export type Held = {
  readonly lease: Lease;
  /** Aborted when the lease is lost or the process drains. */
  readonly signal: AbortSignal;
  /**
   * Throws `LeaseLost` when the lease may have run out. Called right before a request leaves for the outside: a
   * worker that was stopped and wakes up too late must not act. Ends before the lease does, by our own clock.
   */
  readonly guard: () => void;
  /** One transaction that commits only while the lease is ours. */
  transact<T>(body: (tx: Tx) => Promise<T>): Promise<T>;
};

/** `dueAt`: when to look at it again; absent when nothing more is to be done until somebody arms it. */
export type Next = { readonly dueAt?: number };

export type Processor = (held: Held) => Promise<Next>;

export type WorkFailure = {
  readonly lease: Lease;
  readonly error: unknown;
  readonly retryAt: number;
};

export type RunLeasedOptions = {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly onFailure: (failure: WorkFailure) => void;
  /** Longest pause after a failure, unless the far side asks for more; five minutes unless told. */
  readonly longestBackoffMs?: number;
  /** Aborted when the process drains. */
  readonly signal: AbortSignal;
};

/** Runs one processor under its lease: renews it meanwhile, releases it afterwards, backs off after an error. */
export async function runLeased(
  lease: Lease,
  processor: Processor,
  options: RunLeasedOptions,
): Promise<void> {
  const { ledger, clock, leaseMs } = options;
  const over = new AbortController();
  const stopping = new AbortController();
  const cutOff = () => stopping.abort(options.signal.reason);
  // By hand: a signal made of signals costs more than all else here.
  if (options.signal.aborted) cutOff();
  else options.signal.addEventListener('abort', cutOff, { once: true });
  let isLost = false;
  let deadline = lease.until - leaseMs * (1 - SAFE_SHARE);
  // Both clocks: one can be set back while we are stopped, the other may stand still while the machine sleeps.
  let steadyDeadline = clock.steady() + leaseMs * SAFE_SHARE;
  const renew = async (body: (tx: Tx) => Promise<unknown>) => {
    const now = clock.now();
    const steady = clock.steady();
    const result = await ledger.transaction(async (tx) => {
      await hold(tx, lease, now + leaseMs);
      return body(tx);
    });
    deadline = now + leaseMs * SAFE_SHARE;
    steadyDeadline = steady + leaseMs * SAFE_SHARE;
    return result;
  };
  const lose = (error: unknown) => {
    if (!(error instanceof LeaseLost)) return;
    isLost = true;
    stopping.abort(error);
  };
  const held: Held = {
    lease,
    signal: stopping.signal,
    guard: () => {
      if (isLost || clock.now() > deadline || clock.steady() > steadyDeadline) {
        throw new LeaseLost(
          `${lease.kind} ${lease.subject}: too late to act under fence ${lease.fence}`,
        );
      }
    },
    transact: async (body) => {
      try {
        return (await renew(body)) as Awaited<ReturnType<typeof body>>;
      } catch (error) {
        lose(error);
        throw error;
      }
    },
  };
  const heartbeat = beat({ clock, everyMs: leaseMs / 3, signal: over.signal }, () =>
    renew(async () => {}).catch(lose),
  );
  try {
    const next = await processor(held);
    await release(ledger.db, lease, { outcome: 'done', ...next });
  } catch (error) {
    if (!isOfLostLease(error)) await retryLater(lease, error, options);
  } finally {
    options.signal.removeEventListener('abort', cutOff);
    over.abort(OVER);
    await heartbeat;
  }
}

/** An adapter hands a refusal of our guard on as the cause of an error of its own. */
function isOfLostLease(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof LeaseLost) return true;
  return false;
}

/** A reason made once: the platform would make an exception with a stack for every piece of work. */
const OVER = new Error('the work is done');

/** The own clock counts the lease as over after this share of it: clocks drift, and requests take time to leave. */
const SAFE_SHARE = 0.6;
const MAX_BACKOFF_MS = 5 * 60_000;

/** What must not happen twice leaves this long after its intent, or not at all: http-client's time-out, and no more. */
export const SENDING_MS = 10_000;

/**
 * The guard of an effect that is looked for before it is tried again. Whoever looks counts the settling time from
 * the intent: what left much later might not be found by then.
 */
export function sendingGuard(held: Held, clock: Clock, intentAt: number): () => void {
  const steadyUntil = clock.steady() + SENDING_MS;
  return () => {
    held.guard();
    if (clock.now() > intentAt + SENDING_MS || clock.steady() > steadyUntil)
      throw new Error('it took too long to leave');
  };
}

async function retryLater(lease: Lease, error: unknown, options: RunLeasedOptions): Promise<void> {
  const asked = (error as { retryAfterMs?: number } | undefined)?.retryAfterMs;
  const longest = options.longestBackoffMs ?? MAX_BACKOFF_MS;
  const backoff = Math.min(longest, 500 * 2 ** Math.min(lease.attempts, 12));
  const retryAt = options.clock.now() + Math.max(asked ?? 0, backoff);
  options.onFailure({ lease, error, retryAt });
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  await release(options.ledger.db, lease, { outcome: 'failed', dueAt: retryAt, error: message });
}

async function beat(
  options: { clock: Clock; everyMs: number; signal: AbortSignal },
  action: () => Promise<unknown>,
): Promise<void> {
  while (!options.signal.aborted) {
    try {
      await options.clock.sleep(options.everyMs, options.signal);
    } catch {
      return;
    }
    await action();
  }
}
