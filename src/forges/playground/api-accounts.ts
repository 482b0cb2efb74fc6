import { randomBytes } from 'node:crypto';
import type { Role } from '../../domain/role.ts';
import { addUser } from './actions-repositories.ts';
import {
  type ApiCall,
  failure,
  notFound,
  Refusal,
  type RepositoryCall,
  readBody,
  requireCaller,
  requireRole,
  text,
} from './api-call.ts';
import { bare, json, type Reply } from './http.ts';
import { findUser } from './lookup.ts';
import { userView } from './views.ts';
import type { User } from './world.ts';

/** Accounts, their tokens and their rights, in the shape that Gitea's swagger tells. */

export function getUser(call: ApiCall, login: string): Reply {
  const user = findUser(call.context.world, login);
  if (user === undefined) return notFound(call.context);
  return json(200, userView(call.context, user.id));
}

function requireSiteAdmin(call: ApiCall): void {
  if (!requireCaller(call).admin)
    throw new Refusal(failure(call.context, 403, 'user should be the site admin'));
}

export function postUser(call: ApiCall): Reply {
  requireSiteAdmin(call);
  const body = readBody(call);
  const [login, email, password] = [text(body.username), text(body.email), text(body.password)];
  if (login === '') return failure(call.context, 422, '[Username]: Required');
  if (email === '') return failure(call.context, 422, '[Email]: Required');
  if (findUser(call.context.world, login))
    return failure(call.context, 422, `user already exists [name: ${login}]`);
  const user = addUser(call.context, { login, password });
  return json(201, userView(call.context, user.id));
}

export function patchUser(call: ApiCall, login: string): Reply {
  requireSiteAdmin(call);
  const user = findUser(call.context.world, login);
  if (user === undefined) return notFound(call.context);
  const password = text(readBody(call).password);
  if (password !== '') user.password = password;
  return json(200, userView(call.context, user.id));
}

/** Only who knows the password may make one: a token cannot make another. */
export function postToken(call: ApiCall, login: string): Reply {
  const user = findUser(call.context.world, login);
  const isBasic = /^basic /i.test(call.headers.authorization ?? '');
  if (!isBasic || user === undefined || call.caller !== user)
    return failure(call.context, 401, 'auth required');
  const body = readBody(call);
  const name = text(body.name);
  const scopes = Array.isArray(body.scopes) ? body.scopes.map(text) : [];
  if (user.tokens.some((token) => token.name === name))
    return failure(call.context, 400, 'access token name has been used already');
  if (scopes.length === 0) return failure(call.context, 400, 'access token must have a scope');
  const value = randomBytes(20).toString('hex');
  user.tokens.push({ name, value, scopes });
  const id = user.tokens.length;
  return json(201, { id, name, sha1: value, token_last_eight: value.slice(-8), scopes });
}

const ROLES: readonly Role[] = ['read', 'write', 'admin'];

export function putCollaborator(call: RepositoryCall, login: string): Reply {
  requireRole(call, 'admin');
  const user = requireUser(call, login);
  const wanted = text(readBody(call).permission) || 'write';
  const role = ROLES.find((one) => one === wanted);
  if (role === undefined) return failure(call.context, 422, `[Permission]: In(read,write,admin)`);
  call.repository.roles.set(user.id, role);
  return bare(204);
}

export function deleteCollaborator(call: RepositoryCall, login: string): Reply {
  requireRole(call, 'admin');
  call.repository.roles.delete(requireUser(call, login).id);
  return bare(204);
}

function requireUser(call: RepositoryCall, login: string): User {
  const user = findUser(call.context.world, login);
  if (user === undefined) {
    const message = `user does not exist [uid: 0, name: ${login}]`;
    throw new Refusal(failure(call.context, 422, message));
  }
  return user;
}
