import { repositoryAllowed } from './domain/repository-pattern.ts';
import type { Forge } from './forges/forge.ts';
import type { Context } from './handlers/context.ts';
import { createCommandProcessor } from './handlers/on-command.ts';
import { createDeliveryProcessor } from './handlers/on-delivery.ts';
import { createExecutionProcessor } from './handlers/on-execution.ts';
import { createRunProcessor } from './handlers/on-run.ts';
import type { KeepRemoteLog } from './handlers/remote-logs.ts';
import { executionKind } from './handlers/wake-runner.ts';
import { createIntake, type Intake } from './http/intake.ts';
import type { Ledger } from './ledger/database.ts';
import { createInbox } from './ledger/inbox.ts';
import type { Clock } from './lib/clock.ts';
import type { Mask } from './lib/redact.ts';
import type { Lane } from './queue/dispatcher.ts';
import type { Markers } from './report/marker.ts';
import { createReportProcessor } from './report/reporter.ts';
import type { Pace } from './report/reporter-options.ts';
import type { Templates } from './report/templates.ts';
import type { LifecycleRunner } from './runner/lifecycle/index.ts';
import type { RemoteRunner } from './runner/runner.ts';

export type CoreOptions = {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly forges: ReadonlyMap<string, Forge>;
  readonly remoteRunners: ReadonlyMap<string, RemoteRunner>;
  readonly localRunners: readonly LifecycleRunner[];
  /** Absent: the logs of remote runs stay where they are. */
  readonly keepRemoteLog?: KeepRemoteLog;
  /** Takes our own secrets out of a text. */
  readonly mask?: Mask;
  /** Patterns of the repositories that a forge's events are obeyed for. */
  readonly repositoriesOf: (forge: string) => readonly string[];
  /** Public address, no trailing slash. */
  readonly url: string;
  readonly markers: Markers;
  readonly templates: Templates;
  readonly pace: Pace;
};

/** The product between the door and the far sides: no socket, no file, no process; all of that comes in by ports. */
export type Core = {
  readonly context: Context;
  readonly intake: Intake;
  readonly lanes: readonly Lane[];
  /** True makes the intake refuse with 503. */
  readonly setOverloaded: (isOverloaded: boolean) => void;
  /** Called after each commit of the inbox. */
  readonly onArrival: (listener: () => void) => void;
};

/** Pieces of each kind that one process does at once; executions are bounded by their runner's slots. */
const HANDS = { delivery: 20, command: 20, run: 20 };
/** Deliveries that may wait for one commit. */
const MAX_WAITING = 5_000;

export function createCore(options: CoreOptions): Core {
  const { ledger, clock, newId, forges, localRunners, url } = options;
  const context: Context = {
    ledger,
    clock,
    newId,
    forges,
    remoteRunners: options.remoteRunners,
    keepRemoteLog: options.keepRemoteLog ?? (async () => {}),
    mask: options.mask ?? ((text) => text),
    localRunners: new Set(localRunners.map((runner) => runner.name)),
    url,
  };
  const listeners: (() => void)[] = [];
  let overloaded = false;
  const inbox = createInbox(ledger, {
    maxWaiting: MAX_WAITING,
    onRecorded: () => {
      for (const listener of listeners) listener();
    },
  });
  const intake = createIntake({
    inbox,
    newId,
    now: clock.now,
    isAllowed: (forge, repository) => repositoryAllowed(options.repositoriesOf(forge), repository),
    isOverloaded: () => overloaded,
  });
  return {
    context,
    intake,
    lanes: createLanes(options, context),
    setOverloaded: (isOverloaded) => {
      overloaded = isOverloaded;
    },
    onArrival: (listener) => {
      listeners.push(listener);
    },
  };
}

/** Reports have a lane per forge: one that is slow or limits us does not hold up the others. */
function createLanes(options: CoreOptions, context: Context): readonly Lane[] {
  const { ledger, clock, url, markers, templates, pace } = options;
  const reports = [...options.forges.values()].map((forge) => ({
    kind: `report:${forge.name}`,
    concurrency: forge.writers,
    processor: createReportProcessor({ ledger, clock, forge, url, markers, templates, pace }),
  }));
  const executions = options.localRunners.map((runner) => ({
    kind: executionKind(runner.name),
    concurrency: runner.slots,
    processor: createExecutionProcessor(context, runner),
  }));
  return [
    { kind: 'delivery', concurrency: HANDS.delivery, processor: createDeliveryProcessor(context) },
    { kind: 'command', concurrency: HANDS.command, processor: createCommandProcessor(context) },
    { kind: 'run', concurrency: HANDS.run, processor: createRunProcessor(context) },
    ...reports,
    ...executions,
  ];
}
