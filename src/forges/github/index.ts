import { z } from 'zod';
import type { Account } from '../../domain/forge-event.ts';
import type { Role } from '../../domain/role.ts';
import { gitEnvironment } from '../../lib/git-environment.ts';
import type { HttpClient } from '../../lib/http-client.ts';
import { type CallOptions, type Forge, ForgeError } from '../forge.ts';
import { createGithubClient, parse } from './client.ts';
import { createCommentCalls } from './comments.ts';
import type { AppCredentials } from './credentials.ts';
import { appCallsOf, createExamination } from './examine.ts';
import { createEnsureWebhook } from './hook.ts';
import { createLinks } from './links.ts';
import { createListRepositories, listInstallations } from './list.ts';
import { accountSchema } from './payloads.ts';
import { createReactionCalls } from './reactions.ts';
import { createRedeliver } from './redeliver.ts';
import { createRepositoryCalls } from './repository.ts';
import { hasValidSignature } from './signature.ts';
import { normalize, prefilter } from './webhook.ts';

export type GithubForgeOptions = {
  /** The key under `forges:`. */
  readonly name: string;
  /** `https://github.com`, or the address of an Enterprise Server; no trailing slash. */
  readonly url: string;
  /** Asked whenever they are needed: they may come, or change, while we run. */
  readonly credentials: () => AppCredentials | undefined;
  readonly http: HttpClient;
  readonly limits: 'github' | 'none';
  /** What custom roles count as. */
  readonly roles: Readonly<Record<string, Role>>;
  readonly now: () => number;
};

/** GitHub and GitHub Enterprise Server, as a GitHub App. */
export function createGithubForge(options: GithubForgeOptions): Forge {
  const { name, url, credentials } = options;
  const setup = `signalbox setup github ${name}`;
  const client = createGithubClient({ ...options, setup });
  let self: { appId: number; account: Account } | undefined;

  /** Login as people mention it; comments of an App are by the account `<slug>[bot]`. */
  const whoAmI = async (call?: CallOptions): Promise<Account> => {
    const appId = credentials()?.appId;
    if (self && self.appId === appId) return self.account;
    const app = parse(
      (await client.asApp({ route: 'GET /app', options: call })).data,
      appSchema,
      'GET /app',
    );
    const installations = await listInstallations(client, call);
    const usable = installations.find((installation) => !installation.suspended_at);
    if (!usable) {
      const where = `${app.html_url}/installations/new`;
      throw new ForgeError('unauthorized', `the App is installed nowhere yet: ${where}`);
    }
    const route = 'GET /users/{username}';
    const parameters = { username: `${app.slug}[bot]` };
    const answer = await client.inInstallation(usable.id, { route, parameters, options: call });
    const { id } = parse(answer.data, accountSchema, route);
    self = { appId: app.id, account: { id, login: app.slug } };
    return self.account;
  };

  return {
    name,
    url,
    writers: options.limits === 'github' ? 3 : 8,
    rightsHint:
      'An owner can install the App on this repository, or accept the permissions that it asks for',
    links: createLinks(url),
    verify: (request) => hasValidSignature(request, credentials()?.webhookSecret ?? ''),
    deliveryId: (request) => request.headers['x-github-delivery'] || undefined,
    prefilter,
    normalize: (request) =>
      normalize(request, { account: self?.account, appId: credentials()?.appId }),
    whoAmI,
    ...createRepositoryCalls(client, options.roles),
    listRepositories: createListRepositories(client),
    ...createCommentCalls(client),
    ...createReactionCalls(client, async () => (await whoAmI()).login),
    ensureWebhook: createEnsureWebhook(client, () => credentials()?.webhookSecret),
    redeliverFailed: createRedeliver(client),
    gitEnvironment: async (repository, call) =>
      gitEnvironment([url], await client.tokenOf(repository, call)),
    examine: createExamination(appCallsOf(client), { name, url, credentials, http: options.http }),
  };
}

const appSchema = z.object({ id: z.int(), slug: z.string(), html_url: z.string() });
