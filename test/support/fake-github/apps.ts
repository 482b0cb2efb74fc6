import { createHash, randomBytes } from 'node:crypto';
import { addUser } from '../../../src/forges/playground/actions-repositories.ts';
import type { App, Permissions, Scene } from './hub.ts';
import { keyPair } from './keys.ts';

export type NewApp = {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly ownerId: number;
  readonly externalUrl: string;
  readonly description?: string;
  readonly hook: {
    readonly url: string;
    readonly secret: string;
    readonly active: boolean;
    readonly events: readonly string[];
  };
  readonly permissions: Permissions;
};

/** With its robot `slug[bot]`. */
export function addApp(scene: Scene, wanted: NewApp): App {
  const { hub, context } = scene;
  const at = context.clock.now();
  const bot = addUser(context, { login: `${wanted.slug}[bot]`, bot: true });
  const app: App = {
    id: wanted.id,
    slug: wanted.slug,
    name: wanted.name,
    ownerId: wanted.ownerId,
    description: wanted.description ?? null,
    externalUrl: wanted.externalUrl,
    clientId: `Iv23li${createHash('sha256').update(wanted.slug).digest('hex').slice(0, 14)}`,
    clientSecret: randomBytes(20).toString('hex'),
    ...keyPair(),
    hook: {
      id: hub.nextId.hook++,
      type: 'App',
      contentType: 'json',
      branchFilter: '',
      authorizationHeader: '',
      createdAt: at,
      updatedAt: at,
      ...wanted.hook,
    },
    permissions: wanted.permissions,
    botId: bot.id,
    createdAt: at,
  };
  hub.apps.set(app.id, app);
  return app;
}
