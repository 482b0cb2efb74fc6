import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export type LoadResult = {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
};

type Target = { readonly host: string; readonly port: number; readonly connections: number };
type Answered = (status: string) => void;
type Connection = { send(request: Buffer, answered: Answered): void; close(): void };

/**
 * Each of the connections sends its next request when the answer to the last one is there, until the time is over or
 * the requests are used up. The requests are made before: this process must never be what is slow.
 */
export async function closedLoop(
  target: Target,
  requests: readonly Buffer[],
  seconds: number,
): Promise<LoadResult> {
  const tally = createTally();
  const connections = await open(target);
  let next = 0;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  await Promise.all(
    connections.map(
      (connection) =>
        new Promise<void>((resolve) => {
          const turn = () => {
            const request = requests[next];
            const sentAt = performance.now();
            if (!request || sentAt > until) return resolve();
            next += 1;
            connection.send(request, (status) => {
              tally.add(status, performance.now() - sentAt);
              turn();
            });
          };
          turn();
        }),
    ),
  );
  const elapsed = (performance.now() - startedAt) / 1_000;
  for (const connection of connections) connection.close();
  if (next >= requests.length) throw new Error('ran out of requests: make more of them');
  return tally.result(elapsed);
}

/** Requests leave at random moments, `perSecond` on average, whatever the server does; waiting counts as latency. */
export async function openLoop(
  target: Target,
  requests: readonly Buffer[],
  perSecond: number,
): Promise<LoadResult> {
  const tally = createTally();
  const free = await open(target);
  const all = [...free];
  const waiting: { request: Buffer; at: number }[] = [];
  const startedAt = performance.now();
  let due = startedAt;
  let next = 0;
  let answered = 0;
  const dispatch = () => {
    while (free.length > 0 && waiting.length > 0) {
      // In turn: one that nobody used for seconds would be closed by the server.
      const connection = free.shift();
      const one = waiting.shift();
      if (!connection || !one) return;
      connection.send(one.request, (status) => {
        answered += 1;
        tally.add(status, performance.now() - one.at);
        free.push(connection);
        dispatch();
      });
    }
  };
  await new Promise<void>((resolve) => {
    const spin = () => {
      while (next < requests.length && performance.now() >= due) {
        const request = requests[next];
        if (request) waiting.push({ request, at: due });
        next += 1;
        due += (-Math.log(1 - Math.random()) * 1_000) / perSecond;
      }
      dispatch();
      if (answered === requests.length) resolve();
      else setImmediate(spin);
    };
    spin();
  });
  const elapsed = (performance.now() - startedAt) / 1_000;
  for (const connection of all) connection.close();
  return tally.result(elapsed);
}

async function open({ host, port, connections }: Target): Promise<Connection[]> {
  return Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ host, port, noDelay: true });
      await once(socket, 'connect');
      return wrap(socket);
    }),
  );
}

function wrap(socket: Socket): Connection {
  let answered: Answered = () => {};
  let rest = '';
  socket.on('data', (chunk) => {
    rest += chunk.toString('latin1');
    const status = completeStatus(rest);
    if (status === undefined) return;
    rest = '';
    answered(status);
  });
  socket.on('error', (error) => {
    throw error;
  });
  socket.on('end', () => {
    throw new Error('the server closed a connection');
  });
  return {
    send: (request, callback) => {
      answered = callback;
      socket.write(request);
    },
    close: () => {
      socket.destroy();
    },
  };
}

/** The status of an answer that is there to its last byte. */
function completeStatus(text: string): string | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text);
  const isWhole = length
    ? text.length >= end + 4 + Number(length[1])
    : text.endsWith('0\r\n\r\n') || text.startsWith('HTTP/1.1 204');
  return isWhole ? text.slice(9, 12) : undefined;
}

function createTally() {
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  return {
    add(status: string, ms: number) {
      latencies.push(ms);
      statuses[status] = (statuses[status] ?? 0) + 1;
    },
    result(seconds: number): LoadResult {
      latencies.sort((a, b) => a - b);
      return {
        perSecond: latencies.length / seconds,
        p50: quantile(latencies, 0.5),
        p99: quantile(latencies, 0.99),
        statuses,
        seconds,
      };
    },
  };
}

/** Of sorted values; 0 when there are none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}
