import { loadPull } from '../../../src/forges/playground/lookup.ts';
import type { Repository, User } from '../../../src/forges/playground/world.ts';
import { type App, covers, type Hub, type Installation, loadApp, type Scene } from './hub.ts';
import { refuseWebhook } from './schemas.ts';
import { type Json, organizationView, userView } from './views.ts';
import { installationRefView } from './views-app.ts';
import { repositoryView } from './views-repository.ts';

/** The permission without which an App does not hear of an event (docs.github.com, "Webhook events and payloads"). */
const HEARD_WITH: Readonly<Record<string, readonly string[]>> = {
  issue_comment: ['issues', 'pull_requests'],
  pull_request: ['pull_requests'],
  pull_request_review: ['pull_requests'],
  pull_request_review_comment: ['pull_requests'],
  push: ['contents'],
  check_run: ['checks'],
  check_suite: ['checks'],
};

export type News = {
  readonly event: string;
  readonly repository: Repository;
  readonly by: User | Pick<User, 'id'>;
  readonly payload: Json;
  /** Only to this App. */
  readonly onlyTo?: App;
  /** Takes the place of the usual one. */
  readonly shownRepository?: Json;
};

/** The installations that hear of an event in a repository. */
export function listeners(hub: Hub, event: string, repository: Repository): Installation[] {
  return [...hub.installations.values()].filter((installation) => {
    const { hook } = loadApp(hub, installation.appId);
    return (
      hook.active &&
      hook.url !== '' &&
      installation.suspended === undefined &&
      covers(installation, repository) &&
      installation.events.includes(event) &&
      (HEARD_WITH[event] ?? []).some((name) => name in installation.permissions)
    );
  });
}

/** Each App that is installed there gets its own copy with its own installation. */
export function announce(scene: Scene, news: News): void {
  const { event, repository, by, payload } = news;
  const owner = scene.context.world.users.get(repository.ownerId);
  for (const installation of listeners(scene.hub, event, repository)) {
    const app = loadApp(scene.hub, installation.appId);
    if (news.onlyTo !== undefined && news.onlyTo !== app) continue;
    deliver(scene, app, event, {
      ...payload,
      repository: news.shownRepository ?? repositoryView(scene, repository),
      ...(owner?.organization === true ? { organization: organizationView(scene, owner.id) } : {}),
      sender: userView(scene, by.id),
      installation: installationRefView(installation),
    });
  }
}

/** A payload that GitHub could not send is a mistake of the fake: it must not go unnoticed. */
export function deliver(scene: Scene, app: App, event: string, payload: Json): void {
  if (!app.hook.active || app.hook.url === '') return;
  const { action } = payload;
  const name = [event, ...(typeof action === 'string' ? [action] : [])].join('-');
  const problem = refuseWebhook(name.replaceAll('_', '-'), payload);
  if (problem !== undefined)
    throw new Error(`the fake GitHub would send a wrong ${name}: ${problem}`);
  scene.context.webhooks.sendTo(app.hook, { event, eventType: event, payload });
}

/** For what hangs on a pull request: its number is enough. */
export function pullOf(scene: Scene, on: { readonly repositoryId: number; readonly pull: number }) {
  const repository = scene.context.world.repositories.get(on.repositoryId);
  if (repository === undefined) throw new Error(`there is no repository ${on.repositoryId}`);
  return { repository, pull: loadPull(repository, on.pull) };
}
