import { marksOf } from '../identity.ts';
import type { Version } from './deployer.ts';
import type { ProcessDeployerOptions } from './process.ts';

const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * All that a child of a run finds in its environment: the recipe's own, APP_*, and our marks, which nothing
 * can replace. Without `service` it is a hook or a test, which sees the port of the service people use.
 */
export function childEnvironment(
  options: ProcessDeployerOptions,
  version: Version,
  service?: string,
): Readonly<Record<string, string>> {
  const { recipe, workspace, ports, path } = options;
  const front = recipe.health.http?.service ?? Object.keys(recipe.services)[0] ?? '';
  return {
    PATH: path === undefined ? SYSTEM_PATH : `${path}:${SYSTEM_PATH}`,
    LANG: 'C.UTF-8',
    ...recipe.env,
    ...(service === undefined ? {} : recipe.services[service]?.env),
    HOME: workspace.home,
    TMPDIR: workspace.temporary,
    APP_PORT: String(ports[service ?? front] ?? 0),
    APP_URL: `http://127.0.0.1:${ports[front] ?? 0}`,
    APP_STATE: workspace.state,
    APP_BACKUP: workspace.backup,
    APP_SOURCE: version.directory,
    APP_VERSION: version.label,
    ...marksOf(options.claim),
  };
}
