import { Redis } from 'ioredis';

/** `fast`: a command fails at once while Redis is away. `patient`: it waits, as BullMQ's consumers must. */
export type Patience = 'fast' | 'patient';

/** An answer that takes longer means that Redis hangs; the ledger can do without it. */
const COMMAND_MS = 1_000;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Connects to `redis://…`, `rediss://…` or the path of a socket, again and again until it is disconnected. Never
 * throws; whether it is connected is its `status`.
 */
export function connectRedis(address: string, patience: Patience): Redis {
  const redis = new Redis(address, {
    maxRetriesPerRequest: null,
    retryStrategy: (tries) => Math.min(tries * 50, LONGEST_PAUSE_MS),
    ...(patience === 'fast' ? { enableOfflineQueue: false, commandTimeout: COMMAND_MS } : {}),
  });
  // Each failed try to connect is such an event; without a listener it would end the process.
  redis.on('error', () => {});
  return redis;
}
