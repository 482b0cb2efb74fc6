import { addStatus } from './actions-comments.ts';
import {
  cutPage,
  failure,
  notFound,
  type RepositoryCall,
  readBody,
  requireRole,
  text,
  total,
} from './api-call.ts';
import { resolveCommit } from './contents.ts';
import { json, type Reply } from './http.ts';
import { fullName, latestStatuses } from './lookup.ts';
import { permissionsOf, repositoryView, statusView } from './views.ts';
import type { Status } from './world.ts';

/** Commit statuses, as recorded from Gitea 1.25.4. */

/** Any state word is taken, also none; what git cannot resolve is a 500 with an empty message. */
export async function postStatus(call: RepositoryCall, ref: string): Promise<Reply> {
  const by = requireRole(call, 'write');
  const body = readBody(call);
  const { context, repository } = call;
  const sha = await resolveCommit(context, repository, ref);
  if (sha === undefined) return failure(context, 500, '');
  const status = await addStatus(context, repository, {
    sha,
    by,
    status: {
      state: text(body.state),
      targetUrl: text(body.target_url).trim(),
      description: text(body.description).trim(),
      context: text(body.context).trim(),
    },
  });
  return json(201, statusView(context, repository, { sha, status }));
}

/** Every row, oldest first. */
export async function listStatuses(call: RepositoryCall, ref: string): Promise<Reply> {
  const { context, repository } = call;
  const sha = await resolveCommit(context, repository, ref);
  if (sha === undefined) return notFound(context);
  const rows = repository.statuses.get(sha) ?? [];
  const page = cutPage(call, rows).map((status) =>
    statusView(context, repository, { sha, status }),
  );
  return json(200, page, total(rows.length));
}

/** Worst first. */
const SEVERITY = ['error', 'failure', 'warning', 'pending', 'success', 'skipped'];

/** The newest row of each context, but of one page only: state and `total_count` speak of that page. */
export async function getCombinedStatus(call: RepositoryCall, ref: string): Promise<Reply> {
  const { context, repository, caller } = call;
  const sha = await resolveCommit(context, repository, ref);
  if (sha === undefined) return notFound(context);
  const latest = latestStatuses(repository, sha);
  const page = cutPage(call, latest);
  const permissions = permissionsOf(repository, caller);
  const name = fullName(context.world, repository);
  const commitUrl = `${context.url}/api/v1/repos/${name}/commits/${sha}`;
  const body = {
    state: worstOf(page),
    sha,
    total_count: page.length,
    statuses:
      page.length === 0
        ? null
        : page.map((status) => statusView(context, repository, { sha, status })),
    repository: repositoryView(context, repository, permissions),
    commit_url: commitUrl,
    url: `${commitUrl}/status`,
  };
  return json(200, body, total(latest.length));
}

function worstOf(statuses: readonly Status[]): string {
  const rank = (status: Status) => SEVERITY.indexOf(status.state);
  return statuses.toSorted((a, b) => rank(a) - rank(b))[0]?.state ?? '';
}
