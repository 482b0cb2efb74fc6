import { loginOf } from '../../../src/forges/playground/lookup.ts';
import { NO_COMMIT, type Push, readCommits } from '../../../src/forges/playground/push-view.ts';
import { emailOf } from '../../../src/forges/playground/views.ts';
import type { Repository } from '../../../src/forges/playground/world.ts';
import type { Scene } from './hub.ts';
import { type Json, pageUrl } from './views.ts';
import { pushedRepositoryView } from './views-repository.ts';

/** GitHub shows 2048 commits of a push at most; the playground's git lists 100. */
export async function pushPayload(scene: Scene, repository: Repository, push: Push) {
  const { context } = scene;
  const { ref, before, after, by } = push;
  const created = before === NO_COMMIT && after !== NO_COMMIT;
  const deleted = after === NO_COMMIT;
  const fresh = created ? (repository.branches.get(repository.defaultBranch) ?? before) : before;
  const range = fresh === NO_COMMIT || fresh === after ? `${after}^!` : `${fresh}..${after}`;
  const isBranch = ref.startsWith('refs/heads/');
  const commits = deleted || !isBranch ? [] : await readCommits(context, repository, range);
  const head = deleted ? [] : await readCommits(context, repository, `${after}^!`);
  const view = (commit: Json) => commitView(scene, repository, commit);
  const [headCommit] = head;
  const login = loginOf(context.world, by.id);
  const page = pageUrl(scene, repository);
  const payload = {
    ref,
    before,
    after,
    created,
    deleted,
    forced: false,
    base_ref: null,
    compare: `${page}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
    commits: await Promise.all(commits.toReversed().map(view)),
    head_commit: headCommit === undefined ? null : await view(headCommit),
    pusher: { name: login, email: emailOf(login) },
  };
  return { payload, shownRepository: pushedRepositoryView(scene, repository) };
}

async function commitView(scene: Scene, repository: Repository, commit: Json): Promise<Json> {
  const { id, message, url, author, committer, timestamp, added, removed, modified } = commit;
  const tree = await scene.context.git.recall(repository.directory, [
    'rev-parse',
    `${String(id)}^{tree}`,
  ]);
  return {
    id,
    tree_id: tree.trim(),
    distinct: true,
    message: String(message).trimEnd(),
    timestamp,
    url,
    author,
    committer,
    added,
    removed,
    modified,
  };
}
