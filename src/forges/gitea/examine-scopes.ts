import type { Finding } from '../../domain/finding.ts';
import { firstLine } from '../examination.ts';
import { type CallOptions, ForgeError } from '../forge.ts';
import type { ApiCall, GiteaClient } from './client.ts';

/** What the bot's token must be allowed, as the page of the tokens names it. */
export const TOKEN_SCOPES = [
  'write:issue',
  'write:repository',
  'read:organization',
  'read:user',
] as const;

/**
 * Calls that need the scope, and find nothing to change: no comment and no hook has the id 0. The scope is looked at
 * before anything else is, so the repository need not exist either.
 */
const PROBES: readonly { readonly scope: string; readonly call: ApiCall }[] = [
  {
    scope: 'write:issue',
    call: { method: 'PATCH', path: '/repos/signalbox/doctor/issues/comments/0', body: {} },
  },
  {
    scope: 'write:repository',
    call: { method: 'PATCH', path: '/repos/signalbox/doctor/hooks/0', body: {} },
  },
  { scope: 'read:organization', call: { method: 'GET', path: '/orgs/signalbox-doctor' } },
];

/**
 * The scope that a 403 asks for. Gitea: `… required scope(s), required=[write:issue], token scope=read:issue`,
 * Forgejo: `… required scope(s): [write:issue]` (recorded).
 */
export function missingScope(error: ForgeError): string | undefined {
  if (error.status !== 403) return undefined;
  return /required scope\(s\)(?:, required=|: )\[([^\]]+)\]/.exec(error.message)?.[1];
}

export async function* examineScopes(
  client: GiteaClient,
  { url }: { readonly url: string },
  options: CallOptions | undefined,
): AsyncGenerator<Finding> {
  const missing: string[] = [];
  for (const { scope, call } of PROBES) {
    try {
      await client.call({ ...call, ...(options ? { options } : {}) });
    } catch (error) {
      if (!(error instanceof ForgeError)) throw error;
      if (error.code === 'unavailable' && options?.signal?.aborted) throw error;
      if (missingScope(error) !== undefined) missing.push(scope);
      else if (error.code === 'unavailable' && error.status === undefined) {
        yield { tier: 'skipped', subject: 'token scopes', text: firstLine(error) };
        return;
      }
    }
  }
  if (missing.length > 0) yield scopesFinding(missing, `${url}/user/settings/applications`);
  else yield { tier: 'ok', subject: 'token scopes', text: TOKEN_SCOPES.join(', ') };
}

const NEEDED_FOR: Readonly<Record<string, string>> = {
  'write:issue': 'comments and reactions fail with 403',
  'write:repository': 'commit statuses and webhooks fail with 403',
  'read:organization': 'repositories of an organisation may stay unseen',
  'read:user': 'the bot does not know itself and answers its own comments',
};

export function scopesFinding(missing: readonly string[], page: string): Finding {
  return {
    tier: 'failure',
    subject: 'token scopes',
    text: `the token lacks ${missing.join(', ')}`,
    consequence: missing.map((scope) => NEEDED_FOR[scope] ?? `${scope} is needed`).join('; '),
    mend: [`create a token with ${TOKEN_SCOPES.join(', ')}`, page],
  };
}
