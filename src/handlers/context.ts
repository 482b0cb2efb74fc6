import type { Forge } from '../forges/forge.ts';
import type { Ledger } from '../ledger/database.ts';
import type { Clock } from '../lib/clock.ts';
import type { Mask } from '../lib/redact.ts';
import type { RemoteRunner } from '../runner/runner.ts';
import type { KeepRemoteLog } from './remote-logs.ts';

/** What every handler works with. Built once, in `app.ts`. */
export type Context = {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly forges: ReadonlyMap<string, Forge>;
  readonly remoteRunners: ReadonlyMap<string, RemoteRunner>;
  /** Names of the runners that execute on a host of ours. */
  readonly localRunners: ReadonlySet<string>;
  readonly keepRemoteLog: KeepRemoteLog;
  /** Takes our own secrets out of what the far side said. */
  readonly mask: Mask;
  /** Public address, no trailing slash. */
  readonly url: string;
};

/** Throws when the configuration no longer names it: the work waits until it does again. */
export function forgeOf(context: Context, name: string): Forge {
  const forge = context.forges.get(name);
  if (!forge) throw new Error(`signalbox.yml no longer has the forge "${name}"`);
  return forge;
}
