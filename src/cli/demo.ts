import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createApp, openLedger } from '../app.ts';
import { loadConfig } from '../config.ts';
import { createPlayground, type Playground } from '../forges/playground/server.ts';
import { migrate } from '../ledger/migrate.ts';
import { createLogger } from '../lib/logger.ts';
import { createMask } from '../lib/redact.ts';
import { DEFAULT_PACE } from '../report/reporter.ts';
import { type Service, startService } from '../service.ts';
import type { Register } from './cli.ts';
import { checkDemo } from './demo-check.ts';
import { BOT, DEMO_REPOSITORY, PEOPLE, seedDemo } from './demo-seed.ts';
import { print } from './output.ts';
import { untilAsked } from './serve.ts';
import { VERSION } from './version.ts';

export const registerDemo: Register = (program, setExitCode) => {
  program
    .command('demo')
    .description(
      'the whole product on this machine, with a forge of its own and nothing else needed',
    )
    .option('--check', 'without a person: comments, follows, ends 0 only if all went as it should')
    .option('--port <n>', "of the forge's pages; the bot takes the next one", '8090')
    .action(async (options: { check?: boolean; port: string }) => {
      const port = options.check ? 0 : Number(options.port);
      await using demo = await startDemo({ port });
      if (options.check) {
        setExitCode((await checkDemo(demo.forgeUrl)) ? 0 : 1);
        return;
      }
      print(`\n  A small forge with a shop on it:  ${demo.forgeUrl}/${DEMO_REPOSITORY}`);
      print(`  Signalbox itself:                 ${demo.botUrl}\n`);
      print(
        '  Open a pull request there and comment !testme. Ctrl-C ends it and leaves nothing behind.\n',
      );
      await untilAsked();
      print('Stopping …');
    });
};

export type Demo = AsyncDisposable & { readonly forgeUrl: string; readonly botUrl: string };

/** Playground, bot and shop, in a temp directory that goes with them. */
async function startDemo({ port }: { port: number }): Promise<Demo> {
  await using stack = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-demo-'));
  // Children that run without privileges must be able to pass through.
  chmodSync(directory, 0o711);
  stack.defer(() => rmSync(directory, { recursive: true, force: true }));
  const secrets = {
    token: randomBytes(20).toString('hex'),
    webhook: randomBytes(20).toString('hex'),
  };
  const botPort = port === 0 ? 0 : port + 1;
  const people = PEOPLE.map((person) => ({ ...person, token: randomBytes(20).toString('hex') }));
  const playground = stack.use(
    await createPlayground({
      directory: join(directory, 'forge'),
      port,
      users: [
        ...people,
        { login: BOT, token: secrets.token, bot: true, roles: { [DEMO_REPOSITORY]: 'admin' } },
      ],
      ...(botPort === 0 ? {} : { signalboxUrl: `http://127.0.0.1:${botPort}` }),
    }),
  );
  await seedDemo(playground);
  const service = await startBot({ playground, directory, secrets, botPort });
  stack.defer(() => service.stop());
  await connect(playground, { address: service.address, secret: secrets.webhook });
  const kept = stack.move();
  return {
    forgeUrl: playground.url,
    botUrl: service.address,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
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
  const ledger = openLedger(config);
  await migrate(ledger);
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
