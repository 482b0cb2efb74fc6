import { join, normalize } from 'node:path';
import type { Ending } from '../../../domain/diagnosis.ts';
import { StageFailure } from '../failure.ts';
import type { LineSink } from '../output.ts';
import type { Step } from './deployer.ts';
import type { ProcessHost } from './process.ts';

const MAX_LISTED = 10_000;

type Call = Omit<Step, 'argv'>;

/**
 * Packs the declared paths of the state directory, and whatever the hooks put into APP_BACKUP. `tar` runs as
 * the app's own user, so that a link in the data leads to nothing that the app could not read itself.
 */
export async function archivePaths(
  host: ProcessHost,
  paths: readonly string[],
  step: Call,
): Promise<{ ending: Ending; listing: readonly string[] }> {
  const file = archiveFile(host);
  const members = [...paths.map(memberOf), 'backup'];
  const pack = ['tar', '--create', `--file=${file}`, '--', ...members];
  const ending = await host.execute({ ...step, argv: pack, cwd: host.workspace.path });
  if (ending.code !== 0) return { ending, listing: [] };
  const listing: string[] = [];
  const sink: LineSink = {
    settle: () => Promise.resolve(),
    line(text) {
      if (listing.length < MAX_LISTED) listing.push(text);
    },
  };
  const list = ['tar', '--list', `--file=${file}`];
  return { ending: await host.execute({ ...step, argv: list, sink }), listing };
}

/** Wipes the declared paths and APP_BACKUP, then unpacks: what is there afterwards is from the archive. */
export async function unarchivePaths(
  host: ProcessHost,
  paths: readonly string[],
  step: Call,
): Promise<Ending> {
  const cwd = host.workspace.path;
  for (const member of [...paths.map(memberOf), 'backup']) {
    const wipe = ['find', member, '-mindepth', '1', '-delete'];
    const rest = ['rm', '-rf', '--', member];
    const isRoot = member === 'state' || member === 'backup';
    const ending = await host.execute({ ...step, argv: isRoot ? wipe : rest, cwd });
    if (ending.code !== 0) return ending;
  }
  return host.execute({ ...step, argv: ['tar', '--extract', `--file=${archiveFile(host)}`], cwd });
}

function archiveFile({ workspace }: ProcessHost): string {
  return join(workspace.archive, 'backup.tar');
}

/** A declared path, relative to the state directory, as a member of the archive. */
function memberOf(path: string): string {
  const relative = normalize(path).replace(/\/+$/, '');
  if (relative === '..' || relative.startsWith('../') || relative.startsWith('/')) {
    const problem = 'A path in `data.backup.paths` leads out of the state directory';
    throw new StageFailure({ kind: 'archive', problem }, 'a path leads out of the state directory');
  }
  return relative === '.' ? 'state' : `state/${relative}`;
}
