import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { findTool } from './children.ts';
import { runTool } from './tool.ts';

/** Directories of one attempt of one run, all under `path`; `<directory>/<run id>.<attempt>`. */
export type Workspace = {
  readonly path: string;
  readonly git: string;
  readonly previous: string;
  readonly head: string;
  /** Handed to the app as APP_STATE: what outlives an upgrade. */
  readonly state: string;
  /** APP_BACKUP: where hooks put dumps. */
  readonly backup: string;
  readonly archive: string;
  readonly home: string;
  readonly temporary: string;
};

export type Owner = { readonly installation: string; readonly ports: readonly number[] };

const NAME = /^([A-Za-z0-9_-]{1,64})\.(\d{1,3})$/;
const REMOVE_TIMEOUT_MS = 60_000;

export function workspaceOf(directory: string, runId: string, attempt: number): Workspace {
  const name = `${runId}.${attempt}`;
  if (!NAME.test(name)) throw new Error('a run id is letters, digits, "-" and "_"');
  const path = join(directory, name);
  const at = (part: string) => join(path, part);
  return {
    path,
    git: at('git'),
    previous: at('previous'),
    head: at('head'),
    state: at('state'),
    backup: at('backup'),
    archive: at('archive'),
    home: at('home'),
    temporary: at('tmp'),
  };
}

/** The directory of all workspaces, made if need be, as the kernel names it; others may pass, not look. */
export async function ensureDirectory(directory: string): Promise<string> {
  const created = await mkdir(directory, { recursive: true });
  if (created !== undefined) await chmod(directory, 0o711);
  return realpath(directory);
}

/** Makes the directories; those that children write in belong to `user`. Throws when one exists already. */
export async function createWorkspace(
  workspace: Workspace,
  owner: Owner,
  user: number | undefined,
): Promise<void> {
  await mkdir(workspace.path);
  await chmod(workspace.path, 0o755);
  await writeFile(ownerFile(workspace.path), JSON.stringify(owner), { mode: 0o600 });
  await mkdir(workspace.git, { mode: 0o700 });
  const { previous, head, state, backup, archive, home, temporary } = workspace;
  for (const path of [previous, head, state, backup, archive, home, temporary]) {
    await mkdir(path, { mode: 0o700 });
    if (user !== undefined) await chown(path, user, user);
  }
}

/** Gives a tree to a user; symbolic links are changed themselves, never followed. */
export async function giveTo(path: string, user: number, signal: AbortSignal): Promise<void> {
  await coreutil('chown', ['-R', '-h', `${user}:${user}`, '--', path], signal);
}

/**
 * Removes a workspace, like `rm -r`: links are not followed, other file systems not entered. Only to be called
 * when no process of the run is alive, for such a one could exchange directories under our hands.
 */
export async function removeWorkspace(path: string): Promise<string | undefined> {
  if (!(await exists(path))) return undefined;
  // Unless root, a directory without the right to write keeps its entries.
  await coreutil('chmod', ['-R', 'u+rwX', '--', path]);
  const result = await coreutil('rm', ['-rf', '--one-file-system', '--', path]);
  return (await exists(path)) ? result || 'it could not be removed' : undefined;
}

export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

export type FoundWorkspace = {
  readonly runId: string;
  readonly path: string;
  readonly ports: readonly number[];
};

/** Workspaces on disk that this installation made. One without a readable owner file was never finished. */
export async function listWorkspaces(
  directory: string,
  installation: string,
): Promise<readonly FoundWorkspace[]> {
  const found: FoundWorkspace[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const runId = NAME.exec(entry.name)?.[1];
    if (runId === undefined || !entry.isDirectory()) continue;
    const path = join(directory, entry.name);
    const owner = await readOwner(path);
    if (owner !== undefined && owner.installation !== installation) continue;
    found.push({ runId, path, ports: owner?.ports ?? [] });
  }
  return found;
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(ownerFile(path), 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

function ownerFile(path: string): string {
  return join(path, 'owner.json');
}

/** What the tool complained about, its last line; empty when it ended well. */
async function coreutil(
  name: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const result = await runTool({
    file: findTool(name, 'coreutils'),
    args,
    environment: { LC_ALL: 'C' },
    cwd: '/',
    timeoutMs: REMOVE_TIMEOUT_MS,
    ...(signal ? { signal } : {}),
  });
  return result.code === 0 ? '' : (result.stderr.trim().split('\n').at(-1) ?? '');
}
