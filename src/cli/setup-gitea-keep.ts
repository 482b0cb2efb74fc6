import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CliError, wordsOf } from './errors.ts';
import type { GiteaSetup } from './setup-gitea.ts';

type Names = 'token' | 'webhookSecret';

/** What goes into signalbox.yml for each secret, and what of them is shown or was written. */
export type Secrets = {
  readonly references: Readonly<Record<Names, string>>;
  /** `NAME=value`, for the environment. */
  readonly shown: readonly string[];
  /** Files that hold them now. */
  readonly files: readonly string[];
};

export type Keeper = {
  /** What an earlier set-up has kept. */
  known(name: Names): string | undefined;
  /** Keeps or shows them; what is kept already stays. */
  secrets(values: Readonly<Record<Names, string>>): Secrets;
};

const FILES: Readonly<Record<Names, string>> = { token: 'token', webhookSecret: 'webhook-secret' };

export function createKeeper(wanted: GiteaSetup): Keeper {
  const { forge, options, config } = wanted;
  const directory = options.write === undefined ? undefined : resolve(options.write);
  const pathOf = (name: Names) =>
    directory === undefined ? undefined : join(directory, `${forge}-${FILES[name]}`);
  const known = (name: Names) => {
    const path = pathOf(name);
    if (path === undefined || !existsSync(path)) return undefined;
    return readFileSync(path, 'utf8').trim() || undefined;
  };
  return {
    known,
    secrets(values) {
      // With the forge in signalbox.yml its secrets are there, too; only a new token is news.
      const given = config?.forges[forge];
      const token = given !== undefined && 'token' in given ? given.token : undefined;
      const names: readonly Names[] = given === undefined ? ['token', 'webhookSecret'] : ['token'];
      const news = names.filter((name) => name !== 'token' || values.token !== token);
      const variable = (name: Names) =>
        `${forge}_${FILES[name]}`.replaceAll('-', '_').toUpperCase();
      const reference = (name: Names) => {
        const path = pathOf(name);
        return path === undefined ? `\${env:${variable(name)}}` : `\${file:${path}}`;
      };
      const references = { token: reference('token'), webhookSecret: reference('webhookSecret') };
      if (directory === undefined) {
        const shown = news.map((name) => `${variable(name)}=${values[name]}`);
        return { references, shown, files: [] };
      }
      const files = news.flatMap((name) => {
        const path = pathOf(name);
        // Another webhook secret would not fit the webhooks that are there.
        if (path === undefined || (name === 'webhookSecret' && known(name))) return [];
        if (known(name) !== values[name]) keep(directory, path, values[name]);
        return [path];
      });
      return { references, shown: [], files };
    },
  };
}

function keep(directory: string, path: string, value: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Before anything is in it: an old file may be open to others.
    if (existsSync(path)) chmodSync(path, 0o600);
    writeFileSync(path, `${value}\n`, { mode: 0o600 });
  } catch (error) {
    throw new CliError(
      `the secrets cannot be kept: ${wordsOf(error)}`,
      'Choose another directory with --write, or leave it out to have them shown.',
    );
  }
}

/** For signalbox.yml. */
export function yamlOf({ kind, url, forge, options }: GiteaSetup, { references }: Secrets): string {
  const repositories = options.repository.length > 0 ? options.repository : ['your-organisation/*'];
  return `forges:
  ${forge}:
    kind: ${kind}
    url: ${url}
    token: ${references.token}
    webhookSecret: ${references.webhookSecret}
    repositories: ${JSON.stringify(repositories)}`;
}
