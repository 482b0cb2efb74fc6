import { type Core, createCore } from '../../src/core.ts';
import type { CommentEvent } from '../../src/domain/forge-event.ts';
import type { Forge } from '../../src/forges/forge.ts';
import { executionKind } from '../../src/handlers/wake-runner.ts';
import type { Ledger } from '../../src/ledger/database.ts';
import { addToCounters, countUnfinished } from '../../src/ledger/deliveries.ts';
import type { WorkFailure } from '../../src/ledger/held.ts';
import { endLeasesOf } from '../../src/ledger/work.ts';
import { cached } from '../../src/lib/cached.ts';
import { createIds } from '../../src/lib/ids.ts';
import { repeat } from '../../src/lib/repeat.ts';
import { catchUp, redeliver } from '../../src/maintenance/catch-up.ts';
import { sweep } from '../../src/maintenance/janitor.ts';
import { reconcile } from '../../src/maintenance/reconcile.ts';
import { createDispatcher } from '../../src/queue/dispatcher.ts';
import type { Markers } from '../../src/report/marker.ts';
import { DEFAULT_PACE } from '../../src/report/reporter-options.ts';
import type { Templates } from '../../src/report/templates.ts';
import type { LifecycleRunner } from '../../src/runner/lifecycle/index.ts';
import type { RemoteRunner } from '../../src/runner/runner.ts';
import type { Life } from './life.ts';
import { REPOSITORY } from './sim-forge.ts';

/** As in `app.ts`; not all of it has a name there. */
const LEASE_MS = 15_000;
const POLL_MS = 10_000;
const IDENTITY_MS = 10 * 60_000;
const CATCH_UP_MS = 60_000;
const RECONCILE_MS = 60_000;
const UPKEEP_MS = 15_000;
const MAX_UNFINISHED = 500;
export const URL = 'https://ci.test';

export type AppParts = {
  readonly life: Life;
  readonly ledger: Ledger;
  readonly forge: Forge;
  readonly drone: RemoteRunner;
  readonly local: LifecycleRunner;
  readonly markers: Markers;
  readonly templates: Templates;
  readonly random: () => number;
  readonly isDeadOwner: (owner: string) => boolean;
  readonly onFailure: (failure: WorkFailure) => void;
  /** Called when a catch-up begins; what it returns, when it has ended well. */
  readonly onCatchUp: () => () => void;
  readonly onRepair: (count: number) => void;
};

/** Builds what `app.ts` builds and starts it as `service.ts` does, step by step. Resolves when the door is open. */
export async function bootApp(parts: AppParts): Promise<Core> {
  const { life, ledger, drone, local } = parts;
  const { clock } = life;
  const whoAmI = cached(() => parts.forge.whoAmI(), { ttlMs: IDENTITY_MS, now: clock.now });
  const forge: Forge = { ...parts.forge, whoAmI };
  const core = createCore({
    ledger,
    clock,
    newId: createIds(clock.now, parts.random),
    forges: new Map([[forge.name, forge]]),
    remoteRunners: new Map([[drone.name, drone]]),
    localRunners: [local],
    repositoriesOf: () => ['demo/*'],
    url: URL,
    markers: parts.markers,
    templates: parts.templates,
    pace: DEFAULT_PACE,
  });
  const kind = executionKind(local.name);
  const janitor = () =>
    sweep({
      ledger,
      runner: local,
      kindOf: (run) => executionKind(run.runner),
      owner: life.owner,
      leaseMs: LEASE_MS,
      now: clock.now,
    });
  const reconcileNow = async () => {
    const kindOfRun = (runner: string) => (runner === local.name ? kind : 'run');
    const repairs = await reconcile(ledger, { now: clock.now(), kindOfRun });
    parts.onRepair(repairs.length);
  };
  await endLeasesOf(ledger.db, parts.isDeadOwner);
  await janitor();
  await reconcileNow();
  const dispatcher = createDispatcher({
    ledger,
    lanes: core.lanes,
    owner: life.owner,
    clock,
    leaseMs: LEASE_MS,
    pollMs: POLL_MS,
    onFailure: parts.onFailure,
  });
  core.onArrival(() => dispatcher.nudge());
  dispatcher.start();
  const take = (from: Forge, event: CommentEvent) => takeComment(core, from, event);
  const catchUpNow = async () => {
    const onEnd = parts.onCatchUp();
    const repositories = await forge.listRepositories([REPOSITORY]);
    await redeliver({ ledger, forge });
    await catchUp({ ledger, forge, repositories, now: clock.now, take });
    onEnd();
    dispatcher.nudge();
  };
  const upkeep = async () => {
    await addToCounters(ledger.db, core.intake.drainCounts());
    core.setOverloaded((await countUnfinished(ledger.db)) >= MAX_UNFINISHED);
  };
  const onError = () => {};
  repeat({ clock, everyMs: UPKEEP_MS, onError }, upkeep);
  repeat({ clock, everyMs: RECONCILE_MS, onError }, reconcileNow);
  repeat({ clock, everyMs: RECONCILE_MS, onError }, janitor);
  const first = catchUpNow().catch(onError);
  void first.then(() => repeat({ clock, everyMs: CATCH_UP_MS, onError }, catchUpNow));
  return core;
}

function takeComment({ intake }: Core, forge: Forge, event: CommentEvent): Promise<unknown> {
  return intake.take({
    forge: forge.name,
    source: 'catch-up',
    event,
    deliveryId: undefined,
    headers: {},
    body: Buffer.from(JSON.stringify(event.comment)),
  });
}
