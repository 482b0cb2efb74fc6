import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Role } from '../domain/role.ts';
import type { Playground } from '../forges/playground/server.ts';

const SHOP = fileURLToPath(new URL('../../demo/shop/', import.meta.url));

export const DEMO_REPOSITORY = 'demo/shop';
export const BOT = 'signalbox';

/** Who one can be on the playground, and what they may do there. */
export const PEOPLE = [
  { login: 'alice', roles: { [DEMO_REPOSITORY]: 'admin' as const } },
  { login: 'bob', roles: { [DEMO_REPOSITORY]: 'write' as const } },
  { login: 'carol', roles: { [DEMO_REPOSITORY]: 'read' as const } },
  { login: 'dave', roles: { [DEMO_REPOSITORY]: 'write' as const } },
  { login: 'mallory', roles: {} },
];

type PullFile = {
  readonly title: string;
  readonly branch: string;
  readonly author: string;
  readonly body: string;
};

/** Pull requests in the order in which they are opened: number 1 is the good one. */
const PULLS = ['good', 'loses-data', 'crashes', 'slow'] as const;

/** The shop with its released versions, and four pull requests that end in four ways. */
export async function seedDemo(playground: Playground): Promise<void> {
  const base = filesBelow(join(SHOP, 'base'));
  const [owner = '', name = ''] = DEMO_REPOSITORY.split('/');
  const versions = readdirSync(join(SHOP, 'versions')).sort();
  const [first = '', ...later] = versions;
  const roles = Object.fromEntries(PEOPLE.flatMap(({ login, roles: own }) => roleOf(login, own)));
  const made = await playground.addRepository({
    owner,
    name,
    roles,
    files: { ...base, ...version(first) },
  });
  await release(playground, first, made.branches.get('main') ?? '');
  for (const tag of later) {
    const commit = { branch: 'main', files: version(tag), message: `Release ${tag}`, by: 'alice' };
    await release(playground, tag, await playground.commit(DEMO_REPOSITORY, commit));
  }
  for (const pull of PULLS) await openPull(playground, pull);
}

function roleOf(login: string, own: Readonly<Record<string, Role>>) {
  const role = own[DEMO_REPOSITORY];
  return role === undefined ? [] : [[login, role] as const];
}

async function release(playground: Playground, name: string, sha: string): Promise<void> {
  await playground.tag(DEMO_REPOSITORY, { name, sha, by: 'alice' });
}

function version(tag: string): Record<string, string> {
  return filesBelow(join(SHOP, 'versions', tag));
}

async function openPull(playground: Playground, folder: string): Promise<void> {
  const { 'pull.json': text = '{}', ...files } = filesBelow(join(SHOP, 'pulls', folder));
  const { title, branch, author, body } = JSON.parse(text) as PullFile;
  await playground.commit(DEMO_REPOSITORY, { branch, files, message: title, by: author });
  await playground.openPull({ repository: DEMO_REPOSITORY, head: branch, title, author, body });
}

function filesBelow(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = join(folder, name);
    if (statSync(file).isFile()) files[relative(folder, file)] = readFileSync(file, 'utf8');
  }
  return files;
}
