import type { Reply } from '../../../src/forges/playground/http.ts';
import { tellWatchers } from '../../../src/forges/playground/world.ts';
import { announceRun, announceSuite } from './announce-checks.ts';
import { requireCommit } from './api-statuses.ts';
import {
  cutPage,
  json,
  listReply,
  notFound,
  number,
  type RepositoryCall,
  refuse,
  text,
} from './call.ts';
import type { App, CheckAction, CheckAnnotation, CheckRun, Scene } from './hub.ts';
import { settleSuite, suiteOf } from './suites.ts';
import { isoTime, type Json } from './views.ts';
import { annotationView, checkRunView } from './views-checks.ts';

/**
 * Check runs: only Apps make them, and only the App that made one changes it. Lengths and numbers (65535 characters,
 * 50 annotations, 3 buttons of 20/40/20 characters) are in GitHub's description and refused by it.
 */

function requireApp(call: RepositoryCall): App {
  if (call.caller.kind !== 'installation')
    throw refuse(403, 'You must authenticate via a GitHub App.');
  return call.caller.app;
}

export async function postRun(call: RepositoryCall): Promise<Reply> {
  const { context, hub, repository, input } = call;
  const app = requireApp(call);
  const wanted = text(input.head_sha);
  const sha = /^[0-9a-f]{40}$/.test(wanted)
    ? await context.git.findCommit(repository.directory, wanted)
    : undefined;
  if (sha === undefined) throw refuse(422, `No commit found for SHA: ${wanted}`);
  const suite = suiteOf(call, repository, { app, sha });
  const run: CheckRun = {
    id: hub.nextId.checkRun++,
    repositoryId: repository.id,
    appId: app.id,
    suiteId: suite.id,
    sha,
    name: text(input.name),
    externalId: '',
    // Without one GitHub shows the App's own page.
    detailsUrl: app.externalUrl,
    status: 'queued',
    conclusion: null,
    startedAt: isoTime(context.clock.now()),
    completedAt: null,
    title: null,
    summary: null,
    text: null,
    annotations: [],
    actions: [],
  };
  change(call, run, input);
  hub.checkRuns.set(run.id, run);
  announceRun(call, 'created', run, { by: call.user });
  afterChange(call, run, false);
  return json(201, checkRunView(call, repository, run, 'rest'));
}

export function patchRun(call: RepositoryCall, id: string): Reply {
  const run = requireRun(call, id);
  const app = requireApp(call);
  if (run.appId !== app.id)
    throw refuse(
      403,
      `Invalid app_id \`${app.id}\` - check run can only be modified by the GitHub App that created it.`,
    );
  const wasCompleted = run.status === 'completed';
  change(call, run, call.input);
  afterChange(call, run, wasCompleted);
  return json(200, checkRunView(call, call.repository, run, 'rest'));
}

function change({ context, hub }: Scene, run: CheckRun, input: Json): void {
  const at = isoTime(context.clock.now());
  run.name = text(input.name) || run.name;
  run.detailsUrl = text(input.details_url) || run.detailsUrl;
  run.externalId = text(input.external_id) || run.externalId;
  run.startedAt = text(input.started_at) || run.startedAt;
  const status = text(input.status);
  const conclusion = text(input.conclusion);
  if (status === 'completed' && conclusion === '')
    throw refuse(422, 'Invalid request.\n\n"conclusion" wasn\'t supplied.');
  // "Providing `conclusion` will automatically set the `status` parameter to `completed`."
  if (conclusion !== '') {
    Object.assign(run, { status: 'completed', conclusion });
    run.completedAt = text(input.completed_at) || at;
  } else if (status === 'queued' || status === 'in_progress')
    Object.assign(run, { status, conclusion: null, completedAt: null });
  if (Array.isArray(input.actions)) run.actions = input.actions as CheckAction[];
  const output = input.output as Json | undefined;
  if (output === undefined) return;
  run.title = text(output.title) || run.title;
  run.summary = text(output.summary);
  run.text = 'text' in output ? text(output.text) : run.text;
  // Each request adds its own to those that are there.
  const added = (output.annotations ?? []) as readonly CheckAnnotation[];
  run.annotations = [...run.annotations, ...added];
  if (added.length > 0) hub.remarks.requests += 1;
}

function afterChange(call: RepositoryCall, run: CheckRun, wasCompleted: boolean): void {
  const suite = call.hub.suites.get(run.suiteId);
  const isSuiteDone = suite !== undefined && settleSuite(call, suite);
  if (run.status === 'completed' && !wasCompleted)
    announceRun(call, 'completed', run, { by: call.user });
  if (isSuiteDone) announceSuite(call, 'completed', suite, call.user);
  tellWatchers(call.context.world);
}

function requireRun(call: RepositoryCall, id: string): CheckRun {
  const run = call.hub.checkRuns.get(number(id));
  if (run?.repositoryId !== call.repository.id) throw notFound();
  return run;
}

export function getRun(call: RepositoryCall, id: string): Reply {
  return json(200, checkRunView(call, call.repository, requireRun(call, id), 'rest'));
}

export function listAnnotations(call: RepositoryCall, id: string): Reply {
  const run = requireRun(call, id);
  return listReply(call, run.annotations, (annotation) =>
    annotationView(call, call.repository, { run, annotation }),
  );
}

/** `filter=latest`, which is the default, shows the newest of each name and App only. */
export async function listRunsOfCommit(call: RepositoryCall, ref: string): Promise<Reply> {
  const { hub, repository, query } = call;
  const sha = await requireCommit(call, ref);
  const fits = (run: CheckRun) =>
    run.repositoryId === repository.id &&
    run.sha === sha &&
    [null, run.name].includes(query.get('check_name')) &&
    (query.get('status') ?? run.status) === run.status &&
    [null, String(run.appId)].includes(query.get('app_id'));
  const all = [...hub.checkRuns.values()].filter(fits);
  const latest = new Map(all.map((run) => [`${run.appId}:${run.name}`, run]));
  const shown = query.get('filter') === 'all' ? all : [...latest.values()];
  const { rows, headers } = cutPage(call, shown.toReversed());
  const body = {
    total_count: shown.length,
    check_runs: rows.map((run) => checkRunView(call, repository, run, 'rest')),
  };
  return json(200, body, headers);
}

/** GitHub's own button beside a check, and beside all of them: what a person presses. */
export function rerequestRun(scene: Scene, run: CheckRun, by: { readonly id: number }): void {
  const suite = scene.hub.suites.get(run.suiteId);
  // "The status of the check suite it belongs to is reset to queued and the conclusion is cleared."
  if (suite !== undefined) Object.assign(suite, { status: 'queued', conclusion: null });
  announceRun(scene, 'rerequested', run, { by });
}

export function pressAction(
  scene: Scene,
  run: CheckRun,
  press: { readonly by: { readonly id: number }; readonly identifier: string },
): void {
  if (!run.actions.some((action) => action.identifier === press.identifier))
    throw new Error(`check ${run.name} has no button ${press.identifier}`);
  const more = { requested_action: { identifier: press.identifier } };
  announceRun(scene, 'requested_action', run, { by: press.by, more });
}

export function rerequestSuite(
  scene: Scene,
  place: { readonly repositoryId: number; readonly sha: string },
  by: { readonly id: number },
): void {
  for (const suite of scene.hub.suites.values()) {
    if (suite.repositoryId !== place.repositoryId || suite.sha !== place.sha) continue;
    Object.assign(suite, { status: 'queued', conclusion: null });
    announceSuite(scene, 'rerequested', suite, by);
  }
}
