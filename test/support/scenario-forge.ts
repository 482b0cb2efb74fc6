import { createHmac } from 'node:crypto';
import { GITEA_TONGUE } from '../../src/forges/playground/gitea-tongue.ts';
import type { Playground, PlaygroundOptions } from '../../src/forges/playground/server.ts';
import type { Tongue } from '../../src/forges/playground/tongue.ts';
import { type FakeGithub, startGithub } from './fake-github.ts';
import { startPlayground } from './playground.ts';
import type { ForgeKind } from './scenario.ts';

export const WEBHOOK_SECRET = 'a-secret-of-the-scenarios';
const BOT_TOKEN = 'token-of-the-bot-account';

/** One of the forges, and how the bot is connected to it. */
export type ScenarioForge = {
  readonly forge: Playground;
  /** Login that the bot's comments are shown under. */
  readonly bot: string;
  /** What `signalbox.yml` says under `forges.acme`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The webhook, once the bot listens. */
  readonly connect: (url: string) => Promise<void>;
  /** Sends a webhook again, as a person can on the forge's pages. */
  readonly replay: (delivery: Playground['deliveries'][number]) => void;
};

type Options = Partial<PlaygroundOptions> & {
  readonly repositories: readonly string[];
  readonly secret?: string;
};

export async function startScenarioForge(
  kind: ForgeKind,
  options: Options,
): Promise<ScenarioForge> {
  return kind === 'github' ? startOnGithub(options) : startOnGitea(kind, options);
}

async function startOnGitea(
  kind: Exclude<ForgeKind, 'github'>,
  { repositories, users = [], secret = WEBHOOK_SECRET, ...options }: Options,
): Promise<ScenarioForge> {
  const roles = Object.fromEntries(repositories.map((name) => [name, 'admin' as const]));
  const bot = { login: 'signalbox', token: BOT_TOKEN, bot: true, roles };
  const tongue = kind === 'forgejo' ? FORGEJO_TONGUE : GITEA_TONGUE;
  const forge = await startPlayground({ ...options, users: [...users, bot], tongue });
  return {
    forge,
    bot: bot.login,
    config: { kind, url: forge.url, token: BOT_TOKEN, webhookSecret: secret },
    connect: async (url) => {
      for (const repository of repositories) await hook(forge, { repository, url, secret });
    },
    replay: (delivery) => {
      const [repository] = forge.world.repositories.values();
      if (repository) forge.replay(repository, delivery);
    },
  };
}

/** Forgejo's webhooks have headers of its own besides Gitea's (recorded, 8.0.2). */
const FORGEJO_TONGUE: Tongue = {
  ...GITEA_TONGUE,
  hookTypes: ['forgejo', 'gitea', 'gogs'],
  request: (given, delivery) => {
    const { headers, body } = GITEA_TONGUE.request(given, delivery);
    const signature = createHmac('sha256', given.secret).update(delivery.body).digest('hex');
    const own = {
      'x-forgejo-delivery': delivery.id,
      'x-forgejo-event': delivery.event,
      'x-forgejo-event-type': delivery.eventType,
      'x-forgejo-signature': given.secret === '' ? '' : signature,
    };
    return { headers: { ...headers, ...own }, body };
  },
};

async function hook(
  forge: Playground,
  { repository, url, secret }: Record<'repository' | 'url' | 'secret', string>,
): Promise<void> {
  const answer = await fetch(`${forge.url}/api/v1/repos/${repository}/hooks`, {
    method: 'POST',
    headers: { authorization: `token ${BOT_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      type: 'gitea',
      active: true,
      events: ['pull_request_only', 'pull_request_sync', 'pull_request_comment'],
      config: { url, content_type: 'json', secret },
    }),
  });
  if (answer.status !== 201) throw new Error(`hook: ${answer.status}`);
}

async function startOnGithub({
  repositories,
  secret = WEBHOOK_SECRET,
  ...options
}: Options): Promise<ScenarioForge> {
  const forge = await startGithub({ ...options, app: { webhookSecret: secret } });
  const { app } = forge.github;
  return {
    forge,
    bot: app.botLogin,
    config: {
      kind: 'github',
      url: forge.url,
      appId: app.appId,
      privateKey: app.privateKey,
      webhookSecret: secret,
      limits: 'none',
    },
    connect: async (url) => {
      forge.github.setWebhook(url);
      const owners = new Set(repositories.map((name) => name.split('/')[0] ?? ''));
      for (const owner of owners) forge.github.install(owner, 'all');
    },
    replay: (delivery) => forge.github.redeliver(delivery),
  };
}

/** What a fake GitHub knows besides what every forge knows. Throws on any other. */
export function githubOf({ forge }: { readonly forge: Playground }): FakeGithub['github'] {
  if ('github' in forge) return (forge as FakeGithub).github;
  throw new Error('this forge is no GitHub');
}
