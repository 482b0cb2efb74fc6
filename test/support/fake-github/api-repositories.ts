import type { Reply } from '../../../src/forges/playground/http.ts';
import { findUser, roleOf } from '../../../src/forges/playground/lookup.ts';
import { type ApiCall, json, listReply, notFound, number, type RepositoryCall } from './call.ts';
import { isoTime, userView } from './views.ts';
import { pullView, simplePullView } from './views-pull.ts';
import { fullRepositoryView } from './views-repository.ts';

export function getRepository(call: RepositoryCall): Reply {
  return json(200, fullRepositoryView(call, call.repository));
}

export async function getPull(call: RepositoryCall, id: string): Promise<Reply> {
  const pull = call.repository.pulls.get(number(id));
  if (pull === undefined) throw notFound();
  return json(200, await pullView(call, call.repository, pull));
}

/** Newest first; with `sort` in the direction asked for, which is downwards unless told. */
export function listPulls(call: RepositoryCall): Reply {
  const { query, repository } = call;
  const state = query.get('state') ?? 'open';
  const sort = query.get('sort') ?? 'created';
  const shown = [...repository.pulls.values()]
    .filter((pull) => state === 'all' || pull.state === state)
    .toSorted(
      (a, b) =>
        (sort === 'updated' ? a.updatedAt - b.updatedAt : a.createdAt - b.createdAt) ||
        a.number - b.number,
    );
  const isUpwards = query.get('direction') === 'asc';
  const rows = isUpwards ? shown : shown.toReversed();
  return listReply(call, rows, (pull) => simplePullView(call, repository, pull));
}

const PERMISSIONS: Readonly<Record<string, string>> = {
  owner: 'admin',
  admin: 'admin',
  maintain: 'write',
  write: 'write',
  triage: 'read',
  read: 'read',
  none: 'none',
};

/** `permission` knows four words; `role_name` says what the role is called, custom ones too. */
export function getPermission(call: RepositoryCall, login: string): Reply {
  const { context, hub, repository } = call;
  const user = findUser(context.world, login);
  if (user === undefined) throw notFound();
  const role = roleOf(repository, user);
  const permission = PERMISSIONS[role] ?? 'none';
  const custom = hub.roleNames.get(`${repository.id}:${user.id}`);
  const plain = role === 'owner' ? 'admin' : role === 'none' ? '' : role;
  const roleName = custom ?? plain;
  const may = (...roles: string[]) => roles.includes(role);
  const permissions = {
    admin: permission === 'admin',
    maintain: permission === 'admin' || may('maintain'),
    push: ['admin', 'write'].includes(permission),
    triage: ['admin', 'write'].includes(permission) || may('triage'),
    pull: permission !== 'none',
  };
  const shown = { ...userView(call, user.id), permissions, role_name: roleName };
  return json(200, { permission, user: shown, role_name: roleName });
}

export function getUser(call: ApiCall, login: string): Reply {
  const user = findUser(call.context.world, login);
  if (user === undefined) throw notFound();
  return json(200, {
    ...userView(call, user.id),
    name: null,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    twitter_username: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: isoTime(user.createdAt),
    updated_at: isoTime(user.createdAt),
  });
}

/** Only a GitHub Enterprise Server says its version. */
export function getMeta(): Reply {
  return json(200, { verifiable_password_authentication: true, installed_version: '3.19.0' });
}
