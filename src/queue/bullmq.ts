import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Hint } from '../ledger/outbox.ts';
import type { Hints, Lane } from './dispatcher.ts';
import { connectRedis } from './redis.ts';

export type BullHintsOptions = {
  /** `redis://…`, `rediss://…` or the path of a socket. */
  readonly address: string;
  /** Tells this installation's queues from those of others on the same Redis. */
  readonly prefix: string;
};

export type BullHints = Hints & {
  /** Rejects when Redis does not answer. */
  ping(): Promise<unknown>;
};

type Take = (hint: Pick<Hint, 'kind' | 'subject'>) => Promise<void>;

/** A job that the holder's process does not renew goes back to the queue after so long; the ledger is sooner. */
const LOCK_MS = 10_000;
/** BullMQ fails a job whose holders died more often than this, and a failed job swallows its hint. */
const NEVER = 1_000_000;
/** After which BullMQ's consumer asks again when asking failed; 15 s unless told. */
const RETRY_MS = 500;
const CLOSE_MS = 2_000;

/**
 * Hints as BullMQ jobs: one queue and one consumer for each kind of work. Nothing in Redis is needed: a job that is
 * lost is made up for by the dispatcher's look at the ledger.
 */
export function createBullHints({ address, prefix }: BullHintsOptions): BullHints {
  let open: { redis: Redis; producer: Producer; consumer: Consumer } | undefined;
  return {
    isUp: () => open?.redis.status === 'ready',
    add: async (hints) => {
      if (!open) throw new Error('the connection to Redis is not open');
      await open.producer.add(hints);
    },
    start: (lanes, take) => {
      const redis = connectRedis(address, 'fast');
      open = {
        redis,
        producer: createProducer(redis, prefix),
        consumer: createConsumer({ address, prefix, lanes, take }),
      };
    },
    pause: () => open?.consumer.pause(),
    close: async () => {
      await open?.consumer.close();
      open?.redis.disconnect();
      open = undefined;
    },
    ping: async () => {
      if (!open) throw new Error('the connection to Redis is not open');
      return open.redis.ping();
    },
  };
}

type Producer = Pick<Hints, 'add'>;

function createProducer(connection: Redis, prefix: string): Producer {
  const queues = new Map<string, Queue>();
  const queueOf = (kind: string): Queue => {
    const known = queues.get(kind);
    if (known) return known;
    const streams = { events: { maxLen: 100 } };
    const queue = new Queue(queueName(kind), {
      connection,
      prefix,
      streams,
      skipMetasUpdate: true,
    });
    queue.on('error', () => {});
    queues.set(kind, queue);
    // One whose first words were interrupted stays broken: the next use makes another.
    queue.waitUntilReady().catch(() => queues.delete(kind));
    return queue;
  };
  return {
    add: async (hints) => {
      const kinds = Map.groupBy(hints, (hint) => hint.kind);
      await Promise.all([...kinds].map(([kind, some]) => queueOf(kind).addBulk(some.map(jobOf))));
    },
  };
}

type Consumer = Pick<Hints, 'pause' | 'close'>;
type ConsumerOptions = BullHintsOptions & { readonly lanes: readonly Lane[]; readonly take: Take };

function createConsumer({ address, prefix, lanes, take }: ConsumerOptions): Consumer {
  const connection = connectRedis(address, 'patient');
  const lines = keepDuplicates(connection);
  const workers = new Map<Lane, Worker>();
  const consume = (lane: Lane) => {
    const worker = new Worker<{ subject: string }>(
      queueName(lane.kind),
      async (job) => take({ kind: lane.kind, subject: job.data.subject }),
      {
        connection,
        prefix,
        concurrency: lane.concurrency,
        lockDuration: LOCK_MS,
        stalledInterval: LOCK_MS / 2,
        maxStalledCount: NEVER,
        runRetryDelay: RETRY_MS,
      },
    );
    worker.on('error', () => {});
    workers.set(lane, worker);
    // As with a queue: the next connection makes another.
    worker.waitUntilReady().catch(() => {
      workers.delete(lane);
      void worker.close(true).catch(() => {});
    });
  };
  const consumeAll = () => {
    for (const lane of lanes) {
      if (lane.concurrency > 0 && !workers.has(lane)) consume(lane);
    }
  };
  connection.on('ready', consumeAll);
  const pause = () => {
    connection.off('ready', consumeAll);
    for (const worker of workers.values()) void worker.pause(true).catch(() => {});
  };
  return {
    pause,
    close: async () => {
      pause();
      // By force: to end well it would wait for Redis. A job that is not ended comes again and has no effect.
      const closing = [...workers.values()].map((worker) => worker.close(true));
      await within(CLOSE_MS, Promise.allSettled(closing));
      for (const line of lines) line.disconnect();
      connection.disconnect();
    },
  };
}

/** BullMQ makes a connection of its own for each consumer, and does not end one that is down. */
function keepDuplicates(connection: Redis): readonly Redis[] {
  const made: Redis[] = [];
  const duplicate = connection.duplicate.bind(connection);
  connection.duplicate = (options) => {
    const line = duplicate(options);
    line.on('error', () => {});
    made.push(line);
    return line;
  };
  return made;
}

/** Neither a queue's name nor a job's id may hold a colon, and an id must not be a number. */
function queueName(kind: string): string {
  return kind.replaceAll(':', '.');
}

function jobOf({ kind, subject, dispatchNo }: Hint) {
  return {
    name: queueName(kind),
    data: { subject },
    opts: {
      jobId: `${kind}-${subject}-${dispatchNo}`.replaceAll(':', '.'),
      removeOnComplete: true,
      removeOnFail: true,
    },
  };
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(timer.resolve, ms);
  await Promise.race([work.catch(() => {}), timer.promise]);
  clearTimeout(timeout);
}
