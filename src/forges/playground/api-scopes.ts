import { failure } from './api-call.ts';
import type { Context } from './context.ts';
import type { Call, Reply } from './http.ts';
import { findToken } from './lookup.ts';

/** What a call needs, by the first words of its path below `/api/v1`. */
function categoryOf([area, , , part]: readonly string[]): string | undefined {
  if (area === 'repos') return part === 'issues' ? 'issue' : 'repository';
  if (area === 'repositories') return 'repository';
  if (area === 'orgs') return 'organization';
  if (area === 'user' || area === 'users') return 'user';
  return area === 'admin' ? 'admin' : undefined;
}

/** A token with scopes may do no more than they say; looked at before anything else is (recorded). */
export function scopeRefusal(
  context: Context,
  call: Call,
  parts: readonly string[],
): Reply | undefined {
  const { authorization = '' } = call.headers;
  const token = findToken(context.world, authorization.split(' ')[1] ?? '');
  const category = categoryOf(parts);
  if (token === undefined || category === undefined || token.scopes.includes('all'))
    return undefined;
  const level = ['GET', 'HEAD'].includes(call.method) ? 'read' : 'write';
  const isGranted =
    token.scopes.includes(`write:${category}`) ||
    (level === 'read' && token.scopes.includes(`read:${category}`));
  if (isGranted) return undefined;
  const has = token.scopes.join(',');
  const needs = `required=[${level}:${category}], token scope=${has}`;
  const message = `token does not have at least one of required scope(s), ${needs}`;
  return failure(context, 403, message);
}
