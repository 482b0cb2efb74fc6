import { type App, covers, type Installation, loadApp, type Scene } from './hub.ts';
import { nodeId } from './node-ids.ts';
import { apiUrl, isoTime, type Json, userView } from './views.ts';

/** GitHub Apps, their installations and their hook. */

export function appView(scene: Scene, app: App): Json {
  return {
    id: app.id,
    slug: app.slug,
    client_id: app.clientId,
    node_id: nodeId('App', app.id),
    owner: userView(scene, app.ownerId),
    name: app.name,
    description: app.description,
    external_url: app.externalUrl,
    html_url: `${scene.context.url}/apps/${app.slug}`,
    created_at: isoTime(app.createdAt),
    updated_at: isoTime(app.createdAt),
    permissions: app.permissions,
    events: app.hook.events,
  };
}

export function installationView(scene: Scene, installation: Installation): Json {
  const app = loadApp(scene.hub, installation.appId);
  const { suspended } = installation;
  const account = userView(scene, installation.ownerId);
  const isOrganization = account.type === 'Organization';
  const page = isOrganization
    ? `organizations/${String(account.login)}/settings/installations`
    : 'settings/installations';
  return {
    id: installation.id,
    client_id: app.clientId,
    account,
    repository_selection: installation.selection === 'all' ? 'all' : 'selected',
    access_tokens_url: `${apiUrl(scene)}/app/installations/${installation.id}/access_tokens`,
    repositories_url: `${apiUrl(scene)}/installation/repositories`,
    html_url: `${scene.context.url}/${page}/${installation.id}`,
    app_id: app.id,
    app_slug: app.slug,
    target_id: installation.ownerId,
    target_type: isOrganization ? 'Organization' : 'User',
    permissions: installation.permissions,
    events: installation.events,
    created_at: isoTime(installation.createdAt),
    updated_at: isoTime(installation.updatedAt),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: suspended === undefined ? null : userView(scene, suspended.byId),
    suspended_at: suspended === undefined ? null : isoTime(suspended.at),
  };
}

/** In webhooks about everything else than itself an installation is only this. */
export function installationRefView(installation: Installation): Json {
  return { id: installation.id, node_id: nodeId('Installation', installation.id) };
}

export function repositoriesOf({ context }: Scene, installation: Installation) {
  return [...context.world.repositories.values()].filter((one) => covers(installation, one));
}

/** The secret is never given back. */
export function hookConfigView(app: App): Json {
  return {
    content_type: 'json',
    insecure_ssl: '0',
    ...(app.hook.secret === '' ? {} : { secret: '********' }),
    url: app.hook.url,
  };
}
