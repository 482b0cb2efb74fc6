import { createHash } from 'node:crypto';
import { type CallOptions, type CommentEdit, type Forge, ForgeError } from '../forges/forge.ts';
import type { CommandRecord } from '../ledger/commands.ts';
import { type Held, type Next, sendingGuard } from '../ledger/held.ts';
import { type Report, saveReport } from '../ledger/reports.ts';
import type { Clock } from '../lib/clock.ts';
import { crashPoint } from '../lib/crash-point.ts';
import type { AnswerComment } from './answer.ts';
import type { Marker, Markers } from './marker.ts';
import type { Message, PingMessage } from './message.ts';
import { wakeReferrers } from './referrers.ts';
import { renderText, withMarker } from './render.ts';
import type { Pace } from './reporter-options.ts';
import type { Templates } from './templates.ts';

export type PosterOptions = {
  readonly clock: Clock;
  readonly forge: Forge;
  readonly markers: Markers;
  readonly templates: Templates;
  readonly pace: Pace;
  readonly held: Held;
  readonly command: CommandRecord;
};

/** A run gets at most this many edits, save the last: Gitea keeps 20 revisions of a comment. */
const MAX_EDITS = 14;

/**
 * Posts comments exactly once. The forge offers no idempotency key, so: write down that we mean to post; from then
 * on, before posting, wait until any earlier post must be listed and look for our signed marker.
 */
export function createPoster(options: PosterOptions) {
  const { clock, forge, held, command, pace } = options;
  const call: CallOptions = { signal: held.signal, guard: held.guard };

  /** The comment of ours that fits, or undefined when it was surely never posted. */
  const findOwn = async (fits: (marker: Marker) => boolean): Promise<string | undefined> => {
    const bot = await forge.whoAmI(call);
    const comments = await forge.listPullComments(command.repository, command.pull, call);
    const own = comments.find((comment) => {
      const marker = comment.author.id === bot.id ? options.markers.find(comment.body) : undefined;
      return marker !== undefined && fits(marker);
    });
    return own?.id;
  };

  const render = (message: Message) =>
    renderText(message, { templates: options.templates, now: clock.now() });

  const comment = async (
    report: Report | undefined,
    wanted: AnswerComment | undefined,
  ): Promise<Next> => {
    if (wanted === undefined) return {};
    const text = render(wanted.message);
    const digest = digestOf(text);
    if (report?.sent_digest === digest) return {};
    const now = clock.now();
    const wait = waitBefore(options, { report, wanted, now });
    if (wait !== undefined) return { dueAt: wait };
    const body = withMarker(text, markerOf(options, wanted));
    const sent = { sent_digest: digest, sent_at: now };
    if (report?.comment_id) {
      const { kind } = wanted.message;
      const isOutdated = kind === 'outdated' || kind === 'superseded';
      if (await change(report.comment_id, { body, isOutdated })) {
        crashPoint('report.after-edit');
        await held.transact((tx) =>
          saveReport(tx, command.id, { ...sent, edits: report.edits + 1 }),
        );
        return {};
      }
      // Somebody deleted it: make a new one, once.
      await held.transact((tx) =>
        saveReport(tx, command.id, {
          comment_id: null,
          comment_intent_at: null,
          sent_digest: null,
        }),
      );
      return { dueAt: now };
    }
    const known = await create({
      intentAt: report?.comment_intent_at ?? undefined,
      intend: (at) => ({ comment_intent_at: at }),
      fits: (found) => found.kind !== 'ping' && found.id === command.id,
      body,
    });
    if ('dueAt' in known) return known;
    const fields = { comment_id: known.id, ...(known.isNew ? sent : {}) };
    await held.transact(async (tx) => {
      await saveReport(tx, command.id, fields);
      await wakeReferrers(tx, command, now);
    });
    return known.isNew ? {} : { dueAt: now };
  };

  const ping = async (
    report: Report | undefined,
    wanted: PingMessage | undefined,
  ): Promise<Next> => {
    if (wanted === undefined)
      return report?.ping_intent_at ? unping(report, report.ping_intent_at) : {};
    if (report?.ping_comment_id) return {};
    const known = await create({
      intentAt: report?.ping_intent_at ?? undefined,
      intend: (at) => ({ ping_intent_at: at }),
      fits: (found) => found.kind === 'ping' && found.id === wanted.run.id,
      body: withMarker(render(wanted), options.markers.ping(wanted.run.id)),
    });
    if ('dueAt' in known) return known;
    await held.transact((tx) => saveReport(tx, command.id, { ping_comment_id: known.id }));
    return {};
  };

  /** The next run has begun: what was called out is no news any more. */
  const unping = async (report: Report, intentAt: number): Promise<Next> => {
    const settledAt = intentAt + pace.settleMs;
    if (!report.ping_comment_id && clock.now() < settledAt) return { dueAt: settledAt };
    const runs = command.detail.runs ?? [];
    const isOurs = ({ kind, id }: Marker) => kind === 'ping' && runs.includes(id);
    const id = report.ping_comment_id ?? (await findOwn(isOurs));
    if (id) await forge.deleteComment(command.repository, id, call).catch(tolerateGone);
    const none = { ping_comment_id: null, ping_intent_at: null };
    await held.transact((tx) => saveReport(tx, command.id, none));
    return {};
  };

  const create = async (wish: {
    intentAt: number | undefined;
    intend: (at: number) => { comment_intent_at: number } | { ping_intent_at: number };
    fits: (marker: Marker) => boolean;
    body: string;
  }): Promise<{ id: string; isNew: boolean } | { dueAt: number }> => {
    if (wish.intentAt !== undefined) {
      const settledAt = wish.intentAt + pace.settleMs;
      if (clock.now() < settledAt) return { dueAt: settledAt };
      const found = await findOwn(wish.fits);
      if (found !== undefined) return { id: found, isNew: false };
    }
    // Also when there was one: were this post to be lost again, the next look must wait for it to settle too.
    const intentAt = clock.now();
    await held.transact((tx) => saveReport(tx, command.id, wish.intend(intentAt)));
    crashPoint('report.after-intent');
    const target = { repository: command.repository, pull: command.pull, body: wish.body };
    const guard = sendingGuard(held, clock, intentAt);
    const created = await forge.createComment(target, { ...call, guard });
    crashPoint('report.after-create');
    return { id: created.id, isNew: true };
  };

  const change = async (commentId: string, edit: CommentEdit): Promise<boolean> => {
    try {
      await forge.editComment(command.repository, commentId, edit, call);
      return true;
    } catch (error) {
      if (error instanceof ForgeError && error.code === 'not_found') return false;
      throw error;
    }
  };

  return { comment, ping };
}

function tolerateGone(error: unknown): void {
  if (!(error instanceof ForgeError) || error.code !== 'not_found') throw error;
}

function markerOf({ markers, command }: PosterOptions, wanted: AnswerComment): string {
  if (wanted.kind === 'reply') return markers.reply(command.id);
  const run = wanted.runId === undefined ? {} : { run: wanted.runId };
  return markers.status({ command: command.id, rev: wanted.rev, ...run });
}

/** When to look again, or undefined to write now. The last word never waits. */
function waitBefore(
  { pace, command }: PosterOptions,
  given: { report: Report | undefined; wanted: AnswerComment; now: number },
): number | undefined {
  const { report, wanted, now } = given;
  if (wanted.final) return undefined;
  const quietUntil = command.createdAt + pace.quietMs;
  if (!report?.comment_id) return now < quietUntil ? quietUntil : undefined;
  if (report.edits >= MAX_EDITS) return now + pace.editMs;
  const nextEdit = (report.sent_at ?? 0) + pace.editMs;
  return now < nextEdit ? nextEdit : undefined;
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
