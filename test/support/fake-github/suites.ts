import type { Repository, User } from '../../../src/forges/playground/world.ts';
import { announceSuite } from './announce-checks.ts';
import { type App, type CheckSuite, covers, loadApp, type Scene } from './hub.ts';

/** GitHub opens a check suite of each App that may write checks with every push to a branch (not of a fork). */
export function openSuites(
  scene: Scene,
  repository: Repository,
  push: { readonly branch: string; readonly after: string; readonly by: User },
): void {
  for (const installation of scene.hub.installations.values()) {
    if (!covers(installation, repository) || installation.permissions.checks !== 'write') continue;
    if (installation.suspended !== undefined) continue;
    const app = loadApp(scene.hub, installation.appId);
    if (findSuite(scene, repository, { app, sha: push.after }) !== undefined) continue;
    const suite = addSuite(scene, repository, { app, sha: push.after, branch: push.branch });
    announceSuite(scene, 'requested', suite, push.by);
  }
}

type Place = { readonly app: App; readonly sha: string };

function findSuite({ hub }: Scene, repository: Repository, { app, sha }: Place) {
  return [...hub.suites.values()].find(
    (suite) => suite.repositoryId === repository.id && suite.appId === app.id && suite.sha === sha,
  );
}

function addSuite(
  { hub, context }: Scene,
  repository: Repository,
  place: Place & { readonly branch: string | null },
): CheckSuite {
  const at = context.clock.now();
  const suite: CheckSuite = {
    id: hub.nextId.suite++,
    repositoryId: repository.id,
    appId: place.app.id,
    sha: place.sha,
    branch: place.branch,
    status: 'queued',
    conclusion: null,
    createdAt: at,
    updatedAt: at,
  };
  hub.suites.set(suite.id, suite);
  return suite;
}

/** Of a commit that no push to this repository brought (a fork's) the branch is null. */
export function suiteOf(scene: Scene, repository: Repository, place: Place): CheckSuite {
  const [branch = null] = [...repository.branches].find(([, sha]) => sha === place.sha) ?? [];
  return findSuite(scene, repository, place) ?? addSuite(scene, repository, { ...place, branch });
}

/** Worst first: one bad run spoils the suite. */
const CONCLUSIONS = [
  'action_required',
  'timed_out',
  'cancelled',
  'failure',
  'success',
  'skipped',
  'neutral',
  'stale',
];

/** The suite says what its runs say together. True when it has just been completed. */
export function settleSuite({ hub, context }: Scene, suite: CheckSuite): boolean {
  const runs = [...hub.checkRuns.values()].filter((run) => run.suiteId === suite.id);
  const wasCompleted = suite.status === 'completed';
  const isCompleted = runs.length > 0 && runs.every((run) => run.status === 'completed');
  suite.status = isCompleted
    ? 'completed'
    : runs.every((run) => run.status === 'queued')
      ? 'queued'
      : 'in_progress';
  const worst = CONCLUSIONS.find((one) => runs.some((run) => run.conclusion === one));
  suite.conclusion = isCompleted ? (worst ?? 'neutral') : null;
  suite.updatedAt = context.clock.now();
  return isCompleted && !wasCompleted;
}
