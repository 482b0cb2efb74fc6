import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SECRET } from './deliveries.ts';
import { type ServerProcess, startServer } from './processes.ts';

/** Where a forge would be: nobody listens there, so that catch-up ends at once. */
const NO_FORGE = 'http://127.0.0.1:9';

/** As `bin/signalbox` starts it. */
export const FLAGS: readonly string[] = ['--max-semi-space-size=16'];

export type IngressOptions = {
  readonly core: number;
  /** Absent: SQLite in a fresh directory. */
  readonly database?: string;
  readonly maxUnfinished?: number;
  /** `web`, unless told: the worker part is off. */
  readonly role?: 'web' | 'all';
  /** Gitea unless told. */
  readonly forge?: 'gitea' | 'github';
};

const anyKey = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey;

/** Our server with an empty ledger of its own and no forge that answers. */
export async function startIngress(options: IngressOptions): Promise<ServerProcess> {
  const data = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
  const env = {
    SIGNALBOX_LISTEN: '127.0.0.1:0',
    SIGNALBOX_URL: 'http://127.0.0.1',
    SIGNALBOX_DATA: data,
    SIGNALBOX_DATABASE: options.database ?? '',
    SIGNALBOX_FORGES__BENCH__KIND: options.forge ?? 'gitea',
    SIGNALBOX_FORGES__BENCH__URL: NO_FORGE,
    ...(options.forge === 'github'
      ? { SIGNALBOX_FORGES__BENCH__APP_ID: '1', SIGNALBOX_FORGES__BENCH__PRIVATE_KEY: anyKey() }
      : { SIGNALBOX_FORGES__BENCH__TOKEN: 'no-forge-no-token' }),
    SIGNALBOX_FORGES__BENCH__WEBHOOK_SECRET: SECRET,
    SIGNALBOX_FORGES__BENCH__REPOSITORIES: 'acme/shop',
    SIGNALBOX_RUNNERS__LOCAL__KIND: 'lifecycle',
    SIGNALBOX_LIMITS__MAX_UNFINISHED: String(options.maxUnfinished ?? 1_000_000),
    SIGNALBOX_LOG__LEVEL: 'error',
  };
  const file = join(import.meta.dirname, '../servers/signalbox.ts');
  const profile = process.env.BENCH_PROFILE;
  const flags = profile ? [...FLAGS, '--cpu-prof', `--cpu-prof-dir=${profile}`] : FLAGS;
  const server = await startServer([...flags, file, options.role ?? 'web'], { core: options.core, env });
  return {
    ...server,
    stop: async () => {
      await server.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
