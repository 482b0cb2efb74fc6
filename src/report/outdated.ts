import { isTerminal, type Run } from '../domain/run.ts';
import { findReport } from '../ledger/reports.ts';
import { listRuns, nextRun } from '../ledger/runs.ts';
import type { Message, RunMessage } from './message.ts';
import type { ReporterOptions } from './reporter-options.ts';

/** A run that is over, or gave way, shrinks to one line once a newer one has a comment to look at. */
export async function shrunk(options: ReporterOptions, part: RunMessage): Promise<Message> {
  const { run } = part;
  if (run.state === 'superseded' && run.cancellation?.sha !== undefined)
    return replaced(options, part, run.cancellation.sha);
  // What a run left behind stays in sight until it is gone.
  if (!isTerminal(run.state) || run.cleanliness.state === 'dirty') return part;
  const next = await nextRun(options.ledger.db, run);
  const newer = next && next.commandId !== run.commandId && (await commentOf(options, next));
  if (!newer) return part;
  const { commit, page } = part.links;
  return { kind: 'outdated', command: part.command, run, links: { commit, page, newer } };
}

/** Its place was taken by a command for a newer commit: the one line says by which. */
async function replaced(
  options: ReporterOptions,
  { run }: RunMessage,
  sha: string,
): Promise<Message> {
  const { forge, repository, pull, suite, number } = run;
  const after = { forge, repository, pull, suite, after: number };
  const next = (await listRuns(options.ledger.db, after)).find((other) => other.sha === sha);
  const commentUrl = next && (await commentOf(options, next));
  const commitUrl = options.forge.links.commit(repository, sha);
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
