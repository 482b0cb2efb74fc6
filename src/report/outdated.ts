import { isTerminal, type Run } from '../domain/run.ts';
import { findReport } from '../ledger/reports.ts';
import type { Message, RunMessage } from './message.ts';
import type { ReporterOptions } from './reporter-options.ts';

/**
 * A run that is over, or gave way, shrinks to one line once a newer one has a comment to look at. `newer`: those that
 * came after it on its pull request, newest first.
 */
export async function shrunk(
  options: ReporterOptions,
  part: RunMessage,
  newer: readonly Run[],
): Promise<Message> {
  const { run } = part;
  if (run.state === 'superseded' && run.cancellation?.sha !== undefined) {
    const { sha } = run.cancellation;
    return replaced(options, part, { sha, run: newer.find((other) => other.sha === sha) });
  }
  // What a run left behind stays in sight until it is gone.
  if (!isTerminal(run.state) || run.cleanliness.state === 'dirty') return part;
  const next = newer.at(-1);
  const commentUrl = next && next.commandId !== run.commandId && (await commentOf(options, next));
  if (!commentUrl) return part;
  const { commit, page } = part.links;
  return {
    kind: 'outdated',
    command: part.command,
    run,
    links: { commit, page, newer: commentUrl },
  };
}

/** Its place was taken by a command for a newer commit: the one line says by which. */
async function replaced(
  options: ReporterOptions,
  { run }: RunMessage,
  { sha, run: next }: { sha: string; run: Run | undefined },
): Promise<Message> {
  const commentUrl = next && (await commentOf(options, next));
  const commitUrl = options.forge.links.commit(run.repository, sha);
  const by = { sha, commitUrl, cause: 'command' as const };
  return { kind: 'superseded', run, by: commentUrl ? { ...by, commentUrl } : by };
}

async function commentOf(
  { ledger, forge }: ReporterOptions,
  run: Run,
): Promise<string | undefined> {
  const report = await findReport(ledger.db, run.commandId);
  return report?.comment_id
    ? forge.links.comment(run.repository, run.pull, report.comment_id)
    : undefined;
}
