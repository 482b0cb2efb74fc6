import { findUserByToken } from '../../../src/forges/playground/lookup.ts';
import type { Reach } from '../../../src/forges/playground/tongue.ts';
import type { Repository, User } from '../../../src/forges/playground/world.ts';
import {
  badCredentials,
  type Caller,
  type InstallationCaller,
  notAccessible,
  notFound,
  refuse,
} from './call.ts';
import { covers, loadApp, type Permissions, type Scene } from './hub.ts';
import { isJwt, readJwt } from './keys.ts';

/** Who calls, and what that caller may do. */

/** `token X`, `Bearer X`, or basic with the token as password: the name beside it does not matter. */
export function tokenOf(header: string | undefined): string | undefined {
  if (header === undefined || header === '') return undefined;
  const [scheme = '', value = ''] = header.split(' ', 2);
  if (scheme.toLowerCase() !== 'basic') return value;
  const [, ...password] = Buffer.from(value, 'base64').toString().split(':');
  return password.join(':');
}

export function readCaller(scene: Scene, header: string | undefined): Caller {
  const token = tokenOf(header);
  if (token === undefined) return { kind: 'nobody' };
  if (isJwt(token)) {
    const app = readJwt(scene.hub, token, scene.context.clock.now());
    if ('message' in app) throw refuse(app.status, app.message);
    return { kind: 'app', app };
  }
  const caller = findInstallation(scene, token);
  if (caller === undefined) throw badCredentials();
  if (caller.installation.suspended !== undefined)
    throw refuse(403, 'This installation has been suspended');
  return caller;
}

/** Undefined when the token is unknown, too old, or its installation is gone. */
export function findInstallation(scene: Scene, value: string): InstallationCaller | undefined {
  const { hub, context } = scene;
  const token = hub.tokens.get(value);
  const installation = token && hub.installations.get(token.installationId);
  if (token === undefined || installation === undefined || token.expiresAt <= context.clock.now())
    return undefined;
  const app = loadApp(hub, installation.appId);
  const user = context.world.users.get(app.botId);
  if (user === undefined) return undefined;
  return { kind: 'installation', app, installation, token, user };
}

/** A token is for the repositories of its installation, or for some of them. */
export function reaches(caller: InstallationCaller, repository: Repository): boolean {
  const { installation, token } = caller;
  return covers(installation, repository) && (token.repositoryIds?.has(repository.id) ?? true);
}

const LEVELS = ['read', 'write', 'admin'];

/** One of these is enough: `issues=write; pull_requests=write`, as `x-accepted-github-permissions` writes it. */
export function isGranted(granted: Permissions, accepted: string): boolean {
  return accepted.split('; ').some((one) => {
    const [name = '', level = ''] = one.split('=');
    const present = granted[name];
    return present !== undefined && LEVELS.indexOf(present) >= LEVELS.indexOf(level);
  });
}

/** What the token may do is cut down again when the installation's permissions are. */
export function mayDo({ token, installation }: InstallationCaller, accepted: string): boolean {
  return isGranted(token.permissions, accepted) && isGranted(installation.permissions, accepted);
}

/** Throws GitHub's refusal. What may not be seen does not exist; a public repository may be read by all. */
export function checkAccess(
  caller: Caller,
  repository: Repository,
  wanted: { readonly accepted: string; readonly reads: boolean; readonly ofPublic: boolean },
): void {
  const { accepted, reads, ofPublic } = wanted;
  if (caller.kind === 'app') throw badCredentials();
  const isOpen = !repository.isPrivate;
  if (caller.kind === 'nobody') {
    if (isOpen && reads && ofPublic) return;
    throw isOpen ? refuse(401, 'Requires authentication') : notFound();
  }
  if (!reaches(caller, repository)) {
    if (!isOpen) throw notFound();
    if (reads && ofPublic) return;
    throw notAccessible();
  }
  // What is public needs no permission to be read.
  if (isOpen && reads && ofPublic && !accepted.startsWith('checks')) return;
  if (!mayDo(caller, accepted)) throw notAccessible();
}

/** For git: the robot of the App, or a person by their own token. */
export function authenticate(
  scene: Scene,
  header: string | undefined,
): User | 'unknown' | undefined {
  const token = tokenOf(header);
  if (token === undefined) return undefined;
  const caller = findInstallation(scene, token);
  if (caller?.installation.suspended !== undefined) return 'unknown';
  return caller?.user ?? findUserByToken(scene.context.world, token) ?? 'unknown';
}

/** Undefined for people: their role says. */
export function reachByGit(
  scene: Scene,
  header: string | undefined,
  { repository, writes }: Reach,
): boolean | undefined {
  const caller = findInstallation(scene, tokenOf(header) ?? '');
  if (caller === undefined) return undefined;
  if (!reaches(caller, repository)) return !writes && !repository.isPrivate;
  return mayDo(caller, writes ? 'contents=write' : 'contents=read');
}
