import { randomBytes } from 'node:crypto';
import type { Reply } from '../../../src/forges/playground/http.ts';
import { findRepository } from '../../../src/forges/playground/lookup.ts';
import type { Repository } from '../../../src/forges/playground/world.ts';
import { isGranted } from './access.ts';
import {
  type ApiCall,
  type AppCall,
  cutPage,
  json,
  listReply,
  notFound,
  number,
  refuse,
  text,
} from './call.ts';
import { covers, type Installation, type Permissions, type Token } from './hub.ts';
import { ping } from './ping.ts';
import { isoTime } from './views.ts';
import { appView, hookConfigView, installationView, repositoriesOf } from './views-app.ts';
import { repositoryView } from './views-repository.ts';

/** What an App does as itself, with its JWT. */

export function getApp(call: AppCall): Reply {
  const installations = ownInstallations(call).length;
  return json(200, { ...appView(call, call.app), installations_count: installations });
}

function ownInstallations({ hub, app }: AppCall): Installation[] {
  return [...hub.installations.values()].filter((one) => one.appId === app.id);
}

export function listInstallations(call: AppCall): Reply {
  return listReply(call, ownInstallations(call), (one) => installationView(call, one));
}

function requireInstallation(call: AppCall, id: string): Installation {
  const found = call.hub.installations.get(number(id));
  if (found?.appId !== call.app.id) throw notFound();
  return found;
}

export function getInstallation(call: AppCall, id: string): Reply {
  return json(200, installationView(call, requireInstallation(call, id)));
}

/** By name, also by a former one. */
export function getRepositoryInstallation(call: AppCall, owner: string, name: string): Reply {
  const { world } = call.context;
  const repository = findRepository(world, `${owner}/${name}`);
  const found = repository && ownInstallations(call).find((one) => covers(one, repository));
  if (found === undefined) throw notFound();
  return json(200, installationView(call, found));
}

/** An hour, as GitHub's. */
const TOKEN_LIFE_MS = 3_600_000;

export function createToken(call: AppCall, id: string): Reply {
  const { hub, context, input } = call;
  const installation = requireInstallation(call, id);
  if (installation.suspended !== undefined)
    throw refuse(403, 'This installation has been suspended');
  const permissions = (input.permissions ?? installation.permissions) as Permissions;
  for (const [name, level] of Object.entries(permissions))
    if (!isGranted(installation.permissions, `${name}=${level}`))
      throw refuse(422, 'The permissions requested are not granted to this installation.');
  const repositories = wantedRepositories(call, installation);
  const token: Token = {
    value: `ghs_${randomBytes(18).toString('hex')}`,
    installationId: installation.id,
    expiresAt: Math.floor((context.clock.now() + TOKEN_LIFE_MS) / 1000) * 1000,
    permissions,
    repositoryIds: repositories && new Set(repositories.map((one) => one.id)),
  };
  hub.tokens.set(token.value, token);
  return json(201, {
    token: token.value,
    expires_at: isoTime(token.expiresAt),
    permissions,
    repository_selection: repositories || installation.selection !== 'all' ? 'selected' : 'all',
    ...(repositories === undefined
      ? {}
      : { repositories: repositories.map((one) => repositoryView(call, one)) }),
  });
}

function wantedRepositories(call: AppCall, installation: Installation): Repository[] | undefined {
  const names = call.input.repositories as readonly string[] | undefined;
  const ids = call.input.repository_ids as readonly number[] | undefined;
  if (names === undefined && ids === undefined) return undefined;
  const own = repositoriesOf(call, installation);
  const wanted = [
    ...(names ?? []).map((name) => own.find((one) => one.name === name)),
    ...(ids ?? []).map((id) => own.find((one) => one.id === id)),
  ];
  const found = wanted.filter((one) => one !== undefined);
  if (found.length === wanted.length) return found;
  throw refuse(
    422,
    'There is at least one repository that does not exist or is not accessible to the parent installation.',
  );
}

export function getHookConfig(call: AppCall): Reply {
  return json(200, hookConfigView(call.app));
}

/** Sends a `ping` to the new address. */
export function patchHookConfig(call: AppCall): Reply {
  const { app, input, context } = call;
  const url = text(input.url);
  if (url !== '' && !URL.canParse(url)) throw refuse(422, 'Invalid request.\n\nurl is not valid.');
  const secret = text(input.secret);
  if (secret !== '') Object.assign(app.hook, { secret });
  if (url !== '' && url !== app.hook.url) {
    app.hook.url = url;
    app.hook.updatedAt = context.clock.now();
    ping(call, app);
  }
  return json(200, hookConfigView(app));
}

export function listOwnRepositories(call: ApiCall): Reply {
  const { caller } = call;
  if (caller.kind !== 'installation') throw refuse(401, 'Requires authentication');
  const own = repositoriesOf(call, caller.installation).filter(
    (one) => caller.token.repositoryIds?.has(one.id) ?? true,
  );
  const { rows, headers } = cutPage(call, own);
  const selection = caller.installation.selection === 'all' ? 'all' : 'selected';
  const body = {
    total_count: own.length,
    repository_selection: selection,
    repositories: rows.map((one) => ({
      ...repositoryView(call, one),
      permissions: { admin: false, maintain: false, push: false, triage: false, pull: false },
    })),
  };
  return json(200, body, headers);
}
