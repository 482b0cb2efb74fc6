import type { ForgeLinks } from '../forge.ts';
import { parseCommentId } from './ids.ts';

/** Addresses of GitHub's pages. `base` has no trailing slash. */
export function createLinks(base: string): ForgeLinks {
  const of = (repository: string) => `${base}/${encodePath(repository)}`;
  const pullUrl = (repository: string, pull: number) => `${of(repository)}/pull/${pull}`;
  return {
    commit: (repository, sha) => `${of(repository)}/commit/${encodePath(sha)}`,
    user: (login) => `${base}/${encodeURIComponent(login)}`,
    pull: pullUrl,
    changes: (repository, pull) => `${pullUrl(repository, pull)}/files`,
    comment: (repository, pull, commentId) => pullUrl(repository, pull) + anchorOf(commentId),
    file(repository, at, path, line) {
      const place = 'sha' in at ? at.sha : at.branch;
      const anchor = line === undefined ? '' : `#L${line}`;
      return `${of(repository)}/blob/${encodePath(place)}/${encodePath(path)}${anchor}`;
    },
  };
}

function anchorOf(commentId: string): string {
  const place = parseCommentId(commentId);
  switch (place?.kind) {
    case undefined:
      return '';
    case 'conversation':
      return `#issuecomment-${place.id}`;
    case 'review':
      return `#pullrequestreview-${place.id}`;
    case 'line':
      return `#discussion_r${place.id}`;
  }
}

/** Escapes each segment and keeps the slashes. */
function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
