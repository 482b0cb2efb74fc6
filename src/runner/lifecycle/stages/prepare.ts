import type { StageContext, StageResult } from '../context.ts';
import type { Version } from '../deployers/deployer.ts';
import { type Git, openGit } from '../git.ts';
import { runBuild } from '../hooks.ts';
import { choosePrevious, type Tag } from '../versions.ts';
import { createWorkspace, giveTo } from '../workspace.ts';

const GIT_TIMEOUT_MS = 600_000;

/** Brings the head, and the version published before it, into the workspace and builds both. */
export async function prepare(context: StageContext): Promise<StageResult> {
  const { run, workspace, found, source, mask, signal } = context;
  const { installation, ports, user } = context;
  await createWorkspace(workspace, { installation, ports: Object.values(ports) }, user);
  const git = await openGit(
    {
      cloneUrl: source.cloneUrl,
      environment: source.environment,
      marks: context.marks,
      directory: workspace.git,
      protocols: context.protocols,
      mask,
      timeoutMs: GIT_TIMEOUT_MS,
    },
    signal,
  );
  const label = run.sha.slice(0, 7);
  found.head = await bring(context, git, { label, sha: run.sha, directory: workspace.head });
  const previous = await findPrevious(context, git);
  if (previous !== undefined) {
    const version = { label: previous.name, sha: previous.sha, directory: workspace.previous };
    found.previous = await bring(context, git, version);
  }
  return { state: 'passed' };
}

/** Only needed when the upgrade from it is tested. */
async function findPrevious(context: StageContext, git: Git): Promise<Tag | undefined> {
  if (context.recipe.versions.previous === 'none' || !context.isAsked('upgrade')) return undefined;
  return choosePrevious(await git.tags(context.signal), context.run.sha);
}

async function bring(context: StageContext, git: Git, version: Version): Promise<Version> {
  context.log(`checkout ${version.label} (${version.sha})`);
  await git.checkout(version.sha, version.directory, context.signal);
  if (context.user !== undefined) await giveTo(version.directory, context.user, context.signal);
  await runBuild(context, version);
  return version;
}
