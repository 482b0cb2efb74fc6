import type { CommitStatus, Forge } from '../forges/forge.ts';
import type { CommandRecord } from '../ledger/commands.ts';
import type { Tx } from '../ledger/database.ts';
import type { Held } from '../ledger/held.ts';
import { AGAIN, changeStatuses } from '../ledger/reports.ts';
import { listRuns } from '../ledger/runs.ts';
import { arm } from '../ledger/work.ts';
import { crashPoint } from '../lib/crash-point.ts';
import { digestOf } from './post.ts';

export type StatusSending = {
  readonly forge: Forge;
  readonly held: Held;
  readonly command: CommandRecord;
  readonly now: () => number;
  /** What the runs of this command want shown, only those that are the newest of their suite on their commit. */
  readonly wanted: readonly CommitStatus[];
  /** Key → digest of what was sent, `SENDING` while it is on its way, as the ledger has it. */
  readonly sent: Readonly<Record<string, string>>;
};

/** On its way: whether the forge has it is not known until the next word. */
const SENDING = 'sending';

const keyOf = ({ context, sha }: CommitStatus): string => `${context} ${sha}`;

/**
 * A status sent twice is two equal rows at the forge: harmless. But a commit has one status of a suite, and two
 * commands may have runs of it: what an older run's report had on its way may land after the newer run's word. So
 * what is on its way is noted, and whoever finds that a newer run speaks there now makes it speak again.
 */
export async function sendStatuses(sending: StatusSending): Promise<void> {
  const { held, command, wanted, sent } = sending;
  const current = new Set(wanted.map(keyOf));
  for (const [key, digest] of Object.entries(sent)) {
    const isUnsure = digest === SENDING || digest === AGAIN;
    if (!isUnsure || current.has(key)) continue;
    await held.transact(async (tx) => {
      await changeStatuses(tx, command.id, (known) => ({ ...known, [key]: 'overtaken' }));
      await repeatNewest(tx, sending, key);
    });
  }
  for (const status of wanted) await sendOne(sending, status);
}

async function sendOne(sending: StatusSending, status: CommitStatus): Promise<void> {
  const { forge, held, command, sent } = sending;
  const key = keyOf(status);
  const digest = digestOf(JSON.stringify(status));
  if (sent[key] === digest) return;
  await held.transact((tx) =>
    changeStatuses(tx, command.id, (known) => ({ ...known, [key]: SENDING })),
  );
  const { signal, guard } = held;
  await forge.setStatus(command.repository, status, { signal, guard });
  crashPoint('report.after-status');
  await held.transact(async (tx) => {
    // Asked to speak again while this was on its way: then it is not settled yet.
    await changeStatuses(tx, command.id, (known) =>
      known[key] === SENDING ? { ...known, [key]: digest } : known,
    );
    await repeatNewest(tx, sending, key);
  });
}

/** If another command's run is the newest for this status by now, its report sends it once more. */
async function repeatNewest(tx: Tx, sending: StatusSending, key: string): Promise<void> {
  const { command, now } = sending;
  const [context = '', sha = ''] = key.split(' ');
  const suite = context.replace(/^signalbox\//, '');
  const { forge, repository } = command;
  const [newest] = await listRuns(tx, { forge, repository, suite, sha, limit: 1 });
  if (newest === undefined || newest.commandId === command.id) return;
  await changeStatuses(tx, newest.commandId, (known) => ({ ...known, [key]: AGAIN }));
  await arm(tx, `report:${forge}`, newest.commandId, now());
}
