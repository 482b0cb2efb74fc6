import type { Config } from '../domain/operator-schema.ts';
import { parseRepoConfig } from '../domain/repo-config.ts';
import type { Forge } from '../forges/forge.ts';

/** As many as a forge's own check looks at. */
const MOST = 50;
const CONFIG_FILE = '.signalbox.yml';

type Asked = { readonly config: Config; readonly forge: Forge; readonly now: number };

/** Repositories with a suite for this runner. What the forge does not answer its own check tells. */
export async function repositoriesThatName(
  runner: string,
  asked: Asked,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { config, forge } = asked;
  const patterns = config.forges[forge.name]?.repositories ?? [];
  const repositories = await forge
    .listRepositories(patterns, { signal })
    .catch((): readonly string[] => []);
  const found: string[] = [];
  for (const repository of repositories.slice(0, MOST)) {
    const runners = await runnersOf(repository, asked, signal).catch((): readonly string[] => []);
    if (runners.includes(runner)) found.push(repository);
  }
  return found;
}

async function runnersOf(
  repository: string,
  { forge, now }: Asked,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { defaultBranch } = await forge.readRepository(repository, { signal });
  const text = await forge.readFile(repository, CONFIG_FILE, defaultBranch, { signal });
  if (text === undefined) return [];
  const parsed = parseRepoConfig(text, { today: new Date(now).toISOString().slice(0, 10) });
  return 'problems' in parsed ? [] : Object.values(parsed.config.suites).map((one) => one.runner);
}
