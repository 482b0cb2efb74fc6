import type { ForgeLinks } from '../forge.ts';

/** Addresses of Gitea's and Forgejo's pages. `base` has no trailing slash. */
export function createLinks(base: string): ForgeLinks {
  const pullUrl = (repository: string, pull: number) =>
    `${base}/${encodePath(repository)}/pulls/${pull}`;
  return {
    commit: (repository, sha) => `${base}/${encodePath(repository)}/commit/${encodePath(sha)}`,
    user: (login) => `${base}/${encodeURIComponent(login)}`,
    pull: pullUrl,
    changes: (repository, pull) => `${pullUrl(repository, pull)}/files`,
    comment: (repository, pull, commentId) =>
      `${pullUrl(repository, pull)}#issuecomment-${encodeURIComponent(commentId)}`,
    file(repository, at, path, line) {
      const place =
        'sha' in at ? `commit/${encodePath(at.sha)}` : `branch/${encodePath(at.branch)}`;
      const anchor = line === undefined ? '' : `#L${line}`;
      return `${base}/${encodePath(repository)}/src/${place}/${encodePath(path)}${anchor}`;
    },
  };
}

/** Escapes each segment and keeps the slashes. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
