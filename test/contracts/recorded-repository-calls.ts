import assert from 'node:assert/strict';
import type { PullRequest } from '../../src/domain/forge-event.ts';
import type { CommitState, CommitStatus } from '../../src/forges/forge.ts';
import type { ApiExchange } from '../support/recorded.ts';
import {
  answerOf,
  bodyOf,
  failsWith,
  named,
  nth,
  type Replay,
  type ReplayContext,
} from './recorded-replay.ts';

type PullAnswer = { head: { sha: string }; base: { sha: string } };

const pullOf = ({ forge, exchanges }: ReplayContext, at = 0) => {
  const { repository, number } = named(nth(exchanges, at));
  return forge.readPullRequest(repository, number);
};
const fileOf = ({ forge, exchanges }: ReplayContext, at = 0) => {
  const { repository, query } = named(nth(exchanges, at));
  const path = nth(exchanges, at).request.path.replace(/^.*\/contents\/|\?.*$/g, '');
  return forge.readFile(repository, path, query.get('ref') ?? 'main');
};

type Summary = { state: PullRequest['state']; origin: string; ref: string; author: string };

const pullIs = (says: string, wanted: Summary): Replay => ({
  says,
  async run(context) {
    const pull = await pullOf(context);
    const answer = answerOf<PullAnswer>(nth(context.exchanges));
    const { state, author, head, base, repository } = pull;
    const found = { state, origin: head.origin, ref: head.ref, author: author.login };
    assert.deepEqual(found, wanted);
    assert.deepEqual([head.sha, base.sha], [answer.head.sha, answer.base.sha]);
    assert.deepEqual([base.ref, repository.fullName, repository.id], ['main', 'acme/shop', '1']);
  },
});

const fileIs = (says: string, text: RegExp): Replay => ({
  says,
  run: async (context) => assert.match((await fileOf(context)) ?? 'no file', text),
});

const statusOf = ({ request }: ApiExchange, more: Partial<CommitStatus> = {}): CommitStatus => {
  const body = JSON.parse(request.body ?? '{}') as Record<string, string | undefined>;
  return {
    sha: request.path.split('/').at(-1) ?? '',
    state: (body.state ?? 'pending') as CommitState,
    context: body.context ?? '',
    description: body.description ?? '',
    url: body.target_url ?? '',
    ...more,
  };
};
const setStatus = ({ forge, exchanges }: ReplayContext, at = 0) =>
  forge.setStatus('acme/shop', statusOf(nth(exchanges, at)));

const SIGNALBOX_YML = /^suites:\n {2}testme:\n {4}runner: drone\n/;
const withContext = (exchange: ApiExchange): ApiExchange =>
  exchange.request.path.includes('/statuses/')
    ? {
        ...exchange,
        request: {
          ...exchange.request,
          body: JSON.stringify({ context: '', ...bodyOf(exchange) }),
        },
      }
    : exchange;

export const REPOSITORY_CALLS: Readonly<Record<string, Replay>> = {
  'pull-get': pullIs('a branch of the same repository is trusted', {
    state: 'open',
    origin: 'branch',
    ref: 'faster-prices',
    author: 'bob',
  }),
  'pull-get-agit': pullIs('an AGit head is not taken for a branch', {
    state: 'open',
    origin: 'agit',
    ref: 'refs/pull/3/head',
    author: 'carol',
  }),
  'pull-get-fork': pullIs('a fork is a fork', {
    state: 'open',
    origin: 'fork',
    ref: 'typo',
    author: 'mallory',
  }),
  'pull-get-fork-deleted': pullIs('a deleted fork is a fork still', {
    state: 'closed',
    origin: 'fork',
    ref: 'refs/pull/2/head',
    author: 'mallory',
  }),
  'pull-get-merged': pullIs('a merged pull request whose branch is gone is no AGit', {
    state: 'merged',
    origin: 'branch',
    ref: 'refs/pull/5/head',
    author: 'bob',
  }),
  'pull-get-branch-deleted': pullIs('a deleted head branch closed it', {
    state: 'closed',
    origin: 'branch',
    ref: 'refs/pull/6/head',
    author: 'bob',
  }),
  'pull-head-after-push': {
    says: 'the head right after a push is the one that was pushed',
    async run(context) {
      const answer = answerOf<PullAnswer>(nth(context.exchanges));
      assert.equal((await pullOf(context)).head.sha, answer.head.sha);
    },
  },
  'pull-get-of-issue': {
    says: 'the number of an issue is not_found',
    run: (context) => failsWith(pullOf(context), 'not_found'),
  },
  'pull-not-found': {
    says: 'a number that nobody has is not_found',
    run: (context) => failsWith(pullOf(context), 'not_found'),
  },
  'repo-get': {
    says: 'the repository is read with its default branch and addresses',
    async run({ forge, exchanges }) {
      const answer = answerOf<{ html_url: string }>(nth(exchanges));
      assert.deepEqual(await forge.readRepository('acme/shop'), {
        id: '1',
        fullName: 'acme/shop',
        defaultBranch: 'main',
        url: answer.html_url,
        cloneUrl: `${answer.html_url}.git`,
        archived: false,
      });
    },
  },
  'private-404': {
    says: 'a private repository without access is not_found',
    async run(context) {
      await failsWith(context.forge.readRepository('acme/vault'), 'not_found');
      await failsWith(pullOf(context, 1), 'not_found');
      await failsWith(context.forge.readRepository('acme/never-was'), 'not_found');
    },
  },
  'user-self': {
    says: 'the token knows who it is',
    async run({ forge }) {
      assert.deepEqual(await forge.whoAmI(), { id: '10', login: 'signalbox' });
    },
  },
  'auth-forms': {
    says: 'the token goes into the header in the word form',
    run: async ({ forge }) => assert.equal((await forge.whoAmI()).login, 'signalbox'),
  },
  'bad-token-401': {
    says: 'a wrong token is unauthorized, whatever the server says about users',
    async run(context) {
      const { forge } = context;
      await failsWith(pullOf(context), 'unauthorized');
      const comment = { repository: 'acme/shop', pull: 1, body: 'x' };
      await failsWith(forge.createComment(comment), 'unauthorized');
      await failsWith(forge.whoAmI(), 'unauthorized');
    },
  },
  'no-token': {
    says: 'no token is unauthorized',
    async run({ forge }) {
      const comment = { repository: 'acme/shop', pull: 1, body: 'x' };
      await failsWith(forge.createComment(comment), 'unauthorized', /token is required/);
      await failsWith(forge.whoAmI(), 'unauthorized');
    },
  },
  'scope-missing-403': {
    says: 'a missing scope is forbidden and named',
    change: withContext,
    async run(context) {
      const { forge } = context;
      const comment = { repository: 'acme/shop', pull: 1, body: 'x' };
      await failsWith(forge.createComment(comment), 'forbidden', /write:issue/);
      await failsWith(forge.listPullComments('acme/shop', 1), 'forbidden', /read:issue/);
      await failsWith(setStatus(context, 2), 'forbidden', /write:repository/);
      await failsWith(forge.whoAmI(), 'forbidden', /read:user/);
      await failsWith(forge.addReaction('acme/shop', '1', 'eyes'), 'forbidden', /write:issue/);
      await failsWith(pullOf(context, 5), 'forbidden', /read:repository/);
    },
  },
  'contents-at-branch': fileIs('a file is read at a branch', SIGNALBOX_YML),
  'contents-at-sha': fileIs('a file is read at a full sha', SIGNALBOX_YML),
  'contents-at-tag': fileIs('a file is read at a tag', /^suites:\n/),
  'contents-at-fork-head': fileIs('the head of a fork is reachable in the base', /./),
  'contents-lfs-pointer': fileIs('an LFS file is its pointer', /^version https:\/\/git-lfs/),
  'contents-at-full-ref': {
    says: 'full refs are refused alike by us, an unknown branch or sha has no file',
    async run(context) {
      for (const at of [0, 1, 2]) await failsWith(fileOf(context, at), 'invalid', /refs\//);
      assert.equal(await fileOf(context, 4), undefined);
      assert.equal(await fileOf(context, 5), undefined);
    },
  },
  'contents-not-found': {
    says: 'a file that is not there is undefined',
    run: async (context) => assert.equal(await fileOf(context), undefined),
  },
  'contents-empty-repository': {
    says: 'a repository without a commit has no file',
    change: (exchange) => ({
      ...exchange,
      request: { ...exchange.request, path: `${exchange.request.path}?ref=main` },
    }),
    run: async (context) => assert.equal(await fileOf(context), undefined),
  },
  'contents-directory': {
    says: 'a directory is no file',
    run: (context) => failsWith(fileOf(context), 'invalid', /is a directory/),
  },
  'contents-symlink': {
    says: 'a symbolic link is not followed',
    run: (context) => failsWith(fileOf(context), 'invalid', /is a symlink/),
  },
  'contents-too-large': {
    says: 'a file above ten megabytes is refused',
    run: (context) => failsWith(fileOf(context), 'invalid', /too large/),
  },
  'status-create': {
    says: 'pending, then success, in one context',
    async run(context) {
      await setStatus(context, 0);
      await setStatus(context, 1);
    },
  },
  'status-on-fork-head': {
    says: 'the head of a fork and of AGit take a status in the base repository',
    async run(context) {
      await setStatus(context, 0);
      await setStatus(context, 1);
    },
  },
  'status-states': {
    says: 'error, failure and warning are known words',
    run: async (context) => {
      for (const at of [0, 1, 2]) await setStatus(context, at);
    },
  },
  'status-defaults': {
    says: 'a long description is cut before the server keeps it whole',
    change(exchange) {
      const body = bodyOf(exchange);
      if (typeof body.description !== 'string') return exchange;
      const points = Array.from(body.description);
      const cut = `${points.slice(0, 139).join('')}…`;
      const description = points.length > 140 ? cut : body.description;
      return {
        ...exchange,
        request: { ...exchange.request, body: JSON.stringify({ ...body, description }) },
      };
    },
    async run(context) {
      assert.ok(statusOf(nth(context.exchanges, 2)).description.length > 140);
      await setStatus(context, 1);
      await setStatus(context, 2);
    },
  },
  'status-as-reader': {
    says: 'a bot without the right to write is forbidden',
    run: (context) => failsWith(setStatus(context), 'forbidden', /permission to write/),
  },
  'status-bad-sha': {
    says: 'the 500 for an unknown sha is told as not_found; a short sha or a name is never sent',
    with: ['commit-get'],
    async run(context) {
      await failsWith(setStatus(context, 0), 'not_found', /commits\/0123456789/);
      for (const at of [1, 2, 3]) await failsWith(setStatus(context, at), 'invalid', /40 hex/);
    },
  },
};
