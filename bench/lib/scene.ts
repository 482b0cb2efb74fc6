import { freePort } from '../../test/support/free-port.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Playground } from '../../src/forges/playground/server.ts';
import { startFakeDrone } from '../../test/support/fake-drone.ts';
import { startPlayground } from '../../test/support/playground.ts';
import { type ServerProcess, startServer } from './processes.ts';
import { SECRET } from './deliveries.ts';
import { FLAGS } from './signalbox.ts';

export const REPOSITORY = 'demo/shop';
const BOT_TOKEN = 'token-of-the-bot';
const DRONE_SECRET = 'a secret of the builds only';
const SUITE = 'suites:\n  testme:\n    runner: drone\ncommands:\n  testme: { allow: write }\n';

export type Scene = AsyncDisposable & {
  readonly forge: Playground;
  readonly signalbox: ServerProcess;
};

/**
 * A playground with pull requests and a Drone whose builds never end, both in this process, and `signalbox serve` in
 * another, connected by signed webhooks.
 */
export async function startScene(options: {
  pulls: number;
  database?: string;
}): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const data = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
  stack.defer(() => rmSync(data, { recursive: true, force: true }));
  const forge = stack.use(await startForge(options.pulls));
  const port = await freePort();
  const drone = stack.use(
    await startFakeDrone({
      webhook: { url: `http://127.0.0.1:${port}/hooks/drone/drone`, secret: DRONE_SECRET },
    }),
  );
  drone.addRepository(REPOSITORY, { anyCommit: true });
  const droneToken = drone.addUser('bot', { access: { [REPOSITORY]: 'write' } });
  const env = {
    SIGNALBOX_LISTEN: `127.0.0.1:${port}`,
    SIGNALBOX_URL: `http://127.0.0.1:${port}`,
    SIGNALBOX_DATA: data,
    SIGNALBOX_DATABASE: options.database ?? '',
    SIGNALBOX_LOG__LEVEL: 'warn',
    SIGNALBOX_FORGES__PLAYGROUND__KIND: 'playground',
    SIGNALBOX_FORGES__PLAYGROUND__URL: forge.url,
    SIGNALBOX_FORGES__PLAYGROUND__TOKEN: BOT_TOKEN,
    SIGNALBOX_FORGES__PLAYGROUND__WEBHOOK_SECRET: SECRET,
    SIGNALBOX_FORGES__PLAYGROUND__REPOSITORIES: 'demo/*',
    SIGNALBOX_RUNNERS__DRONE__KIND: 'drone',
    SIGNALBOX_RUNNERS__DRONE__URL: drone.url,
    SIGNALBOX_RUNNERS__DRONE__TOKEN: droneToken,
    SIGNALBOX_RUNNERS__DRONE__WEBHOOK_SECRET: DRONE_SECRET,
  };
  const file = join(import.meta.dirname, '../servers/serve.ts');
  const profile = process.env.BENCH_PROFILE;
  const flags = profile ? [...FLAGS, '--cpu-prof', `--cpu-prof-dir=${profile}`] : FLAGS;
  const signalbox = await startServer([...flags, file], { core: undefined, env });
  stack.defer(() => signalbox.stop());
  await connect(forge, port);
  const kept = stack.move();
  return { forge, signalbox, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function startForge(pulls: number): Promise<Playground> {
  const forge = await startPlayground({
    // A real server sends its webhooks from several workers, too.
    deliveryWorkers: 8,
    users: [
      { login: 'alice', token: 'token-of-alice', roles: { [REPOSITORY]: 'admin' } },
      { login: 'signalbox', token: BOT_TOKEN, bot: true, roles: { [REPOSITORY]: 'admin' } },
    ],
  });
  const files = { '.signalbox.yml': SUITE, 'app.js': 'one\n' };
  await forge.addRepository({ owner: 'demo', name: 'shop', files });
  for (let n = 1; n <= pulls; n += 1) {
    const branch = `topic-${n}`;
    const change = { files: { 'app.js': `${n}\n` }, message: `Change ${n}`, by: 'alice' };
    await forge.commit(REPOSITORY, { branch, ...change });
    await forge.openPull({ repository: REPOSITORY, title: branch, author: 'alice', head: branch });
  }
  return forge;
}

async function connect(forge: Playground, port: number): Promise<void> {
  const answer = await fetch(`${forge.url}/api/v1/repos/${REPOSITORY}/hooks`, {
    method: 'POST',
    headers: { authorization: `token ${BOT_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      type: 'gitea',
      active: true,
      events: ['pull_request_only', 'pull_request_sync', 'pull_request_comment'],
      config: {
        url: `http://127.0.0.1:${port}/webhooks/playground`,
        content_type: 'json',
        secret: SECRET,
      },
    }),
  });
  if (answer.status !== 201) throw new Error(`the webhook was refused with ${answer.status}`);
}

