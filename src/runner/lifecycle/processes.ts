import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { ATTEMPT_MARK, type Claim, INSTALLATION_MARK, isLimitMark, RUN_MARK } from './identity.ts';

/** One live process as /proc shows it. Zombies are not live. */
export type ProcessFacts = {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Clock ticks since boot; with the pid it names a process for ever. */
  readonly startedAt: number;
  readonly user: number;
  readonly threads: number;
  readonly residentBytes: number;
  readonly command: string;
  readonly workingDirectory: string;
  /** Its environment at exec, only the variables that matter to us. */
  readonly environment: Readonly<Record<string, string>>;
  readonly lockLimit: string;
};

const VARIABLES = new Set([RUN_MARK, ATTEMPT_MARK, INSTALLATION_MARK, 'APP_SOURCE']);
const KERNEL_THREADS = 2;

/** All live processes except ourselves. What vanishes or is replaced while we look is left out. */
export function scanProcesses(): readonly ProcessFacts[] {
  const found: ProcessFacts[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const facts = readProcess(pid);
    if (facts !== undefined) found.push(facts);
  }
  return found;
}

/** Start time of a live process; undefined when there is none with this pid. */
export function startOf(pid: number): number | undefined {
  return readStat(pid)?.startedAt;
}

/** Processes that are provably ours, and their descendants. Pure. */
export function ownedProcesses(
  all: readonly ProcessFacts[],
  claim: Claim,
): readonly ProcessFacts[] {
  const owned = new Map<number, ProcessFacts>();
  for (const facts of all) if (carriesProof(facts, claim)) owned.set(facts.pid, facts);
  for (let grown = true; grown; ) {
    grown = false;
    for (const facts of all) {
      const parent = owned.get(facts.parent);
      if (parent === undefined || owned.has(facts.pid)) continue;
      if (facts.startedAt < parent.startedAt) continue;
      owned.set(facts.pid, facts);
      grown = true;
    }
  }
  return [...owned.values()];
}

/** Both marks, or the limit made from both, or a user of ours inside the run's own directory. */
function carriesProof(facts: ProcessFacts, claim: Claim): boolean {
  const { environment } = facts;
  const marked =
    environment[RUN_MARK] === claim.runId &&
    environment[INSTALLATION_MARK] === claim.installation &&
    (claim.attempt === undefined || environment[ATTEMPT_MARK] === String(claim.attempt));
  return marked || isLimitMark(facts.lockLimit, claim) || worksInside(facts, claim);
}

function worksInside({ user, workingDirectory }: ProcessFacts, claim: Claim): boolean {
  // Without users of our own, a person's shell in that directory would look the same.
  if (claim.users === undefined || user < claim.users.from || user > claim.users.to) return false;
  return claim.workspaces.some(
    (path) => workingDirectory === path || workingDirectory.startsWith(`${path}/`),
  );
}

/** Run ids that live processes of an installation carry in their environment. */
export function runsOf(all: readonly ProcessFacts[], installation: string): readonly string[] {
  const marked = all.filter(({ environment }) => environment[INSTALLATION_MARK] === installation);
  return [...new Set(marked.flatMap(({ environment }) => environment[RUN_MARK] ?? []))];
}

function readProcess(pid: number): ProcessFacts | undefined {
  const stat = readStat(pid);
  if (stat === undefined || stat.parent === KERNEL_THREADS || pid === KERNEL_THREADS) return;
  const status = read(`/proc/${pid}/status`);
  const facts: ProcessFacts = {
    pid,
    ...stat,
    user: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? -1),
    threads: Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 1),
    residentBytes: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024,
    command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim().slice(0, 200),
    workingDirectory: readLink(`/proc/${pid}/cwd`),
    environment: readEnvironment(pid),
    lockLimit: /^Max file locks\s+\S+\s+(\S+)/m.exec(read(`/proc/${pid}/limits`))?.[1] ?? '',
  };
  // The pid may have been given away while we read: then the parts do not belong together.
  return startOf(pid) === stat.startedAt ? facts : undefined;
}

function readStat(pid: number): { parent: number; group: number; startedAt: number } | undefined {
  const text = read(`/proc/${pid}/stat`);
  // The command stands in parentheses and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = 'X', parent, group] = fields;
  if (text === '' || state === 'Z' || state === 'X') return undefined;
  return { parent: Number(parent), group: Number(group), startedAt: Number(fields[19]) };
}

function readEnvironment(pid: number): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const entry of read(`/proc/${pid}/environ`).split('\0')) {
    const at = entry.indexOf('=');
    const name = entry.slice(0, at);
    if (VARIABLES.has(name)) environment[name] ??= entry.slice(at + 1);
  }
  return environment;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
