import type {
  Comment,
  Pull,
  Reaction,
  Repository,
  Status,
} from '../../../src/forges/playground/world.ts';
import type { App, Scene } from './hub.ts';
import { nodeId } from './node-ids.ts';
import { association, isoTime, type Json, pageUrl, repositoryUrl, userView } from './views.ts';
import { appView } from './views-app.ts';

export const REACTIONS = ['+1', '-1', 'laugh', 'hooray', 'confused', 'heart', 'rocket', 'eyes'];

export function rollupView(url: string, reactions: readonly Reaction[]): Json {
  const count = (content: string) => reactions.filter((one) => one.content === content).length;
  return {
    url: `${url}/reactions`,
    total_count: reactions.length,
    ...Object.fromEntries(REACTIONS.map((content) => [content, count(content)])),
  };
}

export function reactionIdOf({ hub }: Scene, reaction: Reaction): number {
  const known = hub.reactionIds.get(reaction);
  if (known !== undefined) return known;
  const id = hub.nextId.reaction++;
  hub.reactionIds.set(reaction, id);
  return id;
}

export function reactionView(scene: Scene, reaction: Reaction): Json {
  const id = reactionIdOf(scene, reaction);
  return {
    id,
    node_id: nodeId('Reaction', id),
    user: userView(scene, reaction.userId),
    content: reaction.content,
    created_at: isoTime(reaction.createdAt),
  };
}

/** The App whose robot wrote it, if any. */
export function appOf(scene: Scene, userId: number): App | undefined {
  return [...scene.hub.apps.values()].find((app) => app.botId === userId);
}

export function commentView(scene: Scene, repository: Repository, comment: Comment): Json {
  const api = repositoryUrl(scene, repository);
  const url = `${api}/issues/comments/${comment.id}`;
  const app = appOf(scene, comment.authorId);
  return {
    url,
    html_url: `${pageUrl(scene, repository)}/pull/${comment.pull}#issuecomment-${comment.id}`,
    issue_url: `${api}/issues/${comment.pull}`,
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    user: userView(scene, comment.authorId),
    created_at: isoTime(comment.createdAt),
    updated_at: isoTime(comment.updatedAt),
    author_association: association(scene, repository, comment.authorId),
    body: comment.body,
    reactions: rollupView(url, comment.reactions),
    performed_via_github_app: app === undefined ? null : appView(scene, app),
  };
}

/** The conversation of a pull request, as events about comments show it. */
export function issueView(scene: Scene, repository: Repository, pull: Pull): Json {
  const api = repositoryUrl(scene, repository);
  const url = `${api}/issues/${pull.number}`;
  const page = `${pageUrl(scene, repository)}/pull/${pull.number}`;
  const comments = [...scene.context.world.comments.values()].filter(
    (comment) => comment.repositoryId === repository.id && comment.pull === pull.number,
  );
  return {
    url,
    repository_url: api,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: page,
    id: pull.id,
    node_id: nodeId('PullRequest', pull.id),
    number: pull.number,
    title: pull.title,
    user: userView(scene, pull.authorId),
    labels: [],
    state: pull.state,
    locked: pull.locked,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: comments.length,
    created_at: isoTime(pull.createdAt),
    updated_at: isoTime(pull.updatedAt),
    closed_at: pull.closedAt === undefined ? null : isoTime(pull.closedAt),
    author_association: association(scene, repository, pull.authorId),
    active_lock_reason: null,
    draft: false,
    pull_request: {
      url: `${api}/pulls/${pull.number}`,
      html_url: page,
      diff_url: `${page}.diff`,
      patch_url: `${page}.patch`,
      merged_at: pull.merged ? isoTime(pull.merged.at) : null,
    },
    body: pull.body === '' ? null : pull.body,
    reactions: rollupView(url, []),
    timeline_url: `${url}/timeline`,
    performed_via_github_app: null,
    state_reason: null,
  };
}

export function statusView(
  scene: Scene,
  repository: Repository,
  at: { readonly sha: string; readonly status: Status },
): Json {
  const { sha, status } = at;
  const creator = userView(scene, status.creatorId);
  return {
    url: `${repositoryUrl(scene, repository)}/statuses/${sha}`,
    avatar_url: creator.avatar_url,
    id: status.id,
    node_id: nodeId('StatusContext', status.id),
    state: status.state,
    description: status.description === '' ? null : status.description,
    target_url: status.targetUrl === '' ? null : status.targetUrl,
    context: status.context,
    created_at: isoTime(status.createdAt),
    updated_at: isoTime(status.createdAt),
    creator,
  };
}
