import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Finding } from '../domain/finding.ts';
import type { Config } from '../domain/operator-schema.ts';
import { type Ledger, openLedger } from '../ledger/database.ts';
import { readCounters } from '../ledger/deliveries.ts';
import { schemaState } from '../ledger/migrate.ts';
import { sentence } from './doctor.ts';

/** PostgreSQL's own number: 14.0 is 140000. Older ones are out of support and were never tried. */
const OLDEST_POSTGRES = 140_000;

export type LedgerLook = {
  readonly findings: readonly Finding[];
  /** Of this version, and open; the caller closes it. */
  readonly ledger: Ledger | undefined;
};

/** Looks before it opens: a diagnosis must not leave an empty ledger behind. */
export async function lookAtLedger(config: Config): Promise<LedgerLook> {
  const failure = (text: string, mend: readonly string[]): LedgerLook => ({
    ledger: undefined,
    findings: [
      {
        tier: 'failure',
        subject: 'ledger',
        text,
        consequence: 'nothing is accepted: webhooks are answered 503',
        mend,
      },
    ],
  });
  const isEmbedded = config.database === undefined;
  if (isEmbedded && !existsSync(join(config.data, 'ledger.sqlite')))
    return failure(`there is none in ${config.data}`, ['signalbox migrate']);
  let ledger: Ledger | undefined;
  try {
    ledger = openLedger(config);
    const state = await schemaState(ledger);
    if (state === 'current') return { ledger, findings: [await versionFinding(ledger)] };
    await ledger.close();
    return state === 'behind'
      ? failure('it is of an older version', ['signalbox migrate'])
      : failure('it was written by a newer Signalbox', ['signalbox --version']);
  } catch (error) {
    await ledger?.close().catch(() => {});
    return isEmbedded
      ? failure(`${config.data} cannot be opened: ${sentence(error)}`, [
          `ls -l ${join(config.data, 'ledger.sqlite')}`,
        ])
      : failure(`it cannot be reached: ${sentence(error)}`, [
          'is PostgreSQL up, `database:` right?',
        ]);
  }
}

async function versionFinding({ dialect, db }: Ledger): Promise<Finding> {
  const subject = 'ledger';
  if (dialect === 'sqlite') {
    const { rows } = await sql<{ version: string }>`select sqlite_version() as version`.execute(db);
    return { tier: 'ok', subject, text: `SQLite ${rows[0]?.version ?? ''}, up to date` };
  }
  const { rows } = await sql<{ number: string; version: string }>`
    select current_setting('server_version_num') as number,
           current_setting('server_version') as version`.execute(db);
  return postgresFinding(Number(rows[0]?.number), rows[0]?.version ?? '');
}

/** @internal */
export function postgresFinding(number: number, version: string): Finding {
  const subject = 'ledger';
  // Distributions write `15.4 (Debian 15.4-1)`.
  const shown = `PostgreSQL ${version.split(' ', 1)[0] ?? ''}`;
  if (number >= OLDEST_POSTGRES) return { tier: 'ok', subject, text: `${shown}, up to date` };
  return {
    tier: 'failure',
    subject,
    text: `${shown}: 14 is the oldest that is supported`,
    consequence: 'it was never tried; work may be lost or done twice',
    mend: ['upgrade PostgreSQL'],
  };
}

const DAY_MS = 86_400_000;

/** What of a forge arrived by webhook, as far as the ledger kept or counted it. */
export async function deliveryFinding(
  ledger: Ledger,
  asked: {
    readonly forge: string;
    readonly isGitea: boolean;
    /** Its webhook was found to be right. */
    readonly isConnected: boolean;
    readonly now: number;
  },
): Promise<Finding> {
  const { forge, isGitea, isConnected, now } = asked;
  const subject = 'deliveries';
  const last = await ledger.db
    .selectFrom('deliveries')
    .select('received_at')
    .where('forge', '=', forge)
    .where('source', '=', 'webhook')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (last !== undefined) {
    const age = now - last.received_at;
    return { tier: 'ok', subject, text: `the last one that mattered came ${spanOf(age)} ago` };
  }
  const counted = [...(await readCounters(ledger.db))]
    // Our own probes are counted as events that are not used.
    .filter(([name]) => name.startsWith(`ignored:${forge}:`) && !name.endsWith(':event_not_used'))
    .reduce((sum, [, value]) => sum + value, 0);
  if (counted > 0) return { tier: 'ok', subject, text: `${counted} came, none of them was for us` };
  if (!isConnected) return { tier: 'skipped', subject, text: 'needs the webhook' };
  const found = await countCaughtUp(ledger, forge);
  const mend = isGitea
    ? [
        'press "Test delivery" on the page of the webhook; if nothing comes then:',
        'app.ini of the forge: [webhook] ALLOWED_HOST_LIST must name the host of `url`; private addresses are refused in silence',
      ]
    : ['look at "Recent Deliveries" on the page of the App'];
  // Without anything to tell there is none to come: only what was found in another way is a proof.
  if (found === 0) return { tier: 'skipped', subject, text: 'none has come yet', mend };
  return {
    tier: 'warning',
    subject,
    text: `none has ever come, though ${found} ${found === 1 ? 'comment was' : 'comments were'} found by listing`,
    consequence: 'every command is found by listing comments, up to a minute late',
    mend,
  };
}

async function countCaughtUp({ db }: Ledger, forge: string): Promise<number> {
  const row = await db
    .selectFrom('deliveries')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('forge', '=', forge)
    .where('source', '=', 'catch-up')
    .executeTakeFirstOrThrow();
  return Number(row.n);
}

function spanOf(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return ms < 2 * DAY_MS ? `${Math.round(minutes / 60)} h` : `${Math.round(ms / DAY_MS)} days`;
}
