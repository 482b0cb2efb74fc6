/** Every difference between the servers of this family, as data. Source: recorded traffic, `test/fixtures/recorded`. */
export type GiteaKind = 'gitea' | 'forgejo' | 'playground';

export type Dialect = {
  /** `type` of a hook. Forgejo knows both words; its own keeps the full ref in `create` and `delete`. */
  readonly hookType: 'gitea' | 'forgejo';
  /** Header families, the server's own first. Forgejo sends Gitea's in addition to its own. */
  readonly headerPrefixes: readonly string[];
};

export const DIALECTS: Readonly<Record<GiteaKind, Dialect>> = {
  gitea: { hookType: 'gitea', headerPrefixes: ['x-gitea-'] },
  forgejo: { hookType: 'forgejo', headerPrefixes: ['x-forgejo-', 'x-gitea-'] },
  playground: { hookType: 'gitea', headerPrefixes: ['x-gitea-'] },
};

/**
 * The events our hook asks for, and the name each has in the server's answer. `pull_request` would turn on every
 * pull request event; `pull_request_only` is open, close and edit, and is shown as `pull_request`.
 */
export const HOOK_EVENTS: ReadonlyMap<string, string> = new Map([
  ['pull_request_only', 'pull_request'],
  ['pull_request_sync', 'pull_request_sync'],
  ['pull_request_comment', 'pull_request_comment'],
]);
