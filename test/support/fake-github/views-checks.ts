import type { Pull, Repository } from '../../../src/forges/playground/world.ts';
import {
  type CheckAnnotation,
  type CheckRun,
  type CheckSuite,
  loadApp,
  type Scene,
} from './hub.ts';
import { nodeId } from './node-ids.ts';
import { isoTime, type Json, pageUrl, repositoryUrl } from './views.ts';
import { appView } from './views-app.ts';
import { baseShaOf } from './views-pull.ts';

/** Open pull requests of this repository's own branches: of a fork's push there are none. */
function pullRequestsOf(scene: Scene, repository: Repository, sha: string): Json[] {
  return [...repository.pulls.values()]
    .filter((pull) => pull.state === 'open' && pull.headSha === sha && pull.head.kind === 'branch')
    .map((pull) => minimalPullView(scene, repository, pull));
}

function minimalPullView(scene: Scene, repository: Repository, pull: Pull): Json {
  const url = repositoryUrl(scene, repository);
  const repo = { id: repository.id, url, name: repository.name };
  return {
    url: `${url}/pulls/${pull.number}`,
    id: pull.id,
    number: pull.number,
    head: { ref: pull.head.branch, sha: pull.headSha, repo },
    base: { ref: pull.base, sha: baseShaOf(repository, pull), repo },
  };
}

/** REST names only the id of the suite; webhooks show it whole. */
export function checkRunView(
  scene: Scene,
  repository: Repository,
  run: CheckRun,
  where: 'rest' | 'webhook',
): Json {
  const url = `${repositoryUrl(scene, repository)}/check-runs/${run.id}`;
  const suite = scene.hub.suites.get(run.suiteId);
  const shown = where === 'webhook' && suite && simpleSuiteView(scene, repository, suite);
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId('CheckRun', run.id),
    head_sha: run.sha,
    external_id: run.externalId,
    url,
    html_url: `${pageUrl(scene, repository)}/runs/${run.id}`,
    details_url: run.detailsUrl,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: {
      title: run.title,
      summary: run.summary,
      text: run.text,
      annotations_count: run.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: shown || { id: run.suiteId },
    app: appView(scene, loadApp(scene.hub, run.appId)),
    pull_requests: pullRequestsOf(scene, repository, run.sha),
  };
}

function simpleSuiteView(scene: Scene, repository: Repository, suite: CheckSuite): Json {
  return {
    id: suite.id,
    node_id: nodeId('CheckSuite', suite.id),
    head_branch: suite.branch,
    head_sha: suite.sha,
    status: suite.status,
    conclusion: suite.conclusion,
    url: `${repositoryUrl(scene, repository)}/check-suites/${suite.id}`,
    before: null,
    after: suite.sha,
    pull_requests: pullRequestsOf(scene, repository, suite.sha),
    app: appView(scene, loadApp(scene.hub, suite.appId)),
    created_at: isoTime(suite.createdAt),
    updated_at: isoTime(suite.updatedAt),
  };
}

export function suiteView(scene: Scene, repository: Repository, suite: CheckSuite): Json {
  const runs = [...scene.hub.checkRuns.values()].filter((run) => run.suiteId === suite.id);
  const simple = simpleSuiteView(scene, repository, suite);
  return {
    ...simple,
    latest_check_runs_count: runs.length,
    check_runs_url: `${String(simple.url)}/check-runs`,
    head_commit: {
      id: suite.sha,
      tree_id: suite.sha,
      message: 'A commit',
      timestamp: isoTime(suite.createdAt),
      author: { name: 'somebody', email: 'somebody@example.org' },
      committer: { name: 'somebody', email: 'somebody@example.org' },
    },
  };
}

export function annotationView(
  scene: Scene,
  repository: Repository,
  { run, annotation }: { readonly run: CheckRun; readonly annotation: CheckAnnotation },
): Json {
  const { path, title = null, raw_details = null } = annotation;
  return {
    path,
    blob_href: `${repositoryUrl(scene, repository)}/git/blobs/${run.sha}:${path}`,
    start_line: annotation.start_line,
    start_column: annotation.start_column ?? null,
    end_line: annotation.end_line,
    end_column: annotation.end_column ?? null,
    annotation_level: annotation.annotation_level,
    title,
    message: annotation.message,
    raw_details,
  };
}
