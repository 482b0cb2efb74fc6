import type { Account } from '../../domain/forge-event.ts';
import { gitEnvironment } from '../../lib/git-environment.ts';
import type { HttpClient } from '../../lib/http-client.ts';
import type { Forge } from '../forge.ts';
import { createGiteaClient } from './client.ts';
import { createCommentCalls } from './comments.ts';
import { DIALECTS, type GiteaKind } from './dialect.ts';
import { createExamination } from './examine.ts';
import { createEnsureWebhook } from './hooks.ts';
import { createLinks } from './links.ts';
import { createListRepositories } from './list.ts';
import { accountSchema } from './payloads.ts';
import { createRepositoryCalls } from './repository.ts';
import { hasValidSignature, headerOf } from './signature.ts';
import { normalize, prefilter } from './webhook.ts';

export type GiteaForgeOptions = {
  /** The key under `forges:`. */
  readonly name: string;
  readonly kind: GiteaKind;
  /** Where we call; the API is at `<url>/api/v1`. */
  readonly url: string;
  /** Where people look, if that is another address. */
  readonly publicUrl?: string;
  readonly token: string;
  readonly webhookSecret: string;
  readonly http: HttpClient;
  /** The bot itself, if known; else learnt by the first `whoAmI`. Until then own comments are not told apart. */
  readonly botAccount?: Account;
  /** ms for one call; 10 000 by default. */
  readonly timeoutMs?: number;
  /** ms for all pages of one list together; 60 000 by default. */
  readonly pagesBudgetMs?: number;
  readonly now?: () => number;
};

/**
 * Gitea, Forgejo, and the playground that speaks their API. Throws `TypeError` for an empty secret or token: an empty
 * secret would make everybody's deliveries valid.
 */
export function createGiteaForge(options: GiteaForgeOptions): Forge {
  if (options.webhookSecret === '')
    throw new TypeError(`forge ${options.name}: empty webhook secret`);
  if (options.token === '') throw new TypeError(`forge ${options.name}: empty token`);
  const dialect = DIALECTS[options.kind];
  const api = options.url.replace(/\/+$/, '');
  const url = (options.publicUrl ?? options.url).replace(/\/+$/, '');
  const client = createGiteaClient({
    url: api,
    token: options.token,
    http: options.http,
    timeoutMs: options.timeoutMs ?? 10_000,
    pagesBudgetMs: options.pagesBudgetMs ?? 60_000,
    now: options.now ?? Date.now,
  });
  let bot = options.botAccount;

  return {
    name: options.name,
    url,
    writers: 8,
    rightsHint: 'A repository admin can make the bot account an admin collaborator',
    links: createLinks(url),
    verify: (request) => hasValidSignature(request, dialect, options.webhookSecret),
    deliveryId: (request) => headerOf(request, dialect, 'delivery') || undefined,
    prefilter: (request) => prefilter(request, dialect),
    normalize: (request) => normalize(request, dialect, bot),
    async whoAmI(call) {
      bot = await client.read({ method: 'GET', path: '/user', options: call }, accountSchema);
      return bot;
    },
    ...createRepositoryCalls(client),
    listRepositories: createListRepositories(client),
    ...createCommentCalls(client),
    ensureWebhook: createEnsureWebhook(client, { dialect, secret: options.webhookSecret }),
    // Each delivery is tried once and forgotten.
    redeliverFailed: async () => ({ asked: 0 }),
    gitEnvironment: async () => gitEnvironment([...new Set([api, url])], options.token),
    examine: createExamination(client, {
      name: options.name,
      kind: options.kind,
      dialect,
      api,
      url,
      secret: options.webhookSecret,
      http: options.http,
      listRepositories: createListRepositories(client),
    }),
  };
}
