import { createSign } from 'node:crypto';
import type { PlaygroundOptions } from '../../../src/forges/playground/server.ts';
import { type AppOptions, type FakeGithub, startGithub } from '../fake-github.ts';

/** For tests of the fake itself: calls without any client between, and the shop that they are about. */

/** Every field that a test looks at, in whichever answer: what it is not in is undefined, and the test fails. */
type Fields = {
  readonly [Name in
    | 'message'
    | 'status'
    | 'token'
    | 'html_url'
    | 'body'
    | 'state'
    | 'name']: string;
} & {
  readonly [Name in 'slug' | 'permission' | 'role_name' | 'login' | 'type' | 'url']: string;
} & {
  readonly [Name in 'full_name' | 'encoding' | 'content' | 'filename' | 'pem' | 'sha']: string;
} & {
  readonly [Name in 'mergeable_state' | 'webhook_secret' | 'node_id' | 'event' | 'guid']: string;
} & { readonly [Name in 'secret' | 'code' | 'conclusion']: string } & {
  readonly [Name in 'id' | 'total_count' | 'installations_count' | 'size' | 'ahead_by']: number;
} & {
  readonly [Name in 'installation_id' | 'status_code' | 'annotations_count' | 'number']: number;
} & {
  readonly [Name in 'user' | 'account' | 'owner' | 'output' | 'head' | 'repo' | 'data']: Fields;
} & {
  readonly [Name in 'extensions' | 'addReaction' | 'reaction' | 'request' | 'payload']: Fields;
} & { readonly [Name in 'comment' | 'check_suite']: Fields } & {
  readonly [Name in 'errors' | 'repositories' | 'files' | 'check_runs' | 'pull_requests']: Rows;
} & {
  readonly permissions: Readonly<Record<string, string>>;
  readonly events: readonly string[];
  readonly mergeable: boolean | null;
  readonly redelivery: boolean;
};

/** Taken to have a first one. */
type Rows = readonly [Fields, ...Fields[]];

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Fields & Rows;
};

export const SHOP = 'demo/shop';
export const PULL = { repository: SHOP, pull: 1 };

type Claims = { readonly iss?: unknown; readonly iat?: unknown; readonly exp?: unknown };

/** What the App vouches with; `claims` in place of right ones, times in seconds from now. */
export function makeJwt(
  { github, context }: FakeGithub,
  claims: { iss?: unknown; iat?: number; exp?: number; alg?: string } = {},
): string {
  const now = Math.floor(context.clock.now() / 1000);
  const { iss = github.app.appId, iat = -30, exp = 500, alg = 'RS256' } = claims;
  const part = (value: Claims | { alg: string; typ: string }) =>
    Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg, typ: 'JWT' })}.${part({ iss, iat: now + iat, exp: now + exp })}`;
  const signature = createSign('RSA-SHA256').update(text);
  return `${text}.${signature.sign(github.app.privateKey, 'base64url')}`;
}

export type Asking = {
  /** As the App itself. */
  readonly app: (method: string, path: string, body?: unknown) => Promise<Answer>;
  /** With the installation's token. */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Answer>;
  /** With any `authorization`, or none. */
  readonly as: (
    authorization: string | undefined,
    ...call: Parameters<Asking['ask']>
  ) => Promise<Answer>;
  readonly graphql: (query: string, variables?: unknown) => Promise<Answer>;
  readonly token: string;
  readonly installation: number;
};

/** Paths are those of the API; `{sha}` is the head of the pull request. */
export async function createAsking(github: FakeGithub, owner = 'demo'): Promise<Asking> {
  const as: Asking['as'] = async (authorization, method, path, body) => {
    const url = path.startsWith('http') ? path : `${github.url}/api/v3${path}`;
    const answer = await fetch(url, {
      method,
      redirect: 'manual',
      headers: authorization === undefined ? {} : { authorization },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    const read = isJson && text !== '' ? (JSON.parse(text) as unknown) : text;
    return { status: answer.status, headers: answer.headers, body: read as Answer['body'] };
  };
  const app: Asking['app'] = (...call) => as(`Bearer ${makeJwt(github)}`, ...call);
  const installation = github.github.installationOf(owner).id;
  const made = await app('POST', `/app/installations/${installation}/access_tokens`);
  const { token } = made.body;
  const ask: Asking['ask'] = (...call) => as(`token ${token}`, ...call);
  const graphql: Asking['graphql'] = (query, variables = {}) =>
    ask('POST', `${github.url}/api/graphql`, { query, variables });
  return { app, ask, as, graphql, token, installation };
}

/** A private repository: `demo/secret` is in reach of the App, what others own is not. */
export async function addPrivate({ github }: Shop, repository: string): Promise<void> {
  const [owner = '', name = ''] = repository.split('/');
  const files = { 'src/plan.txt': 'secret\n' };
  await github.addRepository({ owner, name, files, isPrivate: true });
}

export type Shop = {
  readonly github: FakeGithub;
  readonly sha: string;
} & Asking &
  AsyncDisposable;

/** `demo/shop`, which is public, with pull request 1 by bob, and the App in all of `demo`. */
export async function startShop(
  options: Partial<PlaygroundOptions> & { app?: Partial<AppOptions> } = {},
): Promise<Shop> {
  const github = await startGithub({
    users: [
      { login: 'alice', token: 'token-of-alice', roles: { [SHOP]: 'admin' } },
      { login: 'bob', token: 'token-of-bob', roles: { [SHOP]: 'write' } },
      { login: 'carol', token: 'token-of-carol', roles: { [SHOP]: 'read' } },
      { login: 'mallory' },
    ],
    ...options,
  });
  const files = { '.signalbox.yml': 'suites: {}\n', 'src/app.js': 'one\n' };
  await github.addRepository({ owner: 'demo', name: 'shop', files });
  const change = { files: { 'src/app.js': 'two\n' }, message: 'Two', by: 'bob' };
  const sha = await github.commit(SHOP, { branch: 'cents', ...change });
  await github.openPull({ repository: SHOP, title: 'Cents', author: 'bob', head: 'cents' });
  github.github.install('demo', 'all');
  const asking = await createAsking(github);
  return {
    github,
    sha,
    ...asking,
    [Symbol.asyncDispose]: () => github[Symbol.asyncDispose](),
  };
}
