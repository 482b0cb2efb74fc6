import type { Run } from '../domain/run.ts';
import { listRuns } from '../ledger/runs.ts';
import type { ReporterOptions } from './reporter-options.ts';

/** A run among the others of its suite. All lists are newest first. */
export type Around = {
  readonly run: Run;
  /** The newest runs of the suite in this repository, whoever asked for them. */
  readonly past: readonly Run[];
  /** All that came after it on the same pull request. */
  readonly newer: readonly Run[];
  /** No later run of the suite is on the same commit. */
  readonly isNewestOfCommit: boolean;
};

const MAX_PAST = 40;

/** Asks the ledger once where it can: `past` says it all, save of a run that is older than all of it. */
export async function lookAround({ ledger }: ReporterOptions, run: Run): Promise<Around> {
  const { forge, repository, pull, suite, sha, number } = run;
  const scope = { forge, repository, suite };
  const past = await listRuns(ledger.db, { ...scope, limit: MAX_PAST });
  const isAmong = past.some((other) => other.number <= number);
  const newer = isAmong
    ? past.filter((other) => other.pull === pull && other.number > number)
    : await listRuns(ledger.db, { ...scope, pull, after: number });
  const onCommit = past.find((other) => other.sha === sha);
  const latest = onCommit ?? (await listRuns(ledger.db, { ...scope, sha, limit: 1 }))[0];
  return { run, past, newer, isNewestOfCommit: latest?.id === run.id };
}
