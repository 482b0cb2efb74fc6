import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Finding } from '../../domain/finding.ts';
import { findTool } from './children.ts';
import { runsOf, scanProcesses } from './processes.ts';
import type { Settings } from './settings.ts';
import { runTool } from './tool.ts';
import { claimUser, isRoot, USER_SPAN } from './users.ts';
import { listWorkspaces } from './workspace.ts';

/** What `signalbox doctor` knows of the runs of this host; `undefined` where the ledger could not be asked. */
export type LocalQuestion = {
  readonly isAlive: ((runId: string) => Promise<boolean>) | undefined;
  /** Runs that are being executed now. */
  readonly busy: number | undefined;
};

const TOOL_MS = 10_000;
const NEEDED: readonly (readonly [name: string, debianPackage: string])[] = [
  ['git', 'git'],
  ['setpriv', 'util-linux'],
  ['prlimit', 'util-linux'],
  ['rm', 'coreutils'],
  ['chmod', 'coreutils'],
  ['chown', 'coreutils'],
];

/** What could keep this host from executing runs. Changes nothing; never throws. */
export async function* examineHost(
  settings: Settings,
  question: LocalQuestion,
): AsyncGenerator<Finding> {
  yield await examineTools();
  yield await examinePrivileges(settings);
  yield slotsFinding(settings.slots, question.busy);
  yield await examineLeftovers(settings, question.isAlive);
}

async function examineTools(): Promise<Finding> {
  const subject = 'tools';
  const missing = NEEDED.filter(([name, debianPackage]) => {
    try {
      findTool(name, debianPackage);
      return false;
    } catch {
      return true;
    }
  });
  if (missing.length > 0) {
    const packages = [...new Set(missing.map(([, debianPackage]) => debianPackage))];
    return {
      tier: 'failure',
      subject,
      text: `missing on this host: ${missing.map(([name]) => name).join(', ')}`,
      consequence: 'every run ends in an error',
      mend: [`apt-get install ${packages.join(' ')}`],
    };
  }
  const git = findTool('git', 'git');
  const call = { file: git, args: ['--version'], environment: {}, cwd: '/', timeoutMs: TOOL_MS };
  const { stdout } = await runTool(call);
  return { tier: 'ok', subject, text: `${stdout.trim()}, setpriv, prlimit` };
}

async function examinePrivileges(settings: Settings): Promise<Finding> {
  const subject = 'privileges';
  const { uidBase } = settings;
  if (!isRoot()) {
    const text = `runs are user ${process.getuid?.() ?? ''} as the bot is, without a way to gain rights`;
    return { tier: 'ok', subject, text };
  }
  const closed = closedAbove(settings.directory);
  if (closed !== undefined) {
    return {
      tier: 'failure',
      subject,
      text: `runs are users of their own, and may not pass through ${closed}`,
      consequence: 'every run ends in an error',
      mend: [`chmod o+x ${closed}`],
    };
  }
  try {
    const claimed = await claimUser(uidBase);
    await claimed.release();
    const { user } = claimed;
    const setpriv = findTool('setpriv', 'util-linux');
    const { code, stderr } = await runTool({
      file: setpriv,
      args: [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--no-new-privs', 'true'],
      environment: { PATH: '/usr/bin:/bin' },
      cwd: '/',
      timeoutMs: TOOL_MS,
    });
    if (code === 0) {
      const text = `runs are users ${uidBase} to ${uidBase + USER_SPAN - 1}, never root`;
      return { tier: 'ok', subject, text };
    }
    return {
      tier: 'failure',
      subject,
      text: `privileges cannot be dropped: ${stderr.trim().split('\n', 1)[0] ?? ''}`,
      consequence: 'every run ends in an error: the code under test is never run as root',
      mend: [
        'start it as an ordinary user, or leave it CAP_SETUID, CAP_SETGID, CAP_KILL, CAP_CHOWN',
      ],
    };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const mend = [`runners.${settings.name}.uidBase: another range of ${USER_SPAN} free user ids`];
    return { tier: 'failure', subject, text, consequence: 'every run ends in an error', mend };
  }
}

/** The first directory, from below, that others may not enter; one that is not there yet is made so that they may. */
function closedAbove(directory: string): string | undefined {
  for (let path = directory; path !== dirname(path); path = dirname(path)) {
    if (existsSync(path) && (statSync(path).mode & 0o001) === 0) return path;
  }
  return undefined;
}

function slotsFinding(slots: number, busy: number | undefined): Finding {
  const subject = 'slots';
  if (busy === undefined) return { tier: 'ok', subject, text: `${slots}` };
  return { tier: 'ok', subject, text: `${Math.max(0, slots - busy)} of ${slots} free` };
}

async function examineLeftovers(
  settings: Settings,
  isAlive: LocalQuestion['isAlive'],
): Promise<Finding> {
  const subject = 'leftovers';
  if (isAlive === undefined) return { tier: 'skipped', subject, text: 'needs the ledger' };
  const { directory, installation } = settings;
  const workspaces = existsSync(directory) ? await listWorkspaces(directory, installation) : [];
  const ids = new Set(workspaces.map(({ runId }) => runId));
  for (const runId of runsOf(scanProcesses(), installation)) ids.add(runId);
  const left: string[] = [];
  for (const runId of ids) if (!(await isAlive(runId))) left.push(runId);
  if (left.length === 0) return { tier: 'ok', subject, text: '0 of earlier runs' };
  return {
    tier: 'warning',
    subject,
    text: `${left.length} earlier ${left.length === 1 ? 'run' : 'runs'} left something: ${left.slice(0, 3).join(', ')}`,
    consequence: 'disk and memory are missing; new runs of the same suite may wait',
    mend: [
      'signalbox serve removes it within a minute; if not, its log says what stands in the way',
    ],
  };
}
