import assert from 'node:assert/strict';
import type { Reaction } from '../../src/forges/forge.ts';
import type { ApiExchange } from '../support/recorded.ts';
import {
  answerOf,
  bodyOf,
  collect,
  failsWith,
  named,
  nth,
  type Replay,
  type ReplayContext,
  withQuery,
} from './recorded-replay.ts';

type CommentAnswer = { id: number; body: string; created_at: string; updated_at: string };

const create = ({ forge, exchanges }: ReplayContext, at = 0) => {
  const { repository, number } = named(nth(exchanges, at));
  return forge.createComment({ repository, pull: number, body: textOf(nth(exchanges, at)) });
};
const edit = ({ forge, exchanges }: ReplayContext, at = 0) => {
  const { repository, id } = named(nth(exchanges, at));
  return forge.editComment(repository, id, { body: textOf(nth(exchanges, at)) });
};
const remove = ({ forge, exchanges }: ReplayContext, at = 0) => {
  const { repository, id } = named(nth(exchanges, at));
  return forge.deleteComment(repository, id);
};
const react = ({ forge, exchanges }: ReplayContext, at = 0) => {
  const { repository, id } = named(nth(exchanges, at));
  return forge.addReaction(repository, id, bodyOf(nth(exchanges, at)).content as Reaction);
};
const list = ({ forge, exchanges }: ReplayContext, at = 0) => {
  const { repository, query } = named(nth(exchanges, at));
  return collect(forge.listComments(repository, new Date(query.get('since') ?? '')));
};
const textOf = (exchange: ApiExchange) => String(bodyOf(exchange).body);

/** Our pages have 50 entries; these lists are shorter than any page. */
const withOurLimit = (exchange: ApiExchange) => {
  const query = named(exchange).query;
  query.set('limit', '50');
  const since = query.get('since') ?? '';
  if (!Number.isNaN(Date.parse(since))) query.set('since', toSeconds(since));
  return withQuery(exchange, `?${query.toString()}`);
};
const toSeconds = (text: string) => new Date(text).toISOString().replace('.000Z', 'Z');

export const COMMENT_CALLS: Readonly<Record<string, Replay>> = {
  'comment-create': {
    says: 'a comment is made and comes back whole',
    async run(context) {
      const answer = answerOf<CommentAnswer>(nth(context.exchanges));
      const comment = await create(context);
      assert.equal(comment.id, String(answer.id));
      assert.match(comment.body, /<!-- signalbox:status v1 run=01K9ZQ8 rev=1 sig=7b1f0c22 -->$/);
      assert.deepEqual(comment.author, { id: '10', login: 'signalbox' });
      assert.equal(comment.createdAt.getTime(), Date.parse(answer.created_at));
      assert.match(comment.url, /acme\/shop\/pulls\/1#issuecomment-\d+$/);
    },
  },
  'comment-create-invalid': {
    says: 'an empty comment is invalid, one of blanks is taken',
    async run(context) {
      await failsWith(create(context, 0), 'invalid', /\[Body\]: Required/);
      assert.equal((await create(context, 3)).body.trim(), '');
    },
  },
  'comment-unknown-pull': {
    says: 'the 500 for a number that does not exist is told as not_found',
    with: ['pull-not-found'],
    async run(context) {
      await failsWith(create(context), 'not_found');
      const { repository, number } = named(nth(context.exchanges, 1));
      await failsWith(context.forge.listPullComments(repository, number), 'not_found');
    },
  },
  'comment-edit': { says: 'the bot edits its comment', run: (context) => edit(context) },
  'comment-edit-of-other': {
    says: 'a refusal without a word is forbidden',
    async run(context) {
      await failsWith(edit(context, 0), 'forbidden');
      await edit(context, 1);
    },
  },
  'comment-delete': {
    says: 'a comment is deleted once, then it is not found',
    async run(context) {
      await remove(context);
      await failsWith(remove(context), 'not_found');
    },
  },
  'comment-not-found': {
    says: 'editing and deleting what is gone, or belongs to another repository, is not_found',
    async run(context) {
      await failsWith(edit(context, 1), 'not_found');
      await failsWith(remove(context, 2), 'not_found');
      await failsWith(edit(context, 4), 'not_found');
    },
  },
  'comment-system': {
    says: 'an edit that is answered 204 changed nothing and is not_found',
    run: (context) => failsWith(edit(context, 1), 'not_found'),
  },
  'comments-list-empty': {
    says: 'no comments are an empty list',
    async run(context) {
      const { repository, number } = named(nth(context.exchanges));
      assert.deepEqual(await context.forge.listPullComments(repository, number), []);
      assert.deepEqual(await list(context, 1), []);
    },
  },
  'comments-list-pull': {
    says: 'all comments of a pull request come at once, oldest first',
    change: (exchange) => withQuery(exchange, ''),
    async run({ forge, exchanges }) {
      const comments = await forge.listPullComments('acme/shop', 10);
      const ids = comments.map(({ id }) => Number(id));
      assert.equal(ids.length, 60);
      assert.deepEqual(
        ids,
        answerOf<CommentAnswer[]>(nth(exchanges)).map(({ id }) => id),
      );
    },
  },
  'comments-list-repo-pages': {
    says: 'all pages of the repository are read, each comment is given once',
    async run(context) {
      const comments = await list(context);
      assert.equal(comments.length, 60);
      assert.equal(new Set(comments.map(({ comment }) => comment.id)).size, 60);
      assert.ok(comments.every(({ pull }) => pull === 10));
    },
  },
  'comments-list-since': {
    says: 'the second of `since` is included, the one after it is not',
    change: withOurLimit,
    async run(context) {
      const found = (await list(context, 0)).map(({ comment }) => comment.updatedAt.getTime());
      assert.deepEqual(found, [Date.parse(named(nth(context.exchanges)).query.get('since') ?? '')]);
      assert.deepEqual(await list(context, 1), []);
      assert.equal((await list(context, 2)).length, 1);
    },
  },
  'comments-list-since-edited-older': {
    says: 'an old comment that was edited is listed with both its times',
    async run(context) {
      const [found] = await list(context);
      assert.ok(found);
      assert.ok(found.comment.updatedAt > found.comment.createdAt);
    },
  },
  'deleted-user': {
    says: 'a deleted author is Ghost, keeps no role, and the comment can be reacted to',
    change: (exchange) =>
      exchange.request.path.includes('/issues/1/comments') ? withQuery(exchange, '') : exchange,
    async run(context) {
      const { forge } = context;
      const role = await forge.readRole('acme/shop', { id: '12', login: 'leaver' });
      assert.equal(role, 'none');
      const ghost = { id: '-1', login: 'Ghost' };
      assert.deepEqual(
        (await list(context, 2)).map(({ comment }) => comment.author),
        [ghost],
      );
      const listed = await forge.listPullComments('acme/shop', 1);
      assert.deepEqual(
        listed.map(({ author }) => author),
        [ghost],
      );
      await react(context, 4);
    },
  },
  'reaction-create': { says: 'a reaction is added', run: (context) => react(context) },
  'reaction-create-twice': {
    says: 'a reaction that was there already is no error',
    run: (context) => react(context),
  },
  'reaction-on-inline-comment': {
    says: 'an inline comment can be reacted to',
    run: (context) => react(context),
  },
  'reaction-all-contents': {
    says: 'a reaction that the server does not allow is unsupported',
    async run(context) {
      for (let at = 0; at < 7; at += 1) await react(context, at);
      for (const at of [7, 8, 9]) await failsWith(react(context, at), 'unsupported');
    },
  },
  'reaction-comment-not-found': {
    says: 'a reaction on a comment that is gone is not_found',
    async run(context) {
      await failsWith(react(context, 0), 'not_found');
      await failsWith(react(context, 1), 'not_found');
    },
  },
  'reaction-delete': {
    says: 'a reaction is removed, also when it is not there',
    async run({ forge, exchanges }) {
      const { repository, id } = named(nth(exchanges));
      await forge.removeReaction(repository, id, 'eyes');
      await forge.removeReaction(repository, id, 'eyes');
    },
  },
};
