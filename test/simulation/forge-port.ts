import { type CallOptions, type Forge, ForgeError } from '../../src/forges/forge.ts';
import type { FarSide } from './far-side.ts';
import type { Life } from './life.ts';
import { BOT, REPOSITORY, SIGNALBOX_YML, type SimForge, shown } from './sim-forge.ts';
import { githubCalls, type SimGithub } from './sim-github.ts';

const NOT_HERE = () => {
  throw new Error('the simulation has no sockets');
};

/** The forge as one life reaches it, through the far side's weather. */
type GithubParts = { readonly state: SimGithub; readonly again: (guid: string) => void };

export function forgePort(
  forge: SimForge,
  parts: { life: Life; far: FarSide; isBlind: boolean; github?: GithubParts },
): Forge {
  const { life, far } = parts;
  const hub = parts.github?.state;
  const call = <T>(
    name: string,
    options: CallOptions | undefined,
    effect: () => T,
    isWrite = false,
  ) =>
    far.call({
      life,
      name,
      options,
      effect: () => {
        if (hub?.isSuspended())
          throw new ForgeError('unauthorized', `${name}: this installation has been suspended`);
        return effect();
      },
      isWrite,
      ...(hub && isWrite ? { limited: () => limited(name) } : {}),
      unavailable: (why) => new ForgeError('unavailable', why),
      guarded: (cause) => new ForgeError('conflict', `${name}: not sent`, { cause }),
    });
  const read = <T>(name: string, options: CallOptions | undefined, effect: () => T) =>
    call(name, options, effect);
  const write = <T>(name: string, options: CallOptions | undefined, effect: () => T) =>
    call(name, options, effect, true);

  const onGithub =
    parts.github && githubCalls(parts.github.state, { read, write, again: parts.github.again });

  return {
    name: 'acme',
    url: 'https://forge.test',
    writers: 8,
    rightsHint: 'An admin can',
    links: LINKS,
    verify: () => true,
    deliveryId: () => undefined,
    prefilter: () => undefined,
    normalize: NOT_HERE,
    whoAmI: (options) => read('whoAmI', options, () => BOT),
    readPullRequest: (_repository, number, options) =>
      read(`read pull ${number}`, options, () => {
        const pull = forge.pullOf(number);
        return {
          number,
          title: 'A change',
          url: LINKS.pull(REPOSITORY, number),
          state: pull.state,
          author: { id: '2', login: 'bob' },
          head: { ref: `topic-${number}`, sha: pull.sha, origin: 'branch' as const },
          base: { ref: 'main', sha: '0'.repeat(40) },
          repository: forge.repository,
        };
      }),
    readRepository: (_repository, options) =>
      read('read repository', options, () => forge.repository),
    readRole: (_repository, account, options) =>
      read('read role', options, () => forge.roleOf(account.login)),
    readFile: (_repository, _path, _ref, options) =>
      read('read file', options, () => SIGNALBOX_YML),
    listRepositories: (_patterns, options) =>
      read('list repositories', options, () => [REPOSITORY]),
    listComments: async function* (_repository, since, options) {
      yield* await read('list comments', options, () =>
        forge
          .listed()
          .filter((one) => one.updatedAt >= since.getTime())
          .sort((a, b) => a.updatedAt - b.updatedAt)
          .map((one) => ({ pull: one.pull, comment: shown(one) })),
      );
    },
    listPullComments: (_repository, pull, options) =>
      read('list pull comments', options, () =>
        parts.isBlind
          ? []
          : forge
              .listed()
              .filter((one) => one.pull === pull)
              .map(shown),
      ),
    createComment: (comment, options) =>
      write(`comments on ${comment.pull}: ${headline(comment.body)}`, options, () =>
        shown(forge.write(BOT, comment.pull, comment.body)),
      ),
    editComment: (_repository, id, { body }, options) =>
      write(`edits ${id}: ${headline(body)}`, options, () => forge.edit(id, body)),
    deleteComment: (_repository, id, options) =>
      write(`deletes ${id}`, options, () => forge.remove(forge.find(id))),
    addReaction: (_repository, id, reaction, options) =>
      write(
        `reacts ${reaction} to ${id}`,
        options,
        () => void forge.find(id).reactions.add(reaction),
      ),
    removeReaction: (_repository, id, reaction, options) =>
      write(
        `takes ${reaction} from ${id}`,
        options,
        () => void forge.find(id).reactions.delete(reaction),
      ),
    setStatus: async (_repository, status, options) => {
      const name = `status ${status.context} ${status.state}`;
      await write(name, options, () => forge.setStatus(status));
      await onGithub?.publish(status, options);
    },
    ensureWebhook: NOT_HERE,
    redeliverFailed: onGithub?.redeliverFailed ?? (async () => ({ asked: 0 })),
    gitEnvironment: async () => ({}),
    examine: NOT_HERE,
  };
}

export const LINKS: Forge['links'] = {
  commit: (repository, sha) => `https://forge.test/${repository}/commit/${sha}`,
  user: (login) => `https://forge.test/${login}`,
  pull: (repository, pull) => `https://forge.test/${repository}/pulls/${pull}`,
  changes: (repository, pull) => `https://forge.test/${repository}/pulls/${pull}/files`,
  comment: (repository, pull, id) => `https://forge.test/${repository}/pulls/${pull}#${id}`,
  file: (repository, _at, path) => `https://forge.test/${repository}/src/${path}`,
};

function limited(name: string): ForgeError {
  return new ForgeError('rate_limited', `${name}: secondary rate limit`, { retryAfterMs: 20_000 });
}

function headline(body: string): string {
  return body.slice(0, 60).split('\n')[0] ?? '';
}
