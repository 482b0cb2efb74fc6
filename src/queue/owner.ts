import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Who holds a lease: `<host>/<boot id>/<pid>/<start time>`. A pid alone is reused; a pid with its start time in
 * clock ticks since boot, and the boot, is one process and no other.
 */
export function ownOwner(): string {
  return `${hostname()}/${bootId()}/${process.pid}/${startTimeOf(process.pid) ?? '0'}`;
}

/** True only when the owner was a process of this host that is surely gone. */
export function isDeadOwner(owner: string): boolean {
  const [host, boot, pid, startTime] = owner.split('/');
  if (host !== hostname()) return false;
  if (boot !== bootId()) return true;
  return startTimeOf(Number(pid)) !== startTime;
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}

/** Field 22 of /proc/<pid>/stat; the command name before it may hold blanks and parentheses. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
