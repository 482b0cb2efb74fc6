import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { IGNORE_REASONS } from '../domain/forge-event.ts';
import { REASON_CODES } from '../domain/reason.ts';
import type { Run } from '../domain/run.ts';
import type { Forge } from '../forges/forge.ts';
import { commandsOfDelivery, loadCommand } from '../ledger/commands.ts';
import type { Ledger } from '../ledger/database.ts';
import { type Delivery, listDeliveries } from '../ledger/deliveries.ts';
import { findRunByNumber, listRuns } from '../ledger/runs.ts';
import type { LogStore } from '../lib/log-store.ts';
import { usualOf } from '../report/statistics.ts';
import type { DeliveryRow, PagesSource, RunRow } from './pages/source.ts';

export type PagesSourceOptions = {
  readonly ledger: Ledger;
  readonly logs: LogStore;
  readonly forges: ReadonlyMap<string, Forge>;
  readonly now: () => number;
};

/** What a test leaves among its artifacts may be a link to anywhere. */
const NO_LINKS = constants.O_RDONLY | constants.O_NOFOLLOW;
const DAY_MS = 24 * 60 * 60_000;

/** The pages' view of ledger and files. Reads only. */
export function createPagesSource(options: PagesSourceOptions): PagesSource {
  const { ledger, logs, forges } = options;

  const toRow = async (run: Run): Promise<RunRow> => {
    const command = await loadCommand(ledger.db, run.commandId);
    return { ...run, requester: command.actor, commandText: command.text };
  };

  const isAttention = (run: Run) =>
    run.cleanliness.state === 'dirty' ||
    (run.state === 'errored' && options.now() - (run.finishedAt ?? 0) < DAY_MS);

  return {
    listRuns: async ({ state, ...filter }) => {
      const runs =
        state === 'attention'
          ? (await listRuns(ledger.db, { ...filter, limit: 500 }))
              .filter(isAttention)
              .slice(0, filter.limit)
          : await listRuns(ledger.db, { ...filter, ...(state === undefined ? {} : { state }) });
      return Promise.all(runs.map(toRow));
    },
    findRun: async (number) => {
      const run = await findRunByNumber(ledger.db, number);
      if (!run) return undefined;
      const { forge, repository, suite } = run;
      const past = await listRuns(ledger.db, { forge, repository, suite, limit: 40 });
      const usual = usualOf(past.filter((other) => other.number !== number));
      return { ...(await toRow(run)), ...(usual ? { usual } : {}) };
    },
    listDeliveries: async (filter) =>
      Promise.all(
        (await listDeliveries(ledger.db, filter)).map((row) => toDeliveryRow(ledger, row)),
      ),
    readLog: (runId, after, limit) => logs.read(runId, { after, limit }),
    countLog: (runId) => logs.count(runId),
    listArtifacts: async (runId) => {
      const folder = logs.artifacts(runId);
      const names = await readdir(folder).catch(() => []);
      const files = await Promise.all(
        names.map(async (name) => ({
          name,
          info: await lstat(join(folder, name)).catch(() => undefined),
        })),
      );
      return files.flatMap(({ name, info }) =>
        info?.isFile() ? [{ name, bytes: info.size }] : [],
      );
    },
    openArtifact: async (runId, name) =>
      (await open(join(logs.artifacts(runId), name), NO_LINKS)).createReadStream(),
    links: (row) => {
      const links = forges.get(row.forge)?.links;
      return {
        commit: links?.commit(row.repository, row.sha) ?? '',
        pull: links?.pull(row.repository, row.pull) ?? '',
        requester: links?.user(row.requester.login) ?? '',
        ...(row.remote.url ? { remote: row.remote.url } : {}),
      };
    },
  };
}

export async function toDeliveryRow(ledger: Ledger, row: Delivery): Promise<DeliveryRow> {
  const commands = await commandsOfDelivery(ledger.db, row.id);
  const explanations: Readonly<Record<string, string>> = { ...REASON_CODES, ...IGNORE_REASONS };
  return {
    id: row.id,
    at: row.received_at,
    forge: row.forge,
    event: row.event,
    source: row.source,
    outcome: row.outcome,
    commands: commands.map((command) => `${command.text} → ${command.outcome}`),
    ...(row.reason === null
      ? {}
      : { reason: { code: row.reason, explanation: explanations[row.reason] ?? row.reason } }),
  };
}
