import { randomBytes } from 'node:crypto';
import type { Call, Reply } from '../../../src/forges/playground/http.ts';
import { findUser } from '../../../src/forges/playground/lookup.ts';
import type { User } from '../../../src/forges/playground/world.ts';
import { addApp } from './apps.ts';
import { type ApiCall, json, notFound } from './call.ts';
import { loadApp, type Permissions, type Scene } from './hub.ts';
import { ping } from './ping.ts';
import { appView } from './views-app.ts';

/**
 * Registering an App from a manifest: a form is posted to GitHub by the browser, the owner confirms, GitHub goes back
 * with a code, and the code is turned into the App's keys (docs.github.com, "Registering a GitHub App from a manifest").
 */

type Manifest = {
  readonly name?: unknown;
  readonly url?: unknown;
  readonly redirect_url?: unknown;
  readonly description?: unknown;
  readonly public?: unknown;
  readonly hook_attributes?: { readonly url?: unknown; readonly active?: unknown };
  readonly default_permissions?: unknown;
  readonly default_events?: unknown;
};

const KNOWN_FIELDS = new Set([
  'name',
  'url',
  'hook_attributes',
  'redirect_url',
  'callback_urls',
  'setup_url',
  'description',
  'public',
  'default_events',
  'default_permissions',
  'request_oauth_on_install',
  'setup_on_update',
]);

/** An event needs a permission that lets one see what it tells of. */
const EVENT_NEEDS: Readonly<Record<string, readonly string[]>> = {
  issue_comment: ['issues', 'pull_requests'],
  pull_request: ['pull_requests'],
  pull_request_review: ['pull_requests'],
  pull_request_review_comment: ['pull_requests'],
  push: ['contents'],
  status: ['statuses'],
  check_run: ['checks'],
  check_suite: ['checks'],
};

const PERMISSION_NAMES = new Set([
  'actions',
  'administration',
  'checks',
  'contents',
  'deployments',
  'issues',
  'members',
  'metadata',
  'pull_requests',
  'repository_hooks',
  'statuses',
  'workflows',
]);

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isAddress(value: unknown): boolean {
  return URL.canParse(text(value)) && /^https?:/.test(text(value));
}

/** What the page would say, in the order of the form. */
function complaintsOf(scene: Scene, manifest: Manifest): string[] {
  const permissions = (manifest.default_permissions ?? {}) as Record<string, unknown>;
  const events = (manifest.default_events ?? []) as readonly unknown[];
  const { hook_attributes: hook } = manifest;
  const name = text(manifest.name);
  const isTaken = [...scene.hub.apps.values()].some((app) => app.slug === slugOf(name));
  return [
    ...Object.keys(manifest)
      .filter((field) => !KNOWN_FIELDS.has(field))
      .map((field) => `unknown field: ${field}`),
    ...(isAddress(manifest.url) ? [] : ['url is missing or wrong']),
    ...(name.length > 34 ? ['Name is too long (maximum is 34 characters)'] : []),
    ...(isTaken ? ['Name is already taken'] : []),
    ...(hook !== undefined && !isAddress(hook.url) ? ['Hook url is not a valid URL'] : []),
    ...(isAddress(manifest.redirect_url) ? [] : ['redirect_url is missing or wrong']),
    ...Object.entries(permissions)
      .filter(
        ([key, level]) => !PERMISSION_NAMES.has(key) || !/^(read|write|admin)$/.test(text(level)),
      )
      .map(([key]) => `Default permission records resource is not included in the list: ${key}`),
    ...events
      .map(text)
      .filter((event) => !(EVENT_NEEDS[event] ?? []).some((needed) => needed in permissions))
      .map((event) => `Default events unsupported: ${event}`),
  ];
}

function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

export function registerFromManifest(
  scene: Scene,
  call: Call,
  organization: string | undefined,
): Reply {
  const { world } = scene.context;
  const owner = organization === undefined ? firstPerson(scene) : findUser(world, organization);
  if (owner === undefined) return { status: 404, body: 'Not Found\n' };
  const manifest = readManifest(call);
  if (manifest === undefined) return { status: 422, body: 'Invalid GitHub App configuration\n' };
  const complaints = complaintsOf(scene, manifest);
  if (complaints.length > 0)
    return {
      status: 422,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: `Invalid GitHub App configuration. The configuration does not appear to be a valid GitHub App manifest.\n${complaints.join('\n')}\n`,
    };
  const { hub } = scene;
  const name = text(manifest.name) || `app-${hub.apps.size + 1}`;
  const hook = manifest.hook_attributes;
  const app = addApp(scene, {
    id: 7_000 + hub.apps.size,
    slug: slugOf(name),
    name,
    ownerId: owner.id,
    externalUrl: text(manifest.url),
    description: text(manifest.description),
    hook: {
      url: text(hook?.url),
      secret: randomBytes(20).toString('hex'),
      active: hook !== undefined && hook.active !== false,
      events: (manifest.default_events ?? []) as readonly string[],
    },
    permissions: { metadata: 'read', ...(manifest.default_permissions as Permissions) },
  });
  const code = randomBytes(20).toString('hex');
  hub.codes.set(code, { appId: app.id, at: scene.context.clock.now() });
  ping(scene, app);
  const location = new URL(text(manifest.redirect_url));
  location.searchParams.set('code', code);
  const state = call.query.get('state');
  if (state !== null) location.searchParams.set('state', state);
  return { status: 302, headers: { location: location.href } };
}

/** Nobody logs in here: whoever came first is the one who registers. */
function firstPerson({ context }: Scene): User | undefined {
  return [...context.world.users.values()].find((user) => !user.bot && !user.organization);
}

function readManifest(call: Call): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(new URLSearchParams(call.body).get('manifest') ?? '');
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** "You must complete this step … within one hour", once, without any authentication. */
const CODE_LIFE_MS = 3_600_000;

export function convertManifest(call: ApiCall, code: string): Reply {
  const { hub, context } = call;
  const known = hub.codes.get(code);
  hub.codes.delete(code);
  if (known === undefined || known.at + CODE_LIFE_MS < context.clock.now()) throw notFound();
  const app = loadApp(hub, known.appId);
  return json(201, {
    ...appView(call, app),
    client_secret: app.clientSecret,
    webhook_secret: app.hook.secret === '' ? null : app.hook.secret,
    pem: app.privateKey,
  });
}
