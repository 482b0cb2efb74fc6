import type { Finding } from '../domain/finding.ts';
import type { Config } from '../domain/operator-schema.ts';
import { isTerminal } from '../domain/run.ts';
import type { Forge } from '../forges/forge.ts';
import type { Ledger } from '../ledger/database.ts';
import { findRun, listRuns } from '../ledger/runs.ts';
import type { HttpClient } from '../lib/http-client.ts';
import type { LifecycleRunner } from '../runner/lifecycle/index.ts';
import type { RemoteRunner } from '../runner/runner.ts';
import { type Check, tellAll } from './doctor.ts';
import { examineAddress } from './doctor-address.ts';
import { examineData } from './doctor-host.ts';
import { deliveryFinding, type LedgerLook } from './doctor-ledger.ts';
import { examineRedis } from './doctor-redis.ts';
import { repositoriesThatName } from './doctor-suites.ts';

export type DoctorParts = {
  readonly config: Config;
  readonly version: string;
  readonly look: LedgerLook;
  readonly forges: ReadonlyMap<string, Forge>;
  readonly remoteRunners: ReadonlyMap<string, RemoteRunner>;
  readonly localRunners: readonly LifecycleRunner[];
  readonly http: HttpClient;
  readonly now: () => number;
};

/** ms. A forge is asked a hundred things when it has fifty repositories, this host only a few. */
const FAR_MS = 60_000;
const NEAR_MS = 15_000;

/** Everything that is looked at, in the order in which it is told. */
export function createChecks(parts: DoctorParts): readonly Check[] {
  const { config, look } = parts;
  const redis = config.redis;
  return [
    near('config', () => tellAll([configFinding(config)])),
    near('ledger', () => tellAll(look.findings)),
    ...(redis === undefined ? [] : [near('redis', () => examineRedis(redis))]),
    near('data', () => examineData(config.data)),
    near('public address', (signal) =>
      examineAddress({ ...parts, url: config.url, listen: config.listen }, signal),
    ),
    ...[...parts.forges.values()].map((forge) => forgeCheck(parts, forge)),
    ...[...parts.remoteRunners.values()].map((runner) => remoteCheck(parts, runner)),
    ...parts.localRunners.map((runner) => localCheck(parts, runner)),
  ];
}

function near(subject: string, run: Check['run']): Check {
  return { subject, deadlineMs: NEAR_MS, run };
}

function configFinding({ forges, runners }: Config): Finding {
  const count = (names: object, what: string) => {
    const { length } = Object.keys(names);
    return `${length} ${what}${length === 1 ? '' : 's'}`;
  };
  const text = `signalbox.yml valid (${count(forges, 'forge')}, ${count(runners, 'runner')})`;
  return { tier: 'ok', subject: 'config', text };
}

/** Subjects of a part begin with its name, as `forges:` and `runners:` have it. */
async function* named(name: string, findings: AsyncIterable<Finding>): AsyncGenerator<Finding> {
  for await (const finding of findings) yield { ...finding, subject: `${name} ${finding.subject}` };
}

function forgeCheck(parts: DoctorParts, forge: Forge): Check {
  const { config, look, now } = parts;
  const { name } = forge;
  const options = config.forges[name];
  const examine = async function* (signal: AbortSignal): AsyncGenerator<Finding> {
    const question = {
      repositories: options?.repositories ?? [],
      target: `${config.url}/webhooks/${name}`,
      now: now(),
    };
    let isConnected = true;
    for await (const finding of forge.examine(question, { signal })) {
      if (finding.subject.startsWith('webhook') && finding.tier !== 'ok') isConnected = false;
      yield finding;
    }
    if (look.ledger === undefined) {
      yield { tier: 'skipped', subject: 'deliveries', text: 'needs the ledger' };
      return;
    }
    const isGitea = options?.kind !== 'github';
    yield await deliveryFinding(look.ledger, { forge: name, isGitea, isConnected, now: now() });
  };
  return { subject: name, deadlineMs: FAR_MS, run: (signal) => named(name, examine(signal)) };
}

function remoteCheck(parts: DoctorParts, runner: RemoteRunner): Check {
  const { name } = runner;
  const examine = async function* (signal: AbortSignal): AsyncGenerator<Finding> {
    const all = await Promise.all(
      [...parts.forges.values()].map((forge) =>
        repositoriesThatName(name, { config: parts.config, forge, now: parts.now() }, signal),
      ),
    );
    if (runner.examine) yield* runner.examine(all.flat(), { signal });
    else yield { tier: 'skipped', subject: 'runner', text: 'has nothing to look at' };
  };
  return { subject: name, deadlineMs: FAR_MS, run: (signal) => named(name, examine(signal)) };
}

function localCheck({ look: { ledger } }: DoctorParts, runner: LifecycleRunner): Check {
  const { name } = runner;
  const examine = async function* (): AsyncGenerator<Finding> {
    const question = ledger
      ? { isAlive: isAliveIn(ledger), busy: await countBusy(ledger, name) }
      : { isAlive: undefined, busy: undefined };
    if (runner.examine) yield* runner.examine(question);
  };
  return { subject: name, deadlineMs: NEAR_MS, run: () => named(name, examine()) };
}

function isAliveIn({ db }: Ledger): (runId: string) => Promise<boolean> {
  return async (runId) => {
    const run = await findRun(db, runId);
    return run !== undefined && !isTerminal(run.state);
  };
}

async function countBusy({ db }: Ledger, runner: string): Promise<number> {
  const live = await listRuns(db, { runner, live: true, limit: 1_000 });
  return live.filter(({ state }) => state !== 'queued').length;
}
