import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { EVENTS } from '../../src/forges/github/access.ts';
import { addPrivate, PULL, SHOP, type Shop } from '../support/fake-github/ask.ts';
import { startHeard } from '../support/fake-github/heard.ts';

async function readExample(name: string): Promise<unknown> {
  const file = new URL(`../fixtures/github/examples/${name}.json`, import.meta.url);
  return JSON.parse(await readFile(file, 'utf8'));
}

/** Everything that GitHub has examples of. */
async function makeEverything(shop: Shop): Promise<void> {
  const { github, ask, sha } = shop;
  await addPrivate(shop, 'demo/secret');
  await github.comment(PULL, 'bob', '!testme');
  github.github.review(PULL, 'bob', 'Fine', 'approved');
  github.github.reviewComment(PULL, 'bob', 'Here', { path: 'src/app.js' });
  const actions = [{ label: 'Retry', description: 'Again', identifier: 'retry' }];
  const check = { name: 'testme', head_sha: sha, conclusion: 'failure', actions };
  const { body: run } = await ask('POST', `/repos/${SHOP}/check-runs`, check);
  github.github.pressButton(run.id, 'bob', 'retry');
  github.github.rerequestCheck(run.id, 'bob');
  github.github.rerequestSuite(SHOP, sha, 'bob');
  await github.pushToPull(PULL, { files: { a: 'a' }, message: 'A', by: 'bob' });
  const at = { branch: 'more', files: { b: 'b' }, message: 'B', by: 'bob' };
  await github.commit(SHOP, at);
  await github.openPull({ repository: SHOP, title: 'More', author: 'bob', head: 'more' });
  github.github.removeRepositories('demo', ['demo/secret']);
  github.github.addRepositories('demo', ['demo/secret']);
}

const kindOf = (value: unknown) =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;

/** Of examples that show an issue, not a pull request, or are older than the field or its form. */
const NEWER = new Set([
  'organization',
  'issue.pull_request',
  'issue.draft',
  'installation.client_id',
  'installation.created_at',
  'installation.updated_at',
  'hook.deliveries_url',
  'hook.app_id',
]);

/** Keys of ours that the example has not, or has of another type; null may stand for anything. */
function strangers(ours: unknown, theirs: unknown, at: string): string[] {
  // Which permissions an App has is its own affair.
  if (at.endsWith('permissions')) return [];
  const [a, b] = [kindOf(ours), kindOf(theirs)];
  if (a === 'null' || b === 'null') return [];
  if (a !== b) return [`${at} is ${a}, not ${b}`];
  if (a === 'array') {
    const [own] = ours as unknown[];
    const [known] = theirs as unknown[];
    return own === undefined || known === undefined ? [] : strangers(own, known, `${at}[]`);
  }
  if (a !== 'object') return [];
  const known = theirs as Record<string, unknown>;
  return Object.entries(ours as Record<string, unknown>).flatMap(([key, value]) => {
    const here = at === '' ? key : `${at}.${key}`;
    if (OF_LATER_YEARS.has(key) || NEWER.has(here)) return [];
    return key in known ? strangers(value, known[key], here) : [`${here} is unknown`];
  });
}

/** Fields that GitHub added after the examples were recorded; the schema, which each payload met, has them. */
const OF_LATER_YEARS = new Set([
  'draft',
  'auto_merge',
  'reactions',
  'timeline_url',
  'state_reason',
  'performed_via_github_app',
  'allow_forking',
  'has_discussions',
  'web_commit_signoff_required',
  'client_id',
  'slug',
  'subject_type',
  'updated_at',
  'single_file_paths',
  'has_multiple_single_files',
  'suspended_by',
  'suspended_at',
  'app_slug',
  'rebaseable',
]);

// That none is missing is held against the schema before each is sent: what we leave out is optional there.
test('payloads have the keys of the recorded examples and no others', async () => {
  await using world = await startHeard([...EVENTS, 'push']);
  await makeEverything(world.shop);
  // The recorded `check_run rerequested` are older than half of its fields: a pressed button shows the same.
  const examples: Readonly<Record<string, string>> = {
    'check_run requested_action': 'check-run-requested-action',
    'check_run rerequested': 'check-run-requested-action',
    'check_suite rerequested': 'check-suite-rerequested',
    'installation created': 'installation-created',
    'installation_repositories added': 'installation-repositories-added',
    'issue_comment created': 'issue-comment-created',
    'pull_request opened': 'pull-request-opened',
    'pull_request synchronize': 'pull-request-synchronize',
    'pull_request_review submitted': 'pull-request-review-submitted',
    'pull_request_review_comment created': 'pull-request-review-comment-created',
    push: 'push',
  };
  for (const [name, example] of Object.entries(examples)) {
    const [event = '', action] = name.split(' ');
    const [payload] = await world.heard(event, action);
    assert.ok(payload !== undefined, `${name} was not sent`);
    assert.deepEqual(strangers(payload, await readExample(example), ''), [], name);
  }
});

test('an App is pinged like the hook of an organization', async () => {
  await using world = await startHeard();
  await world.shop.github.idle();
  const { url } = world.receiver;
  await world.shop.app('PATCH', '/app/hook/config', { url: `${url}?again` });
  const [ping] = await world.heard('ping');
  // There is no example of an App's ping: that of an organization's hook has what both have.
  assert.deepEqual(strangers(ping, await readExample('ping'), ''), []);
});
