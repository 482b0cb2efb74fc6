import type { Cleanliness, Residual } from '../../domain/run.ts';
import { findResiduals } from './deployers/process-residuals.ts';
import type { Swept } from './execution.ts';
import type { Claim } from './identity.ts';
import { killOwned } from './kill.ts';
import { ownedProcesses, runsOf, scanProcesses } from './processes.ts';
import type { Settings } from './settings.ts';
import { isRoot, USER_SPAN } from './users.ts';
import {
  ensureDirectory,
  type FoundWorkspace,
  listWorkspaces,
  removeWorkspace,
} from './workspace.ts';

const BUDGET_MS = 30_000;

/** Removes what dead workers of this installation left: found by directory and by mark, see `identity.ts`. */
export async function sweepRuns(
  settings: Settings,
  isAlive: (runId: string) => Promise<boolean>,
): Promise<readonly Swept[]> {
  const directory = await ensureDirectory(settings.directory);
  const workspaces = await listWorkspaces(directory, settings.installation);
  const ids = new Set(workspaces.map(({ runId }) => runId));
  for (const runId of runsOf(scanProcesses(), settings.installation)) ids.add(runId);
  const swept: Swept[] = [];
  for (const runId of ids) {
    if (await isAlive(runId)) continue;
    swept.push(await removeLeftovers(settings, runId));
  }
  return swept;
}

/** What `sweepRuns` does, for one run and whether it is alive or not. */
export async function removeRun(settings: Settings, runId: string): Promise<Cleanliness> {
  const { removed, residuals } = await removeLeftovers(settings, runId);
  const at = settings.clock.now();
  return residuals.length === 0
    ? { state: 'clean', at, removed }
    : { state: 'dirty', at, residuals };
}

/** A quick look before a run starts: only when there is something, the slow and thorough way is gone. */
export async function removeEarlierAttempts(settings: Settings, runId: string): Promise<void> {
  const workspaces = await workspacesOf(settings, runId);
  const owned = ownedProcesses(scanProcesses(), claimOf(settings, runId, workspaces));
  if (workspaces.length > 0 || owned.length > 0) await removeLeftovers(settings, runId);
}

async function removeLeftovers(settings: Settings, runId: string): Promise<Swept> {
  const { clock, limits } = settings;
  const workspaces = await workspacesOf(settings, runId);
  const claim = claimOf(settings, runId, workspaces);
  const { killGraceMs: graceMs, quietMs } = limits;
  const killed = await killOwned({ claim, clock, graceMs, quietMs, budgetMs: BUDGET_MS });
  if (killed.left.length === 0) {
    for (const { path } of workspaces) await removeWorkspace(path);
  }
  const residuals = await lookTwice(settings, claim, workspaces);
  return {
    runId,
    removed: { processes: killed.count, directories: workspaces.length },
    residuals,
  };
}

/** Clean is what was clean at both ends of a quiet window. */
async function lookTwice(
  settings: Settings,
  claim: Claim,
  workspaces: readonly FoundWorkspace[],
): Promise<readonly Residual[]> {
  const look = async () => {
    const found = await Promise.all(
      (workspaces.length === 0 ? [{ path: '', ports: [] }] : workspaces).map((workspace) =>
        findResiduals({
          claim,
          path: workspace.path,
          ports: Object.fromEntries(workspace.ports.map((port) => [String(port), port])),
        }),
      ),
    );
    return found.flat();
  };
  const first = await look();
  if (first.length > 0) return first;
  await settings.clock.sleep(settings.limits.quietMs);
  return look();
}

async function workspacesOf(settings: Settings, runId: string): Promise<readonly FoundWorkspace[]> {
  const directory = await ensureDirectory(settings.directory);
  const all = await listWorkspaces(directory, settings.installation);
  return all.filter((workspace) => workspace.runId === runId);
}

function claimOf(settings: Settings, runId: string, workspaces: readonly FoundWorkspace[]): Claim {
  const { installation, uidBase } = settings;
  const users = { from: uidBase, to: uidBase + USER_SPAN - 1 };
  const paths = workspaces.map(({ path }) => path);
  return { installation, runId, workspaces: paths, ...(isRoot() ? { users } : {}) };
}
