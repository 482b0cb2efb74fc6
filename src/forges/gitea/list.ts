import { z } from 'zod';
import { repositoryAllowed } from '../../domain/repository-pattern.ts';
import { type Forge, ForgeError } from '../forge.ts';
import type { GiteaClient } from './client.ts';

const listedSchema = z.object({ full_name: z.string() });

/**
 * Which repositories a list of patterns means. A pattern without `*` names one and asks nobody; one with a fixed
 * owner is looked up at that owner (an organisation is an account too); `*` as owner means all the bot belongs to.
 */
export function createListRepositories(client: GiteaClient): Forge['listRepositories'] {
  return async (patterns, options) => {
    const exact = patterns.filter((pattern) => !pattern.includes('*'));
    const open = patterns.filter((pattern) => pattern.includes('*'));
    const paths = new Set(
      open.map((pattern) => {
        const owner = pattern.split('/')[0] ?? '*';
        return owner.includes('*') ? '/user/repos' : `/users/${encodeURIComponent(owner)}/repos`;
      }),
    );
    const names = new Set(exact);
    for (const path of paths) {
      const { items } = await client
        .readPages({ method: 'GET', path, options }, listedSchema)
        .catch(nobodyThere);
      for (const { full_name: name } of items) {
        if (repositoryAllowed(open, name)) names.add(name);
      }
    }
    return [...names];
  };
}

/** An owner that does not exist, or that the bot may not see, has no repositories. */
function nobodyThere(error: unknown): { items: readonly { full_name: string }[] } {
  if (error instanceof ForgeError && error.code === 'not_found') return { items: [] };
  throw error;
}
