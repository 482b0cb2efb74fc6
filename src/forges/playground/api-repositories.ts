import {
  type ApiCall,
  cutPage,
  failure,
  may,
  notFound,
  pageOf,
  type RepositoryCall,
  requireCaller,
  requireRole,
  total,
} from './api-call.ts';
import { bare, json, type Reply } from './http.ts';
import { findUser, isAllowed, roleOf } from './lookup.ts';
import { pullView } from './pull-view.ts';
import { readCommits } from './push-view.ts';
import { permissionsOf, repositoryView, userView } from './views.ts';

/** The repository, its branches, pull requests and people, as recorded from Gitea 1.25.4. */

export function getRepository(call: RepositoryCall): Reply {
  const { context, repository, caller } = call;
  const permissions = permissionsOf(repository, caller);
  return json(200, repositoryView(context, repository, permissions));
}

export async function getBranch(call: RepositoryCall, name: string): Promise<Reply> {
  const { context, repository } = call;
  const tip = repository.branches.get(name);
  if (tip === undefined) return notFound(context);
  const [commit] = await readCommits(context, repository, `${tip}^!`);
  const verification = {
    verified: false,
    reason: 'gpg.error.not_signed_commit',
    signature: '',
    signer: null,
    payload: '',
  };
  return json(200, {
    name,
    commit: { ...commit, verification, added: null, removed: null, modified: null },
    protected: false,
    required_approvals: 0,
    enable_status_check: false,
    status_check_contexts: [],
    user_can_push: may(call, 'write'),
    user_can_merge: may(call, 'write'),
    effective_branch_protection_name: '',
  });
}

export async function getPull(call: RepositoryCall, number: string): Promise<Reply> {
  const { context, repository, caller } = call;
  const pull = repository.pulls.get(Number(number));
  if (pull === undefined) return notFound(context);
  const view = await pullView(context, repository, pull, { viewer: caller });
  return json(200, { ...view });
}

/** Most recently changed first when asked so, else newest first. */
export async function listPulls(call: RepositoryCall): Promise<Reply> {
  const { context, repository, caller } = call;
  const state = call.query.get('state') ?? 'open';
  const byChange = call.query.get('sort') === 'recentupdate';
  const pulls = [...repository.pulls.values()]
    .filter((pull) => state === 'all' || pull.state === state)
    .toSorted((a, b) => (byChange ? b.updatedAt - a.updatedAt : 0) || b.number - a.number);
  const page = cutPage(call, pulls);
  const views = page.map((pull) =>
    pullView(context, repository, pull, { viewer: caller, inList: true }),
  );
  return json(200, await Promise.all(views), {
    ...total(pulls.length),
    ...linkHeader(call, pulls.length),
  });
}

function linkHeader(call: RepositoryCall, count: number): Record<string, string> {
  const { page, limit } = pageOf(call);
  const last = Math.ceil(count / limit);
  const link = (target: number, rel: string) => {
    const query = new URLSearchParams(call.query);
    query.set('page', String(target));
    query.sort();
    return `<${call.context.url}${call.path}?${query.toString()}>; rel="${rel}"`;
  };
  const links = [
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
    ...(page > 1 ? [link(1, 'first'), link(page - 1, 'prev')] : []),
  ];
  if (links.length === 0) return {};
  return { 'access-control-expose-headers': 'Link, X-Total-Count', link: links.join(',') };
}

/** Only repository admins may ask about others; everyone else about nobody but themselves. */
export function getPermission(call: RepositoryCall, login: string): Reply {
  const { context, repository } = call;
  const caller = requireCaller(call);
  const isSelf = caller.login.toLowerCase() === login.toLowerCase();
  if (!isSelf && !isAllowed(repository, caller, 'admin'))
    return failure(
      context,
      403,
      'Only admins can query all permissions, repo admins can query all repo permissions, collaborators can query only their own',
    );
  const user = findUser(context.world, login);
  if (user === undefined)
    return failure(context, 404, `user does not exist [uid: 0, name: ${login}]`);
  const role = roleOf(repository, user);
  return json(200, { permission: role, role_name: role, user: userView(context, user.id) });
}

/** Direct collaborators only. */
export function getCollaborator(call: RepositoryCall, login: string): Reply {
  requireRole(call, 'write');
  const user = findUser(call.context.world, login);
  if (user === undefined)
    return failure(call.context, 422, `user does not exist [uid: 0, name: ${login}]`);
  return call.repository.roles.has(user.id) ? bare(204) : notFound(call.context);
}

/** What the caller may see of one account's repositories, by pages. */
export function listOwned(call: ApiCall, login: string): Reply {
  const { context, caller } = call;
  const owner = findUser(context.world, login);
  if (owner === undefined) return notFound(context);
  const owned = [...context.world.repositories.values()].filter(
    (repository) => repository.ownerId === owner.id && isAllowed(repository, caller, 'read'),
  );
  const rows = cutPage(call, owned).map((repository) =>
    repositoryView(context, repository, permissionsOf(repository, caller)),
  );
  return json(200, rows, total(owned.length));
}
