import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createApp } from '../app.ts';
import { loadConfig } from '../config.ts';
import { createPlayground, type Playground } from '../forges/playground/server.ts';
import { createLogger } from '../lib/logger.ts';
import { createMask } from '../lib/redact.ts';
import { DEFAULT_PACE } from '../report/reporter-options.ts';
import { openServingLedger, type Service, startService } from '../service.ts';
import { BOT, DEMO_REPOSITORY, PEOPLE, seedDemo } from './demo-seed.ts';
import { CliError, explainListen } from './errors.ts';
import { print } from './output.ts';
import { VERSION } from './version.ts';

type Demo = AsyncDisposable & { readonly forgeUrl: string; readonly botUrl: string };

/** Runs that are under way when the demo ends are cut off and torn down, not waited for. */
const DRAIN_MS = 500;

/** Playground, bot and shop, in a temp directory that goes with them. */
export async function startDemo({ port }: { port: number }): Promise<Demo> {
  await using stack = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-demo-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  // A second Ctrl-C ends the process at once; the directory goes even then.
  process.once('exit', remove);
  stack.defer(remove);
  // Children that run without privileges must be able to pass through.
  chmodSync(directory, 0o711);
  const secrets = {
    token: randomBytes(20).toString('hex'),
    webhook: randomBytes(20).toString('hex'),
  };
  const botPort = port === 0 ? 0 : port + 1;
  print('Starting a small forge and putting a shop on it …');
  const playground = stack.use(
    await startForge({ directory, port, botPort, token: secrets.token }).catch(noListener(port)),
  );
  await seedDemo(playground);
  print('Starting Signalbox …');
  const service = await startBot({ playground, directory, secrets, botPort }).catch(
    noListener(botPort),
  );
  stack.defer(() => service.stop({ drainMs: DRAIN_MS }));
  await connect(playground, { address: service.address, secret: secrets.webhook });
  const kept = stack.move();
  return {
    forgeUrl: playground.url,
    botUrl: service.address,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function noListener(port: number): (error: unknown) => never {
  return (error) => {
    const explained = explainListen(error, `127.0.0.1:${port}`);
    throw explained
      ? new CliError(explained.message, 'Choose two free ports in a row: ./bin/demo --port 28090')
      : error;
  };
}

function startForge(parts: {
  directory: string;
  port: number;
  botPort: number;
  token: string;
}): Promise<Playground> {
  const { directory, port, botPort, token } = parts;
  const people = PEOPLE.map((person) => ({ ...person, token: randomBytes(20).toString('hex') }));
  const bot = { login: BOT, token, bot: true, roles: { [DEMO_REPOSITORY]: 'admin' as const } };
  return createPlayground({
    directory: join(directory, 'forge'),
    port,
    users: [...people, bot],
    ...(botPort === 0 ? {} : { signalboxUrl: `http://127.0.0.1:${botPort}` }),
  });
}

async function startBot(parts: {
  playground: Playground;
  directory: string;
  secrets: { token: string; webhook: string };
  botPort: number;
}): Promise<Service> {
  const { playground, directory, secrets, botPort } = parts;
  const port = botPort === 0 ? await freePort() : botPort;
  const loaded = loadConfig({
    file: 'demo.yml',
    env: {},
    cwd: directory,
    readFile: () =>
      JSON.stringify({
        listen: `127.0.0.1:${port}`,
        url: `http://127.0.0.1:${port}`,
        data: join(directory, 'data'),
        log: { level: 'warn' },
        forges: {
          playground: {
            kind: 'playground',
            url: playground.url,
            token: secrets.token,
            webhookSecret: secrets.webhook,
            repositories: ['demo/*'],
          },
        },
        runners: { local: { kind: 'lifecycle', deployers: ['process'], slots: 2 } },
      }),
  });
  if ('error' in loaded) throw loaded.error;
  const { config } = loaded;
  mkdirSync(config.data, { recursive: true, mode: 0o711 });
  const log = createLogger({ level: config.log.level, mask: createMask(loaded.secrets) });
  const ledger = await openServingLedger(config);
  const pace = { ...DEFAULT_PACE, editMs: 2_000 };
  const childPath = reachableNode(join(directory, 'bin'));
  const app = await createApp({ config, log, version: VERSION, pace, childPath }, ledger);
  return startService(app, 'all');
}

/** The Node that runs us may lie below a home that nobody else may enter; the shop needs one it can reach. */
function reachableNode(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const file = join(folder, 'node');
  try {
    linkSync(process.execPath, file);
  } catch {
    copyFileSync(process.execPath, file);
  }
  return dirname(file);
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** The hook is made as the bot would make it: over the API, with its token. */
async function connect(
  playground: Playground,
  bot: { address: string; secret: string },
): Promise<void> {
  const hook = {
    url: `${bot.address}/webhooks/playground`,
    content_type: 'json',
    secret: bot.secret,
  };
  const events = ['pull_request_only', 'pull_request_sync', 'pull_request_comment'];
  const token =
    [...playground.world.users.values()].find((user) => user.login === BOT)?.token ?? '';
  const answer = await fetch(`${playground.url}/api/v1/repos/${DEMO_REPOSITORY}/hooks`, {
    method: 'POST',
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'gitea', active: true, events, config: hook }),
  });
  if (answer.status !== 201) throw new Error(`the webhook was refused: ${answer.status}`);
}
