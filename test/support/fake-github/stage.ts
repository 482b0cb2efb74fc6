import { isRole } from '../../../src/domain/role.ts';
import { loadPull, loadRepository, loadUser } from '../../../src/forges/playground/lookup.ts';
import type { Playground } from '../../../src/forges/playground/server.ts';
import type { Repository, User } from '../../../src/forges/playground/world.ts';
import { tellWatchers } from '../../../src/forges/playground/world.ts';
import * as reviews from './actions-reviews.ts';
import { pressAction, rerequestRun, rerequestSuite } from './api-checks.ts';
import { deliveriesOf, deliveryView } from './api-deliveries.ts';
import type {
  App,
  CheckRun,
  Installation,
  Limit,
  Permissions,
  Review,
  ReviewComment,
  ReviewState,
  Scene,
  Violation,
} from './hub.ts';
import * as installations from './installations.ts';
import { nodeId } from './node-ids.ts';
import { ping } from './ping.ts';
import type { Json } from './views.ts';

type On = { readonly repository: string; readonly pull: number };

export type LimitWish = {
  readonly retryAfter?: number;
  readonly status?: 403 | 429;
  /** How many calls it meets; 1 unless told, `Infinity` for all until `noLimits`. */
  readonly times?: number;
  readonly method?: string;
  readonly path?: RegExp;
};

/**
 * What tests do to GitHub beyond the playground's stage: what people press and what owners decide. Repositories are
 * `owner/name`, people are logins. Each change sends its webhooks. Throws on anything that does not exist.
 */
export type GithubStage = ReturnType<typeof createGithubStage>;

export function createGithubStage(scene: Scene, app: App) {
  const { hub, context } = scene;
  const { world } = context;
  const user = (login: string): User => loadUser(world, login);
  const repo = (name: string): Repository => loadRepository(world, name);
  const onPull = (on: On) => {
    const repository = repo(on.repository);
    return { repository, pull: loadPull(repository, on.pull) };
  };
  const of = <T>(map: ReadonlyMap<number, T>, id: number, what: string): T => {
    const found = map.get(id);
    if (found === undefined) throw new Error(`there is no ${what} ${id}`);
    return found;
  };
  const installed = (owner: string, by = owner) => {
    const ownerId = user(owner).id;
    const installation = [...hub.installations.values()].find(
      (one) => one.appId === app.id && one.ownerId === ownerId,
    );
    if (installation === undefined) throw new Error(`${app.slug} is not installed for ${owner}`);
    return { app, installation, byId: user(by).id };
  };
  const told = <T>(done: T): T => {
    tellWatchers(world);
    return done;
  };

  return {
    app: {
      appId: app.id,
      slug: app.slug,
      name: app.name,
      clientId: app.clientId,
      privateKey: app.privateKey,
      webhookSecret: app.hook.secret,
      botLogin: `${app.slug}[bot]`,
    },
    violations: hub.violations as readonly Violation[],

    /** Pings the new address when told to, as GitHub does; tests mostly want silence. */
    setWebhook: (url: string, options: { readonly ping?: boolean } = {}): void => {
      app.hook.url = url;
      app.hook.active = url !== '';
      if (options.ping === true) ping(scene, app);
    },
    /** Gives the id of the installation. The owner must exist. */
    install: (owner: string, selection: 'all' | readonly string[]): number =>
      installations.install(scene, app, {
        ownerId: user(owner).id,
        selection: selection === 'all' ? 'all' : selection.map(repo),
      }).id,
    uninstall: (owner: string): void => installations.uninstall(scene, installed(owner)),
    suspend: (owner: string): void => installations.suspend(scene, installed(owner)),
    unsuspend: (owner: string): void => installations.unsuspend(scene, installed(owner)),
    addRepositories: (owner: string, names: readonly string[]): void =>
      installations.changeRepositories(scene, 'added', installed(owner), names.map(repo)),
    removeRepositories: (owner: string, names: readonly string[]): void =>
      installations.changeRepositories(scene, 'removed', installed(owner), names.map(repo)),
    installationOf: (owner: string): Installation => installed(owner).installation,
    /** Of every installation of the App; `undefined` takes a permission away. */
    setPermissions: (
      changes: Readonly<Record<string, 'read' | 'write' | 'admin' | undefined>>,
    ): void => {
      for (const installation of hub.installations.values()) {
        if (installation.appId !== app.id) continue;
        const merged = Object.entries({ ...installation.permissions, ...changes });
        const kept = merged.filter(([, level]) => level !== undefined);
        installation.permissions = Object.fromEntries(kept) as Permissions;
      }
    },
    /** Every token given out so far is wrong from now on. */
    expireTokens: (): void => hub.tokens.clear(),
    /** A role of GitHub's own, or a custom one on top of the role that the account has. */
    setRoleName: (name: string, login: string, roleName: string): void => {
      const repository = repo(name);
      const { id } = user(login);
      if (isRole(roleName)) repository.roles.set(id, roleName);
      if (isRole(roleName)) hub.roleNames.delete(`${repository.id}:${id}`);
      else hub.roleNames.set(`${repository.id}:${id}`, roleName);
    },

    review: (on: On, by: string, body: string | null, state: ReviewState = 'commented'): Review =>
      told(reviews.submitReview(scene, onPull(on), { by: user(by), body, state })),
    editReview: (id: number, by: string, body: string): void =>
      told(reviews.editReview(scene, of(hub.reviews, id, 'review'), { by: user(by), body })),
    reviewComment: (
      on: On,
      by: string,
      body: string,
      at: { readonly path?: string; readonly line?: number; readonly inReplyTo?: number } = {},
    ): ReviewComment =>
      told(reviews.addReviewComment(scene, onPull(on), { by: user(by), body, ...at })),
    editReviewComment: (id: number, by: string, body: string): void => {
      const comment = of(hub.reviewComments, id, 'review comment');
      told(reviews.editReviewComment(scene, comment, { by: user(by), body }));
    },
    deleteReviewComment: (id: number, by: string): void => {
      const comment = of(hub.reviewComments, id, 'review comment');
      told(reviews.deleteReviewComment(scene, comment, user(by)));
    },
    /** What was reacted to a review, by its id. */
    reviewReactions: (id: number): readonly string[] =>
      of(hub.reviews, id, 'review').reactions.map((one) => one.content),
    reviewCommentReactions: (id: number): readonly string[] =>
      of(hub.reviewComments, id, 'review comment').reactions.map((one) => one.content),

    /** Oldest first. */
    checksOn: (name: string, sha: string): readonly CheckRun[] => {
      const { id } = repo(name);
      return [...hub.checkRuns.values()].filter(
        (run) => run.repositoryId === id && run.sha === sha,
      );
    },
    /** How many requests carried annotations: GitHub takes fifty at a time. */
    requestsWithAnnotations: (): number => hub.remarks.requests,
    pressButton: (checkRunId: number, by: string, identifier: string): void => {
      const run = of(hub.checkRuns, checkRunId, 'check run');
      pressAction(scene, run, { by: user(by), identifier });
    },
    rerequestCheck: (checkRunId: number, by: string): void =>
      rerequestRun(scene, of(hub.checkRuns, checkRunId, 'check run'), user(by)),
    rerequestSuite: (name: string, sha: string, by: string): void =>
      rerequestSuite(scene, { repositoryId: repo(name).id, sha }, user(by)),
    /** The classifier under which a comment was folded away. */
    isMinimized: (commentId: number): string | undefined =>
      hub.minimized.get(nodeId('IssueComment', commentId)),

    /** The next calls are refused as GitHub words it. `retryAfter` in seconds: of a primary limit until its reset. */
    limit: (kind: Limit['kind'], wish: LimitWish = {}): void => {
      const { times = 1, ...rest } = wish;
      hub.limits.push({ kind, ...rest, left: times });
    },
    noLimits: (): void => {
      hub.limits.length = 0;
    },
    /** The button on the App's page: the same body under the same GUID. */
    redeliver: (delivery: Playground['deliveries'][number]): void =>
      context.webhooks.again(app.hook, delivery),
    /** Newest first, as the API lists them. */
    listDeliveries: (): readonly Json[] => {
      const log = deliveriesOf(scene, app);
      return log.toReversed().map((delivery) => deliveryView(scene, log, delivery));
    },
    /** Apps made from a manifest, by the code that is still to be turned in. */
    manifest: (code: string): App | undefined => hub.apps.get(hub.codes.get(code)?.appId ?? 0),
    apps: (): readonly App[] => [...hub.apps.values()],
    /** Somebody presses "Install" on the page of another App, one made from a manifest. */
    installApp: (slug: string, owner: string): number => {
      const other = [...hub.apps.values()].find((one) => one.slug === slug);
      if (other === undefined) throw new Error(`there is no App ${slug}`);
      const wanted = { ownerId: user(owner).id, selection: 'all' } as const;
      return installations.install(scene, other, wanted).id;
    },
  };
}
