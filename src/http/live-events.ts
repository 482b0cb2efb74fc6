import { isTerminal } from '../domain/run.ts';
import type { StoredLine } from '../lib/log-store.ts';
import { toLiveLine } from './pages/log-view.ts';
import type { PagesSource, RunRow } from './pages/source.ts';

/** Lines read at a time; a reader who is behind gets the rest right after. */
const CHUNK = 500;
/** The parts of a page that show running time are sent again this often. */
const REFRESH_MS = 5_000;

export type LiveOptions = {
  readonly source: Pick<PagesSource, 'findRun' | 'readLog'>;
  readonly pollMs: number;
  readonly maxViewers: number;
  /** The page's parts by element id, see `renderFragments`. */
  renderParts(row: RunRow): Promise<ReadonlyMap<string, string>>;
};

/** What a follower learns at one look. `lines` go on exactly where the last look ended. */
export type Look = {
  readonly row: RunRow;
  readonly lines: readonly StoredLine[];
  /** Nothing comes after this. */
  readonly last: boolean;
  parts(): Promise<ReadonlyMap<string, string>>;
};

export type Followers = {
  /**
   * Looks at a run until it has ended and its log is read to the end, or `signal` is aborted. All followers of
   * one run share its poller and, when they are level, its reads. Who does not pull is not waited for.
   */
  follow(number: number, after: number, signal: AbortSignal): AsyncGenerator<Look, void>;
  isFull(): boolean;
  /** Runs that are polled at this moment. */
  polled(): number;
  /** Ends all followers; for a server that shuts down. */
  close(): void;
};

/** What the poller saw at one tick. */
type Snapshot = {
  readonly row: RunRow | undefined;
  readonly next: Promise<void>;
  read(runId: string, after: number): Promise<readonly StoredLine[]>;
  parts(row: RunRow): Promise<ReadonlyMap<string, string>>;
};
type Poller = { current(): Promise<Snapshot>; viewers: number; stop(): void };

export function createFollowers(options: LiveOptions): Followers {
  const pollers = new Map<number, Poller>();
  const closing = new AbortController();
  let viewers = 0;

  const enter = (number: number): Poller => {
    const poller = pollers.get(number) ?? startPoller(number, options);
    pollers.set(number, poller);
    poller.viewers += 1;
    viewers += 1;
    return poller;
  };
  const leave = (number: number, poller: Poller) => {
    poller.viewers -= 1;
    viewers -= 1;
    if (poller.viewers > 0) return;
    poller.stop();
    pollers.delete(number);
  };

  return {
    isFull: () => viewers >= options.maxViewers,
    polled: () => pollers.size,
    close: () => closing.abort(),
    async *follow(number, after, signal) {
      const until = AbortSignal.any([signal, closing.signal]);
      if (until.aborted) return;
      const poller = enter(number);
      try {
        yield* look(poller, after, until);
      } finally {
        leave(number, poller);
      }
    },
  };
}

async function* look(
  poller: Poller,
  after: number,
  until: AbortSignal,
): AsyncGenerator<Look, void> {
  let cursor = after;
  let wasOver: boolean | undefined;
  while (!until.aborted) {
    const snapshot = await poller.current();
    const { row } = snapshot;
    if (row === undefined) return;
    const over = isTerminal(row.state);
    // Last lines may reach the file just after the state: one more tick, unless it was over from the start.
    const final = over && wasOver !== false;
    wasOver = over;
    let full: boolean;
    do {
      const lines = await snapshot.read(row.id, cursor);
      cursor = lines.at(-1)?.n ?? cursor;
      full = lines.length >= CHUNK;
      yield { row, lines, last: final && !full, parts: () => snapshot.parts(row) };
    } while (full && !until.aborted);
    if (final) return;
    await firstOf(snapshot.next, until);
  }
}

function startPoller(number: number, options: LiveOptions): Poller {
  const { source, pollMs } = options;
  let timer: NodeJS.Timeout | undefined;
  let known: RunRow | undefined;
  let turn = Promise.withResolvers<void>();
  let snapshot = take();

  async function take(): Promise<Snapshot> {
    const next = turn.promise;
    // A ledger that is away for a moment is no reason to end: the last row stands until the next tick.
    known = await source.findRun(number).catch(() => known);
    timer = setTimeout(tick, pollMs);
    const reads = new Map<number, Promise<readonly StoredLine[]>>();
    let parts: Promise<ReadonlyMap<string, string>> | undefined;
    return {
      row: known,
      next,
      read: (runId, after) => {
        const read = reads.get(after) ?? source.readLog(runId, after, CHUNK);
        reads.set(after, read);
        return read;
      },
      parts: (row) => {
        parts ??= options.renderParts(row);
        return parts;
      },
    };
  }
  function tick(): void {
    if (poller.viewers === 0) return;
    const turned = turn;
    turn = Promise.withResolvers<void>();
    snapshot = take();
    turned.resolve();
  }
  const poller: Poller = {
    viewers: 0,
    current: () => snapshot,
    stop: () => clearTimeout(timer),
  };
  return poller;
}

/** Resolves when the promise does or the signal is aborted, and leaves no listener behind. */
async function firstOf(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const stop = () => aborted.resolve();
  signal.addEventListener('abort', stop, { once: true });
  await Promise.race([promise, aborted.promise]);
  signal.removeEventListener('abort', stop);
}

/**
 * The text/event-stream of a run page: `log` with the line's number as id, so that Last-Event-ID resumes exactly;
 * `patch` `{id, html}` for each part that changed; a comment as heartbeat; `bye` at the end.
 */
export async function* renderEvents(
  looks: AsyncIterable<Look>,
  options: { readonly now: () => number; readonly heartbeatMs: number },
): AsyncGenerator<string, void> {
  const { now, heartbeatMs } = options;
  const sent = new Map<string, string>();
  let shown = '';
  let spokeAt = now();
  yield 'retry: 2000\n\n';
  for await (const look of looks) {
    const { row, lines, last } = look;
    const due = `${row.rev} ${last ? '' : Math.floor(now() / REFRESH_MS)}`;
    const patches = due === shown ? '' : renderPatches(await look.parts(), sent);
    shown = due;
    const text = `${lines.map(renderLogEvent).join('')}${patches}${last ? 'event: bye\ndata: {}\n\n' : ''}`;
    if (text !== '') yield text;
    else if (now() - spokeAt >= heartbeatMs) yield ': still here\n\n';
    else continue;
    spokeAt = now();
  }
}

function renderPatches(parts: ReadonlyMap<string, string>, sent: Map<string, string>): string {
  let text = '';
  for (const [id, html] of parts) {
    if (sent.get(id) === html) continue;
    sent.set(id, html);
    text += `event: patch\ndata: ${JSON.stringify({ id, html })}\n\n`;
  }
  return text;
}

function renderLogEvent(line: StoredLine): string {
  return `id: ${line.n}\nevent: log\ndata: ${JSON.stringify(toLiveLine(line))}\n\n`;
}
