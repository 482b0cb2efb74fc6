import { addStatus } from '../../../src/forges/playground/actions-comments.ts';
import { resolveCommit } from '../../../src/forges/playground/contents.ts';
import type { Reply } from '../../../src/forges/playground/http.ts';
import type { Status } from '../../../src/forges/playground/world.ts';
import { requireUnarchived } from './api-comments.ts';
import {
  cutPage,
  failure,
  invalid,
  json,
  listReply,
  type RepositoryCall,
  refuse,
  text,
} from './call.ts';
import { repositoryUrl } from './views.ts';
import { statusView } from './views-comments.ts';
import { repositoryView } from './views-repository.ts';

/** Progress that tells every step in a status runs against this wall. */
const MAX_STATUSES = 1_000;
const MAX_DESCRIPTION = 140;

const isSame = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

export async function postStatus(call: RepositoryCall, ref: string): Promise<Reply> {
  const { context, repository, input, user } = call;
  requireUnarchived(call);
  const sha = /^[0-9a-f]{40}$/.test(ref)
    ? await context.git.findCommit(repository.directory, ref)
    : undefined;
  if (sha === undefined) throw refuse(422, `No commit found for SHA: ${ref}`);
  const name = text(input.context) || 'default';
  const description = text(input.description);
  if (Array.from(description).length > MAX_DESCRIPTION)
    throw invalid({
      resource: 'Status',
      code: 'custom',
      field: 'description',
      message: `description is too long (maximum is ${MAX_DESCRIPTION} characters)`,
    });
  const rows = repository.statuses.get(sha) ?? [];
  if (rows.filter((row) => isSame(row.context, name)).length >= MAX_STATUSES)
    return failure(422, 'Validation Failed', {
      errors: [
        {
          resource: 'Status',
          code: 'custom',
          message: 'This SHA and context has reached the maximum number of statuses.',
        },
      ],
    });
  const targetUrl = text(input.target_url);
  if (targetUrl !== '' && !/^https?:\/\//.test(targetUrl))
    throw invalid({
      resource: 'Status',
      code: 'custom',
      field: 'target_url',
      message: 'target_url must use http(s) scheme',
    });
  const status = await addStatus(context, repository, {
    sha,
    by: user,
    status: { state: text(input.state), targetUrl, description, context: name },
  });
  const shown = statusView(call, repository, { sha, status });
  return json(201, shown, { location: String(shown.url) });
}

export async function requireCommit(call: RepositoryCall, ref: string): Promise<string> {
  const name = ref.replace(/^(refs\/)?(heads|tags)\//, '');
  const sha = await resolveCommit(call.context, call.repository, name);
  if (sha === undefined) throw refuse(422, `No commit found for SHA: ${ref}`);
  return sha;
}

/** Newest first. */
export async function listStatuses(call: RepositoryCall, ref: string): Promise<Reply> {
  const { repository } = call;
  const sha = await requireCommit(call, ref);
  const rows = (repository.statuses.get(sha) ?? []).toReversed();
  return listReply(call, rows, (status) => statusView(call, repository, { sha, status }));
}

/** The newest of each context; `failure` beats `pending` beats `success`, and nothing at all is `pending`. */
export async function getCombinedStatus(call: RepositoryCall, ref: string): Promise<Reply> {
  const { repository } = call;
  const sha = await requireCommit(call, ref);
  const latest = new Map<string, Status>();
  for (const status of repository.statuses.get(sha) ?? [])
    latest.set(status.context.toLowerCase(), status);
  const all = [...latest.values()];
  const has = (...states: string[]) => all.some((status) => states.includes(status.state));
  const state = has('error', 'failure')
    ? 'failure'
    : has('pending') || all.length === 0
      ? 'pending'
      : 'success';
  const { rows, headers } = cutPage(call, all);
  const url = `${repositoryUrl(call, repository)}/commits/${sha}`;
  const body = {
    state,
    statuses: rows.map((status) => {
      const { creator: _, ...shown } = statusView(call, repository, { sha, status });
      return shown;
    }),
    sha,
    total_count: all.length,
    repository: repositoryView(call, repository),
    commit_url: url,
    url: `${url}/status`,
  };
  return json(200, body, headers);
}
