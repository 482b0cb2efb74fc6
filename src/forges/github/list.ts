import { z } from 'zod';
import { repositoryAllowed } from '../../domain/repository-pattern.ts';
import type { CallOptions, Forge } from '../forge.ts';
import { type GithubClient, parse } from './client.ts';
import { PAGE_SIZE } from './pages.ts';

const installationSchema = z.object({
  id: z.int(),
  account: z.object({ login: z.string() }).nullish(),
  suspended_at: z.string().nullish(),
});
export type Installation = z.output<typeof installationSchema>;

const listedSchema = z.object({ repositories: z.object({ full_name: z.string() }).array() });

/** Which repositories a list of patterns means: those of them on which the App is installed. */
export function createListRepositories(client: GithubClient): Forge['listRepositories'] {
  return async (patterns, options) => {
    const names = new Set<string>();
    for (const installation of await listInstallations(client, options)) {
      if (installation.suspended_at || !mayMatch(patterns, installation)) continue;
      for (const name of await repositoriesOf(client, installation.id, options))
        if (repositoryAllowed(patterns, name)) names.add(name);
    }
    return [...names];
  };
}

function mayMatch(patterns: readonly string[], { account }: Installation): boolean {
  const owner = account?.login.toLowerCase() ?? '';
  return patterns.some((pattern) => {
    const wanted = pattern.split('/')[0]?.toLowerCase() ?? '';
    return wanted.includes('*') || wanted === owner;
  });
}

export async function listInstallations(
  client: GithubClient,
  options?: CallOptions,
): Promise<readonly Installation[]> {
  const route = 'GET /app/installations';
  const found: Installation[] = [];
  for (let page = 1; ; page += 1) {
    const parameters = { per_page: PAGE_SIZE, page };
    const answer = await client.asApp({ route, parameters, options });
    const rows = parse(answer.data, installationSchema.array(), route);
    found.push(...rows);
    if (rows.length < PAGE_SIZE) return found;
  }
}

async function repositoriesOf(
  client: GithubClient,
  id: number,
  options: CallOptions | undefined,
): Promise<readonly string[]> {
  const route = 'GET /installation/repositories';
  const names: string[] = [];
  for (let page = 1; ; page += 1) {
    const parameters = { per_page: PAGE_SIZE, page };
    const answer = await client.inInstallation(id, { route, parameters, options });
    const { repositories } = parse(answer.data, listedSchema, route);
    names.push(...repositories.map(({ full_name: name }) => name));
    if (repositories.length < PAGE_SIZE) return names;
  }
}
