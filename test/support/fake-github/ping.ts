import { deliver } from './announce-news.ts';
import type { App, Scene } from './hub.ts';
import { apiUrl, isoTime } from './views.ts';
import { hookConfigView } from './views-app.ts';

export function ping(scene: Scene, app: App): void {
  const { hook } = app;
  const at = isoTime(scene.context.clock.now());
  deliver(scene, app, 'ping', {
    zen: 'Anything added dilutes everything else.',
    hook_id: hook.id,
    hook: {
      type: 'App',
      id: hook.id,
      name: 'web',
      active: hook.active,
      events: hook.events,
      config: hookConfigView(app),
      updated_at: at,
      created_at: isoTime(hook.createdAt),
      app_id: app.id,
      deliveries_url: `${apiUrl(scene)}/app/hook/deliveries`,
    },
  });
}
