import { NO_COMMIT, type Push } from '../../../src/forges/playground/push-view.ts';
import type { Tongue } from '../../../src/forges/playground/tongue.ts';
import type { Repository } from '../../../src/forges/playground/world.ts';
import { announce, listeners } from './announce-news.ts';
import type { Hub, Scene } from './hub.ts';
import { pushPayload } from './push-payload.ts';
import { openSuites } from './suites.ts';
import { commentView, issueView } from './views-comments.ts';
import { baseShaOf, pullView } from './views-pull.ts';

const PULL_ACTIONS = { synchronized: 'synchronize' } as const;

export function createAnnouncer(hub: Hub): Tongue['announce'] {
  return {
    comment: async (context, repository, { action, pull, comment, by, from }) => {
      const scene = { hub, context };
      const changes = from === undefined ? {} : { changes: { body: { from } } };
      const payload = {
        action,
        ...changes,
        issue: issueView(scene, repository, pull),
        comment: commentView(scene, repository, comment),
      };
      announce(scene, { event: 'issue_comment', repository, by, payload });
      await Promise.resolve();
    },
    pull: async (context, repository, { action, pull, by, changes, from = '' }) => {
      if (listeners(hub, 'pull_request', repository).length === 0) return;
      const scene = { hub, context };
      const isRetarget = changes !== undefined && 'ref' in changes;
      const wasAt = repository.branches.get(from) ?? baseShaOf(repository, pull);
      const told = isRetarget ? { base: { ref: { from }, sha: { from: wasAt } } } : changes;
      const payload = {
        action: action === 'synchronized' ? PULL_ACTIONS[action] : action,
        number: pull.number,
        pull_request: await pullView(scene, repository, pull),
        ...(action === 'synchronized' ? { before: from, after: pull.headSha } : {}),
        ...(told === undefined ? {} : { changes: told }),
      };
      announce(scene, { event: 'pull_request', repository, by, payload });
    },
    push: async (context, repository, push) => {
      const scene = { hub, context };
      await announcePush(scene, repository, push);
      const [, branch] = /^refs\/heads\/(.+)$/.exec(push.ref) ?? [];
      if (branch !== undefined) openSuites(scene, repository, { ...push, branch });
    },
    // GitHub tells of a deleted branch with `delete`, which no App here asks for, and with a push.
    deletedBranch: (context, repository, { name, by }) => {
      const push = { ref: `refs/heads/${name}`, before: NO_COMMIT, after: NO_COMMIT, by };
      void announcePush({ hub, context }, repository, push);
    },
    status: () => Promise.resolve(),
  };
}

async function announcePush(scene: Scene, repository: Repository, push: Push): Promise<void> {
  if (listeners(scene.hub, 'push', repository).length === 0) return;
  const { payload, shownRepository } = await pushPayload(scene, repository, push);
  announce(scene, { event: 'push', repository, by: push.by, payload, shownRepository });
}
