import type { Residual } from '../../../domain/run.ts';
import { isListening } from '../ports.ts';
import { ownedProcesses, scanProcesses } from '../processes.ts';
import { exists } from '../workspace.ts';
import type { ProcessDeployerOptions } from './process.ts';
import { describeProcess } from './process-strangers.ts';

/** Everything of a run that a look at /proc, the kernel's sockets and the disk shows. */
export async function findResiduals(
  options: Pick<ProcessDeployerOptions, 'claim' | 'ports' | 'user'> & { path: string },
): Promise<readonly Residual[]> {
  const all = scanProcesses();
  const owned = ownedProcesses(all, options.claim);
  const found: Residual[] = owned.map((facts) => ({
    kind: 'process',
    name: describeProcess(facts),
    reason: 'it could not be ended',
  }));
  for (const facts of all) {
    if (facts.user !== options.user || owned.includes(facts)) continue;
    found.push({
      kind: 'process',
      name: describeProcess(facts),
      reason: 'it has the user of this run, and nothing else proves that it is ours',
    });
  }
  for (const port of Object.values(options.ports)) {
    if (!isListening(port, options.user ?? process.getuid?.() ?? 0)) continue;
    found.push({ kind: 'port', name: String(port), reason: 'something still listens on it' });
  }
  const { path } = options;
  if (path !== '' && (await exists(path))) {
    found.push({ kind: 'directory', name: path, reason: 'it could not be removed' });
  }
  return found;
}
