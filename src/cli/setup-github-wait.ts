import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../domain/operator-schema.ts';
import type { AppCredentials } from '../forges/github/credentials.ts';
import { createFirstContact, unlessRefused } from '../forges/github/first-contact.ts';
import type { Ledger } from '../ledger/database.ts';
import { listDeliveries } from '../ledger/deliveries.ts';
import type { HttpClient } from '../lib/http-client.ts';
import { lookAtLedger } from '../maintenance/doctor-ledger.ts';
import { CliError } from './errors.ts';
import { clean } from './output.ts';
import type { Say } from './setup-github.ts';

type Waiting = {
  readonly config: Config;
  readonly forge: string;
  readonly url: string;
  readonly credentials: AppCredentials;
  readonly http: HttpClient;
  /** What came before is of an earlier App. */
  readonly began: number;
  readonly patienceMs: number;
  readonly say: Say;
};

const LOOK_MS = 500;
/** A running bot takes new credentials within a second; the first ping was sent before there were any. */
const RESEND_MS = 2_000;
const HINT_MS = 10_000;
const ASK_MS = 5_000;

/** Looks into the ledger of the running bot until GitHub's ping and the first installation have come. */
export async function waitForFirstContact(waiting: Waiting): Promise<void> {
  const { config, forge, say } = waiting;
  const github = createFirstContact({ ...waiting, now: Date.now });
  const started = Date.now();
  const seen = { ping: false, installation: false };
  const done = { hinted: false, askedAt: started };
  let resendAt = started + RESEND_MS;
  let ledger: Ledger | undefined;
  say('waiting', 'Waiting for the first ping and the first installation …');
  try {
    for (;;) {
      ledger ??= (await lookAtLedger(config)).ledger;
      const arrived = ledger ? await arrivals(ledger, waiting) : undefined;
      if (arrived?.ping && !seen.ping) {
        seen.ping = true;
        say('ping', '✔ GitHub reaches the bot: its ping has come');
      }
      if (arrived?.installation && !seen.installation) {
        seen.installation = true;
        const { repositories } = arrived.installation;
        const told = clean(repositories.slice(0, 5).join(', '));
        say('installed', `✔ The App is installed: ${told}`, { repositories });
      }
      if (seen.ping && seen.installation) break;
      const now = Date.now();
      if (!seen.ping && now >= resendAt) {
        resendAt = now + 4 * RESEND_MS;
        if (await unlessRefused(github.resendPing(), false))
          say('resent', 'Asked GitHub to send its ping again: the first came before the secret.');
      }
      if (!seen.ping && !done.hinted && now - started > HINT_MS) {
        done.hinted = true;
        say('hint', 'No ping yet. Is it running? signalbox serve');
      }
      if (seen.ping && !seen.installation && now - done.askedAt > ASK_MS) {
        done.askedAt = now;
        // Installed before the bot could hear of it, or by a webhook that got lost.
        const accounts = await unlessRefused(github.installedOn(), []);
        if (accounts.length > 0) {
          say('installed', `✔ The App is installed: ${clean(accounts.join(', '))}`, { accounts });
          break;
        }
      }
      if (now - started > waiting.patienceMs) throw late(seen.ping, waiting);
      await sleep(LOOK_MS);
    }
  } finally {
    await ledger?.close();
  }
  say(
    'done',
    `All is set up. Comment \`!help\` on a pull request; look whether all is well: signalbox doctor`,
    { forge },
  );
}

function late(hasPing: boolean, { forge, patienceMs, config }: Waiting): CliError {
  const span = `${Math.round(patienceMs / 1_000)} s`;
  return hasPing
    ? new CliError(
        `the App was installed nowhere within ${span}; its credentials are kept`,
        'Install it whenever you like, then: signalbox doctor',
      )
    : new CliError(
        `no ping of GitHub came within ${span} to ${config.url}/webhooks/${forge}; the credentials are kept`,
        'Why? signalbox doctor',
      );
}

type Fact = {
  readonly kind: string;
  readonly reason?: string;
  readonly access?: string;
  readonly repositories?: readonly string[];
};

async function arrivals(
  { db }: Ledger,
  { forge, began }: Waiting,
): Promise<{
  ping: boolean;
  installation: { repositories: readonly string[] } | undefined;
}> {
  const rows = await listDeliveries(db, { limit: 100 });
  const facts = rows
    .filter((row) => row.forge === forge && row.received_at >= began && row.source === 'webhook')
    .map((row) => JSON.parse(row.fact_json) as Fact);
  const installation = facts.find(
    ({ kind, access }) => kind === 'access-changed' && access === 'granted',
  );
  return {
    ping: facts.some(({ reason }) => reason === 'test_delivery'),
    installation: installation && { repositories: installation.repositories ?? [] },
  };
}
