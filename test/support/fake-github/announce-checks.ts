import type { User } from '../../../src/forges/playground/world.ts';
import { announce } from './announce-news.ts';
import { type CheckRun, type CheckSuite, loadApp, type Scene } from './hub.ts';
import type { Json } from './views.ts';
import { checkRunView, suiteView } from './views-checks.ts';

/** `rerequested` and `requested_action` go to the App that made the check, the others to all that may see checks. */
export function announceRun(
  scene: Scene,
  action: 'created' | 'completed' | 'rerequested' | 'requested_action',
  run: CheckRun,
  told: { readonly by: Pick<User, 'id'>; readonly more?: Json },
): void {
  const repository = scene.context.world.repositories.get(run.repositoryId);
  if (repository === undefined) return;
  const payload = {
    action,
    check_run: checkRunView(scene, repository, run, 'webhook'),
    ...told.more,
  };
  const app = loadApp(scene.hub, run.appId);
  const onlyTo = action.startsWith('re') ? { onlyTo: app } : {};
  announce(scene, { event: 'check_run', repository, by: told.by, payload, ...onlyTo });
}

export function announceSuite(
  scene: Scene,
  action: 'requested' | 'completed' | 'rerequested',
  suite: CheckSuite,
  by: Pick<User, 'id'>,
): void {
  const repository = scene.context.world.repositories.get(suite.repositoryId);
  if (repository === undefined) return;
  const payload = { action, check_suite: suiteView(scene, repository, suite) };
  const onlyTo = loadApp(scene.hub, suite.appId);
  announce(scene, { event: 'check_suite', repository, by, payload, onlyTo });
}
