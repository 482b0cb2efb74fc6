import type { Comment, CommentEvent } from '../domain/forge-event.ts';
import { parseComment } from '../domain/parse-comment.ts';
import type { Forge } from '../forges/forge.ts';
import type { Ledger } from '../ledger/database.ts';

/** Takes a comment in by the same door as a webhook. */
export type TakeComment = (forge: Forge, event: CommentEvent) => Promise<unknown>;

export type CatchUpOptions = {
  readonly ledger: Ledger;
  readonly forge: Forge;
  readonly repositories: readonly string[];
  readonly now: () => number;
  readonly take: TakeComment;
  readonly signal?: AbortSignal;
};

/** The list is asked from this much before the last moment seen: forges round to seconds and commit out of order. */
const OVERLAP_MS = 120_000;

/**
 * Webhooks are hints: Gitea and Forgejo send each once. This lists what was written since the last moment seen and
 * hands it in; what was seen before is a duplicate there. The mark moves only when all of it was recorded.
 * Returns how many comments were handed in. Throws `AggregateError` after all repositories were tried.
 */
export async function catchUp(options: CatchUpOptions): Promise<number> {
  let taken = 0;
  const failures: Error[] = [];
  for (const repository of options.repositories) {
    try {
      taken += await catchUpRepository(options, repository);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      failures.push(new Error(`catch-up of ${repository}`, { cause: error }));
    }
  }
  if (failures.length === 0) return taken;
  // One repository that cannot be read must not keep the commands of the others from being found.
  const names = failures.map(({ message }) => message).join(', ');
  throw new AggregateError(failures, `${names} failed; ${taken} comments of the others were taken`);
}

/** In the table of marks, where repositories have a slash. */
const DELIVERIES = 'deliveries';

/**
 * Some forges keep what they could not deliver, and send it once more when asked: that brings what no list of
 * comments shows. Returns how many were asked for.
 */
export async function redeliver(
  options: Pick<CatchUpOptions, 'ledger' | 'forge' | 'signal'>,
): Promise<number> {
  const { ledger, forge, signal } = options;
  const known = await readMark(ledger, forge.name, DELIVERIES);
  // What failed before the first contact is not for us.
  const since = known === undefined ? undefined : new Date(Math.max(0, known - OVERLAP_MS));
  const { asked, seenUntil } = await forge.redeliverFailed(since, signal ? { signal } : {});
  if (seenUntil) await writeMark(ledger, forge.name, DELIVERIES, seenUntil.getTime());
  return asked;
}

async function catchUpRepository(options: CatchUpOptions, repository: string): Promise<number> {
  const { ledger, forge } = options;
  const known = await readMark(ledger, forge.name, repository);
  if (known === undefined) {
    // First contact: what was said before we came is not for us, not even what lies within the overlap.
    await writeMark(ledger, forge.name, repository, options.now() + OVERLAP_MS);
    return 0;
  }
  const since = new Date(known - OVERLAP_MS);
  let latest = known;
  let taken = 0;
  const call = options.signal ? { signal: options.signal } : {};
  const bot = await forge.whoAmI(call);
  for await (const { pull, comment } of forge.listComments(repository, since, call)) {
    latest = Math.max(latest, comment.updatedAt.getTime());
    // Talk among people and our own answers are most of what there is, and are not worth a row.
    if (comment.author.id === bot.id) continue;
    if (parseComment(comment.body, { botLogin: bot.login }).length === 0) continue;
    await options.take(forge, toEvent(repository, pull, { comment, knownUntil: known }));
    taken += 1;
  }
  if (latest > known) await writeMark(ledger, forge.name, repository, latest);
  return taken;
}

/**
 * A comment that was written after the mark is new to us, even if it was edited since; an older one that was
 * changed since is an edit. The author is the only actor a list can name.
 */
function toEvent(
  repository: string,
  pull: number,
  { comment, knownUntil }: { comment: Comment; knownUntil: number },
): CommentEvent {
  // Forges tell whole seconds.
  const listedFrom = Math.floor((knownUntil - OVERLAP_MS) / 1_000) * 1_000;
  const isOld = comment.createdAt.getTime() < listedFrom;
  const kind = isOld ? 'comment-edited' : 'comment-created';
  return { kind, repository, pull, actor: comment.author, comment };
}

async function readMark(
  ledger: Ledger,
  forge: string,
  repository: string,
): Promise<number | undefined> {
  const row = await ledger.db
    .selectFrom('watermarks')
    .select('seen_until')
    .where('forge', '=', forge)
    .where('repository', '=', repository)
    .executeTakeFirst();
  return row?.seen_until;
}

async function writeMark(
  ledger: Ledger,
  forge: string,
  repository: string,
  seenUntil: number,
): Promise<void> {
  await ledger.db
    .insertInto('watermarks')
    .values({ forge, repository, seen_until: seenUntil })
    .onConflict((conflict) =>
      conflict.columns(['forge', 'repository']).doUpdateSet({ seen_until: seenUntil }),
    )
    .execute();
}
