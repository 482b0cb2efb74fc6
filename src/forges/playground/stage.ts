import type { Role } from '../../domain/role.ts';
import { commitToBranch, createTag } from './actions-branches.ts';
import * as talk from './actions-comments.ts';
import * as pulls from './actions-pulls.ts';
import * as repositories from './actions-repositories.ts';
import type { Context } from './context.ts';
import type { Files } from './git.ts';
import { commentsOnPull, loadPull, loadRepository, loadUser } from './lookup.ts';
import type { Comment, Pull, Reaction, Repository, Status, User } from './world.ts';

type On = { readonly repository: string; readonly pull: number };

export type PullWish = {
  readonly repository: string;
  readonly title: string;
  readonly author: string;
  readonly body?: string;
  readonly base?: string;
  /** A branch of the repository, or of `fork`. */
  readonly head?: string;
  /** `owner/name` of the fork that has the branch. */
  readonly fork?: string;
  /** Instead of a branch: files pushed to `refs/for/<base>`. */
  readonly agit?: Files;
};

/**
 * What tests and the demo do to the playground without HTTP. Repositories are `owner/name`, people are logins.
 * Each change sends the webhooks that Gitea would send; `await` returns when they are queued. Throws on
 * anything that does not exist. Rights are not asked: that is for the API and the pages.
 */
export type Stage = ReturnType<typeof createStage>;

export function createStage(context: Context) {
  const { world } = context;
  const repo = (name: string): Repository => loadRepository(world, name);
  const user = (login: string): User => loadUser(world, login);
  const { exclusively } = context;
  const onPull = (on: On) => {
    const repository = repo(on.repository);
    return { repository, pull: loadPull(repository, on.pull) };
  };
  const comment = (id: number): Comment => {
    const found = world.comments.get(id);
    if (found === undefined) throw new Error(`the playground has no comment ${id}`);
    return found;
  };

  return {
    addUser: (wanted: repositories.NewUser): User => repositories.addUser(context, wanted),
    addRepository: (wanted: repositories.NewRepository): Promise<Repository> =>
      exclusively(() => repositories.addRepository(context, wanted)),
    fork: (name: string, owner: string): Promise<Repository> =>
      exclusively(() => repositories.forkRepository(context, repo(name), owner)),
    rename: (name: string, to: string): void =>
      repositories.renameRepository(context, repo(name), to),
    deleteRepository: (name: string, by: string): Promise<void> =>
      exclusively(() => repositories.deleteRepository(context, repo(name), user(by))),
    setRole: (name: string, login: string, role: Role): void => {
      repo(name).roles.set(user(login).id, role);
    },
    /** Their comments stay, as those of a ghost. */
    deleteUser: (login: string): void => {
      world.users.delete(user(login).id);
    },

    /** Commits to a branch, made from the default branch if it is new. Gives the full sha. */
    commit: (
      name: string,
      wanted: { branch: string; files: Files; message: string; by: string; parent?: string },
    ): Promise<string> =>
      exclusively(() => commitToBranch(context, repo(name), { ...wanted, by: user(wanted.by) })),
    tag: (name: string, tag: { name: string; sha: string; by: string }): Promise<void> =>
      exclusively(() => createTag(context, repo(name), { ...tag, by: user(tag.by) })),
    deleteBranch: (name: string, branch: string, by: string): Promise<void> =>
      exclusively(() => pulls.deleteBranch(context, repo(name), branch, user(by))),

    openPull: (wish: PullWish): Promise<Pull> =>
      exclusively(() => {
        const { repository, author, head = '', fork, agit, ...rest } = wish;
        const from = fork === undefined ? { branch: head } : { branch: head, fork: repo(fork) };
        const wanted = { ...rest, by: user(author), head: agit === undefined ? from : { agit } };
        return pulls.openPull(context, repo(repository), wanted);
      }),
    pushToPull: (on: On, push: { files: Files; message: string; by: string }): Promise<string> =>
      exclusively(() =>
        pulls.pushToPull(context, repo(on.repository), {
          ...push,
          pull: on.pull,
          by: user(push.by),
        }),
      ),
    editPull: (
      on: On,
      edit: { title?: string; body?: string; base?: string; by: string },
    ): Promise<void> => {
      const { repository, pull } = onPull(on);
      return pulls.editPull(context, repository, pull, { ...edit, by: user(edit.by) });
    },
    closePull: (on: On, by: string): Promise<void> => {
      const { repository, pull } = onPull(on);
      return pulls.closePull(context, repository, pull, user(by));
    },
    reopenPull: (on: On, by: string): Promise<void> => {
      const { repository, pull } = onPull(on);
      return pulls.reopenPull(context, repository, pull, user(by));
    },
    /** Gives the sha of the merge commit. */
    mergePull: (on: On, by: string): Promise<string> =>
      exclusively(() => {
        const { repository, pull } = onPull(on);
        return pulls.mergePull(context, repository, pull, user(by));
      }),

    comment: (on: On, by: string, body: string): Promise<Comment> =>
      talk.createComment(context, repo(on.repository), { pull: on.pull, by: user(by), body }),
    editComment: (id: number, by: string, body: string): Promise<void> =>
      talk.editComment(context, comment(id), { by: user(by), body }),
    deleteComment: (id: number, by: string): Promise<void> =>
      talk.deleteComment(context, comment(id), user(by)),
    react: (id: number, by: string, content: string): void => {
      talk.addReaction(context, comment(id), { by: user(by), content });
    },

    /** Oldest first. */
    commentsOn: (on: On): Comment[] => commentsOnPull(world, repo(on.repository), on.pull),
    reactionsOn: (id: number): readonly Reaction[] => comment(id).reactions,
    /** Every row, oldest first. */
    statusesOn: (name: string, sha: string): readonly Status[] =>
      repo(name).statuses.get(sha) ?? [],
    loginOf: (userId: number): string => world.users.get(userId)?.login ?? 'Ghost',
  };
}
