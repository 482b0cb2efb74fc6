import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { EVENTS, PERMISSIONS } from '../../src/forges/github/access.ts';
import { createManifest } from '../../src/forges/github/manifest.ts';
import { UNDERSTOOD_EVENTS } from '../../src/forges/github/webhook.ts';

const ROOT = join(import.meta.dirname, '../..');
const APP = parse(readFileSync(join(ROOT, 'app.yml'), 'utf8')) as Readonly<Record<string, unknown>>;

/**
 * What each call needs, as GitHub's reference names it under "Permissions required". `app`: signed as the App itself,
 * for which it needs none; `any`: every token will do. Both ways of a level: write includes read.
 */
const NEEDS: Readonly<Record<string, string>> = {
  'GET /app': 'app',
  'GET /app/hook/config': 'app',
  'PATCH /app/hook/config': 'app',
  'GET /app/hook/deliveries': 'app',
  'POST /app/hook/deliveries/{delivery_id}/attempts': 'app',
  'GET /app/installations': 'app',
  'POST /app/installations/{installation_id}/access_tokens': 'app',
  'POST /app-manifests/{code}/conversions': 'any',
  'GET /installation/repositories': 'metadata: read',
  'GET /rate_limit': 'any',
  'GET /users/{username}': 'any',
  'GET /repos/{owner}/{repo}': 'metadata: read',
  'GET /repos/{owner}/{repo}/installation': 'app',
  'GET /repos/{owner}/{repo}/collaborators/{username}/permission': 'metadata: read',
  'GET /repos/{owner}/{repo}/contents/{path}': 'contents: read',
  'GET /repos/{owner}/{repo}/commits/{ref}/check-runs': 'checks: read',
  'POST /repos/{owner}/{repo}/check-runs': 'checks: write',
  'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}': 'checks: write',
  'POST /repos/{owner}/{repo}/statuses/{sha}': 'statuses: write',
  'GET /repos/{owner}/{repo}/issues/comments': 'issues: read',
  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments': 'issues: read',
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': 'issues: write',
  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}': 'issues: write',
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}': 'issues: write',
  'GET /repos/{owner}/{repo}/pulls': 'pull_requests: read',
  'GET /repos/{owner}/{repo}/pulls/comments': 'pull_requests: read',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}': 'pull_requests: read',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews': 'pull_requests: read',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}': 'pull_requests: read',
  // Reactions, on comments of issues and of lines alike; the path is put together where it is used.
  'GET <base>/reactions': 'issues: read, pull_requests: read',
  'POST <routeOf(place)>/reactions': 'issues: write, pull_requests: write',
  'DELETE <base>/reactions/{reaction_id}': 'issues: write, pull_requests: write',
  // `minimizeComment` and `addReaction` of a review: as the same by REST.
  'POST /graphql': 'issues: write, pull_requests: write',
};

/** `METHOD /path` as written in the adapter; a constant of the same file is put in, other parts stay as `<…>`. */
function routesUsed(): readonly string[] {
  const found = new Set<string>();
  for (const file of globSync('src/forges/github/*.ts', { cwd: ROOT })) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const constants = new Map(
      [...text.matchAll(/^const ([A-Z_]+) = '([^']+)';$/gm)].map(([, name, value]) => [
        name,
        value,
      ]),
    );
    for (const [, route = ''] of text.matchAll(
      /['`]((?:GET|POST|PATCH|PUT|DELETE) (?:\/|\$\{)[^'`\n]*)['`]/g,
    ))
      found.add(
        route.replace(/\$\{([^}]+)\}/g, (_, name: string) => constants.get(name) ?? `<${name}>`),
      );
  }
  return [...found].sort();
}

test('app.yml says what access.ts says, and the manifest too', () => {
  assert.deepEqual(APP.default_permissions, PERMISSIONS);
  assert.deepEqual(APP.default_events, [...EVENTS]);
  const manifest = createManifest({
    forge: 'hub',
    botUrl: 'https://ci.example.org',
    redirectUrl: 'http://127.0.0.1:1/setup/x/done',
  }) as Readonly<Record<string, unknown>>;
  for (const key of ['default_permissions', 'default_events', 'public', 'url'])
    assert.deepEqual(APP[key], manifest[key], key);
  // GitHub reads underscores; the type of Probot has dashes.
  assert.deepEqual(
    Object.keys(APP).filter((key) => key.includes('-')),
    [],
  );
  assert.ok(String(APP.name).length > 0 && String(APP.description).length > 0);
});

test('every event that is asked for is understood, and every one that is understood is asked for', () => {
  // These two come to every App.
  const unasked = ['installation', 'installation_repositories'];
  assert.deepEqual([...EVENTS, ...unasked].sort(), [...UNDERSTOOD_EVENTS].sort());
});

test('every call of the adapter is covered by a permission, and every permission is used', () => {
  const routes = routesUsed();
  assert.deepEqual(
    routes.filter((route) => !(route in NEEDS)),
    [],
    'no permission is known for these',
  );
  assert.deepEqual(
    Object.keys(NEEDS).filter((route) => !routes.includes(route)),
    [],
    'nobody calls these any more',
  );
  const needed = Object.values(NEEDS)
    .filter((need) => need !== 'app' && need !== 'any')
    .flatMap((need) => need.split(', '))
    .map((need) => need.split(': '));
  const levels = ['read', 'write'];
  const most: Record<string, string> = {};
  for (const [name = '', level = ''] of needed) {
    if (levels.indexOf(level) > levels.indexOf(most[name] ?? '')) most[name] = level;
  }
  assert.deepEqual(most, PERMISSIONS);
});
