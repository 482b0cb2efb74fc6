import { EVENTS, PERMISSIONS } from '../../src/forges/github/access.ts';
import { addUser } from '../../src/forges/playground/actions-repositories.ts';
import { findUser, loadUser } from '../../src/forges/playground/lookup.ts';
import type { Playground, PlaygroundOptions } from '../../src/forges/playground/server.ts';
import { addApp } from './fake-github/apps.ts';
import { createHub, type Permissions } from './fake-github/hub.ts';
import { createGithubStage, type GithubStage } from './fake-github/stage.ts';
import { createTongue } from './fake-github/tongue.ts';
import { startPlayground } from './playground.ts';

/**
 * A GitHub with the playground's world behind it, over real HTTP, which refuses what GitHub refuses. Pages are at the
 * root, REST below `/api/v3`, GraphQL at `/api/graphql`, as on a GitHub Enterprise Server. `github` is what only
 * GitHub has: Apps, reviews, checks. No scenario may leave `github.violations` behind: requests that GitHub's own
 * OpenAPI description does not allow.
 */
export type FakeGithub = Playground & { readonly github: GithubStage };

export type AppOptions = {
  readonly slug: string;
  readonly appId: number;
  readonly webhookSecret: string;
  readonly webhookUrl: string;
  readonly permissions: Permissions;
  readonly events: readonly string[];
  /** Who the App belongs to; made when there is no such account. */
  readonly owner: string;
};

/** GitHub waits ten seconds for an answer to a webhook. */
const DELIVERY_TIMEOUT_MS = 10_000;

export async function startGithub(
  options: Partial<PlaygroundOptions> & { readonly app?: Partial<AppOptions> } = {},
): Promise<FakeGithub> {
  const { app: wanted = {}, ...rest } = options;
  const hub = createHub();
  const playground = await startPlayground({
    deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
    ...rest,
    tongue: createTongue(hub),
  });
  const { context } = playground;
  const { slug = 'signalbox', owner = 'signalbox-makers', webhookUrl = '' } = wanted;
  if (findUser(context.world, owner) === undefined)
    addUser(context, { login: owner, organization: true });
  const app = addApp(
    { hub, context },
    {
      id: wanted.appId ?? 4711,
      slug,
      name: slug,
      ownerId: loadUser(context.world, owner).id,
      externalUrl: 'https://signalbox.example.org',
      hook: {
        url: webhookUrl,
        secret: wanted.webhookSecret ?? 'a-secret-of-github-hooks',
        active: webhookUrl !== '',
        events: wanted.events ?? EVENTS,
      },
      permissions: wanted.permissions ?? PERMISSIONS,
    },
  );
  return Object.assign(playground, { github: createGithubStage({ hub, context }, app) });
}
