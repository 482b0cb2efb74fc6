import type { Redis } from 'ioredis';
import type { Finding } from '../domain/finding.ts';
import { connectRedis } from '../queue/redis.ts';
import { sentence } from './doctor.ts';

const CONNECT_MS = 4_000;

export async function* examineRedis(address: string): AsyncGenerator<Finding> {
  const redis = connectRedis(address, 'fast');
  try {
    await connected(redis);
    yield* redisFindings(await redis.info());
  } catch (error) {
    yield {
      tier: 'failure',
      subject: 'redis',
      text: `it does not answer: ${sentence(error)}`,
      consequence: 'work is noticed a moment later, and /readyz says 503',
      mend: ['is Redis up, `redis:` right? Without that line the ledger dispatches'],
    };
  } finally {
    redis.disconnect();
  }
}

function connected(redis: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    let last: unknown = new Error(`no connection in ${CONNECT_MS} ms`);
    const timer = setTimeout(() => reject(last), CONNECT_MS);
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve();
    });
    // It tries again and again; a wrong password or a closed port is known at once.
    redis.once('error', (error: unknown) => {
      last = error;
      clearTimeout(timer);
      reject(error);
    });
  });
}

/** `info`: the text of INFO. @internal */
export function* redisFindings(info: string): Generator<Finding> {
  const facts = new Map(
    info.split(/\r?\n/).map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1)] as const;
    }),
  );
  const version = facts.get('redis_version') ?? 'of an unknown version';
  const policy = facts.get('maxmemory_policy') ?? 'unknown';
  // Nothing is kept there that would be missed: persistence is told, not judged.
  const persistence = facts.get('aof_enabled') === '1' ? 'AOF on' : 'AOF off';
  const text = `${version}, ${persistence}, ${policy}`;
  if (policy === 'noeviction') yield { tier: 'ok', subject: 'redis', text };
  else
    yield {
      tier: 'failure',
      subject: 'redis',
      text,
      consequence: 'it may throw away keys of the queue while somebody works by them',
      mend: ['redis-cli config set maxmemory-policy noeviction', 'and the same in redis.conf'],
    };
}
