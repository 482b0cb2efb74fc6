import type { Repository } from '../../../src/forges/playground/world.ts';
import { deliver } from './announce-news.ts';
import { type App, covers, type Installation, type Scene } from './hub.ts';
import { userView } from './views.ts';
import { installationView, repositoriesOf } from './views-app.ts';
import { repositoryRefView } from './views-repository.ts';

/** What owners do with an App. These events come to every App without being asked for. */

type By = { readonly app: App; readonly installation: Installation; readonly byId: number };

function tellInstallation(
  scene: Scene,
  action: 'created' | 'deleted' | 'suspend' | 'unsuspend',
  { app, installation, byId }: By,
): void {
  const repositories = repositoriesOf(scene, installation);
  const payload = {
    action,
    installation: installationView(scene, installation),
    // Only these two list them.
    ...(action === 'created' || action === 'deleted'
      ? { repositories: repositories.map((one) => repositoryRefView(scene, one)) }
      : {}),
    ...(action === 'created' ? { requester: null } : {}),
    sender: userView(scene, byId),
  };
  deliver(scene, app, 'installation', payload);
}

export function install(
  scene: Scene,
  app: App,
  wanted: { readonly ownerId: number; readonly selection: 'all' | readonly Repository[] },
): Installation {
  const { hub, context } = scene;
  const at = context.clock.now();
  const { ownerId, selection } = wanted;
  const installation: Installation = {
    id: hub.nextId.installation++,
    appId: app.id,
    ownerId,
    selection: selection === 'all' ? 'all' : new Set(selection.map((one) => one.id)),
    permissions: app.permissions,
    events: app.hook.events,
    suspended: undefined,
    createdAt: at,
    updatedAt: at,
  };
  hub.installations.set(installation.id, installation);
  tellInstallation(scene, 'created', { app, installation, byId: ownerId });
  return installation;
}

/** Tokens of an installation that is gone are wrong from now on. */
export function uninstall(scene: Scene, by: By): void {
  tellInstallation(scene, 'deleted', by);
  scene.hub.installations.delete(by.installation.id);
}

export function suspend(scene: Scene, by: By): void {
  by.installation.suspended = { at: scene.context.clock.now(), byId: by.byId };
  tellInstallation(scene, 'suspend', by);
}

export function unsuspend(scene: Scene, by: By): void {
  by.installation.suspended = undefined;
  tellInstallation(scene, 'unsuspend', by);
}

export function changeRepositories(
  scene: Scene,
  action: 'added' | 'removed',
  { app, installation, byId }: By,
  repositories: readonly Repository[],
): void {
  const before = repositoriesOf(scene, installation);
  const kept = new Set(before.map((one) => one.id));
  for (const { id } of repositories) {
    if (action === 'added') kept.add(id);
    else kept.delete(id);
  }
  installation.selection = kept;
  installation.updatedAt = scene.context.clock.now();
  const changed = repositories.filter((one) => covers(installation, one) !== before.includes(one));
  const refs = changed.map((one) => repositoryRefView(scene, one));
  const payload = {
    action,
    installation: installationView(scene, installation),
    repository_selection: 'selected',
    repositories_added: action === 'added' ? refs : [],
    repositories_removed: action === 'removed' ? refs : [],
    requester: null,
    sender: userView(scene, byId),
  };
  deliver(scene, app, 'installation_repositories', payload);
}
