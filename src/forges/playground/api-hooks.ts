import {
  cutPage,
  failure,
  notFound,
  Refusal,
  type RepositoryCall,
  readBody,
  requireRole,
  text,
  total,
} from './api-call.ts';
import { bare, json, type Reply } from './http.ts';
import { pushView } from './push-view.ts';
import { hookView, type Json } from './views.ts';
import type { Hook } from './world.ts';

/** Webhooks of a repository, as recorded from Gitea 1.25.4. All of it needs repository admin. */

const PULL_EVENTS = [
  'pull_request',
  'pull_request_assign',
  'pull_request_label',
  'pull_request_review',
  'pull_request_review_request',
  'pull_request_milestone',
  'pull_request_comment',
  'pull_request_sync',
];
const ISSUE_EVENTS = ['issues', 'issue_assign', 'issue_label', 'issue_milestone', 'issue_comment'];

/** What a name that is asked for turns on. Names that are not here vanish without a word. */
const EVENTS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    [
      'create',
      'delete',
      'fork',
      'push',
      'wiki',
      'repository',
      'release',
      'package',
      'status',
      'workflow_run',
      'workflow_job',
      ...PULL_EVENTS,
      ...ISSUE_EVENTS,
    ].map((name) => [name, [name]]),
  ),
  pull_request: PULL_EVENTS,
  pull_request_only: ['pull_request'],
  issues: ISSUE_EVENTS,
  issues_only: ['issues'],
};

/** Absent or empty means push only. */
function readEvents(wanted: unknown): string[] {
  const names = Array.isArray(wanted) && wanted.length > 0 ? wanted.map(text) : ['push'];
  return [...new Set(names.flatMap((name) => EVENTS[name] ?? []))];
}

export function listHooks(call: RepositoryCall): Reply {
  requireRole(call, 'admin');
  const hooks = [...call.repository.hooks.values()];
  return json(200, cutPage(call, hooks).map(hookView), total(hooks.length));
}

export function getHook(call: RepositoryCall, id: string): Reply {
  requireRole(call, 'admin');
  return json(200, hookView(requireHook(call, id)));
}

/** `active` is false unless sent. The secret is kept and never shown. */
export function postHook(call: RepositoryCall): Reply {
  requireRole(call, 'admin');
  const body = readBody(call);
  const config = readConfig(body);
  const type = text(body.type);
  if (!call.context.tongue.hookTypes.includes(type))
    return invalid(call, `Invalid hook type: ${type}`);
  const { url, content_type: contentType } = config;
  if (url === undefined) return invalid(call, 'Missing config option: url');
  if (contentType === undefined) return invalid(call, 'Missing config option: content_type');
  if (!isContentType(contentType)) return invalid(call, 'Invalid content type');
  if (!URL.canParse(url)) return invalid(call, 'Invalid url');
  const at = call.context.clock.now();
  const hook: Hook = {
    id: call.context.world.nextId.hook++,
    type,
    url,
    contentType,
    secret: config.secret ?? '',
    events: readEvents(body.events),
    active: body.active === true,
    branchFilter: text(body.branch_filter),
    authorizationHeader: text(body.authorization_header),
    createdAt: at,
    updatedAt: at,
  };
  call.repository.hooks.set(hook.id, hook);
  return json(201, hookView(hook));
}

/** What is left out is reset: events to push, filter and header to nothing. The secret cannot be changed. */
export function patchHook(call: RepositoryCall, id: string): Reply {
  requireRole(call, 'admin');
  const hook = requireHook(call, id);
  const body = readBody(call);
  const config = readConfig(body);
  const contentType = config.content_type ?? hook.contentType;
  if (!isContentType(contentType)) return invalid(call, 'Invalid content type');
  hook.url = config.url ?? hook.url;
  hook.contentType = contentType;
  hook.events = readEvents(body.events);
  hook.branchFilter = text(body.branch_filter);
  hook.authorizationHeader = text(body.authorization_header);
  if (typeof body.active === 'boolean') hook.active = body.active;
  hook.updatedAt = call.context.clock.now();
  return json(200, hookView(hook));
}

export function deleteHook(call: RepositoryCall, id: string): Reply {
  requireRole(call, 'admin');
  call.repository.hooks.delete(requireHook(call, id).id);
  return bare(204);
}

/** The test button: a push of nothing to the default branch, whatever the hook listens to. */
export async function testHook(call: RepositoryCall, id: string): Promise<Reply> {
  const by = requireRole(call, 'admin');
  const hook = requireHook(call, id);
  const { context, repository } = call;
  const tip = repository.branches.get(repository.defaultBranch) ?? '';
  const ref = `refs/heads/${repository.defaultBranch}`;
  const payload = await pushView(context, repository, { ref, before: tip, after: tip, by });
  const only = { ...repository, hooks: new Map([[hook.id, { ...hook, events: ['push'] }]]) };
  context.webhooks.send(only, { event: 'push', eventType: 'push', payload });
  return bare(204);
}

function requireHook(call: RepositoryCall, id: string): Hook {
  const hook = call.repository.hooks.get(Number(id));
  if (hook === undefined) throw new Refusal(notFound(call.context));
  return hook;
}

function readConfig(body: Json): Readonly<Record<string, string | undefined>> {
  const config = body.config;
  if (typeof config !== 'object' || config === null) return {};
  return Object.fromEntries(
    Object.entries(config).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

function isContentType(word: string): word is 'json' | 'form' {
  return word === 'json' || word === 'form';
}

function invalid(call: RepositoryCall, message: string): Reply {
  return failure(call.context, 422, message);
}
