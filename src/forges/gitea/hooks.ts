import { type CallOptions, type Forge, ForgeError } from '../forge.ts';
import type { ApiCall, GiteaClient } from './client.ts';
import { type Dialect, HOOK_EVENTS } from './dialect.ts';
import { encodePath } from './links.ts';
import { type Hook, hookSchema } from './payloads.ts';

const ASKED = [...HOOK_EVENTS.keys()];
const SHOWN = [...HOOK_EVENTS.values()];

/**
 * Finds our hook by its address, else creates it. A hook that differs is written whole: a PATCH resets what it does
 * not name. The server never tells the secret and a PATCH cannot change it, so a hook with an old secret looks
 * unchanged here; its deliveries show as 401 and it must be deleted.
 */
export function createEnsureWebhook(
  client: GiteaClient,
  settings: { dialect: Dialect; secret: string },
): Forge['ensureWebhook'] {
  return async (repository, target, options) => {
    const path = `/repos/${encodePath(repository)}/hooks`;
    const known = await client.readPages({ method: 'GET', path, options }, hookSchema);
    const ours = known.items.filter((hook) => hook.config.url === target);
    const good = ours.find(isAsWanted);
    if (good) return { outcome: 'unchanged', id: good.id };
    const [broken] = ours;
    const written = await write(client, path, {
      broken,
      options,
      body: {
        type: settings.dialect.hookType,
        // Left out it would be false, and the hook silent.
        active: true,
        events: ASKED,
        branch_filter: broken?.branch_filter ?? '*',
        authorization_header: broken?.authorization_header ?? '',
        config: { url: target, content_type: 'json', secret: settings.secret },
      },
    });
    return { outcome: broken ? 'repaired' : 'created', id: written.id };
  };
}

async function write(
  client: GiteaClient,
  path: string,
  hook: { broken: Hook | undefined; body: object; options: CallOptions | undefined },
): Promise<Hook> {
  const { broken, body, options } = hook;
  const call: ApiCall = broken
    ? { method: 'PATCH', path: `${path}/${broken.id}`, body, options }
    : { method: 'POST', path, body, options };
  const written = await client.read(call, hookSchema);
  if (!isAsWanted(written)) throw wrongHook(call, written);
  return written;
}

function isAsWanted(hook: Hook): boolean {
  const events = new Set(hook.events);
  const hasOurEvents = events.size === SHOWN.length && SHOWN.every((event) => events.has(event));
  return hook.active && hook.config.content_type === 'json' && hasOurEvents;
}

/** A server that does not know an event name drops it in silence and creates a hook that never fires. */
function wrongHook(call: ApiCall, hook: Hook): ForgeError {
  const events = [...(hook.events ?? [])].sort().join(', ');
  return new ForgeError(
    'unsupported',
    `${call.method} ${call.path}: asked for the events ${ASKED.join(', ')}, the hook ${hook.id} now ` +
      `has [${events}], active ${hook.active}, content type ${hook.config.content_type ?? 'none'}`,
  );
}
