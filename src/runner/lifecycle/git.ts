import { join } from 'node:path';
import type { Mask } from '../../lib/redact.ts';
import { findTool } from './children.ts';
import { StageFailure } from './failure.ts';
import { runTool, type ToolResult } from './tool.ts';
import { parseTags, type Tag } from './versions.ts';

export type GitSource = {
  readonly cloneUrl: string;
  /** Credentials for git, e.g. GIT_CONFIG_COUNT and its pairs; reaches git and nobody else. */
  readonly environment: Readonly<Record<string, string>>;
  readonly marks: Readonly<Record<string, string>>;
  /** Bare repository, only readable by us. */
  readonly directory: string;
  readonly protocols: readonly string[];
  readonly mask: Mask;
  readonly timeoutMs: number;
};

export type Git = {
  tags(signal: AbortSignal): Promise<readonly Tag[]>;
  /** Brings exactly this commit into an empty directory. */
  checkout(sha: string, directory: string, signal: AbortSignal): Promise<void>;
};

/** Nothing that a repository or this host's users configured may run or redirect anything. */
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.bare=false',
  'credential.helper=',
  'protocol.version=2',
  'submodule.recurse=false',
  'gc.auto=0',
  'maintenance.auto=false',
].flatMap((setting) => ['-c', setting]);

const SHA = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * Fetches by full commit id only: a name chosen by a stranger never reaches git. All that fails is thrown as
 * `StageFailure` of kind `source`.
 */
export async function openGit(source: GitSource, signal: AbortSignal): Promise<Git> {
  const { cloneUrl, directory } = source;
  const protocol = /^([a-z]+):\/\//.exec(cloneUrl)?.[1] ?? 'none';
  if (!source.protocols.includes(protocol)) {
    throw unavailable(`the protocol ${protocol} is not allowed for a clone address`);
  }
  const git = (args: readonly string[], call: { signal: AbortSignal; index?: string }) =>
    runGit(source, args, call);
  ensure(source, await git(['init', '--quiet', '--bare', '--', directory], { signal }));
  return {
    async tags(stop) {
      const result = await git(['ls-remote', '--tags', '--', cloneUrl], { signal: stop });
      return parseTags(ensure(source, result).stdout);
    },
    async checkout(sha, target, stop) {
      if (!SHA.test(sha)) throw unavailable('that is not a full commit id');
      const fetch = ['fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules'];
      ensure(source, await git([...fetch, '--', cloneUrl, sha], { signal: stop }));
      const checkout = [`--work-tree=${target}`, 'checkout', '--quiet', '--force', sha, '--', '.'];
      const index = join(directory, `index-${sha}`);
      ensure(source, await git(checkout, { signal: stop, index }));
    },
  };
}

function runGit(
  source: GitSource,
  args: readonly string[],
  call: { signal: AbortSignal; index?: string },
): Promise<ToolResult> {
  return runTool({
    file: findTool('git', 'git'),
    args: [...SETTINGS, ...args],
    cwd: source.directory,
    timeoutMs: source.timeoutMs,
    signal: call.signal,
    environment: {
      ...source.environment,
      ...source.marks,
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: source.directory,
      LC_ALL: 'C',
      GIT_DIR: source.directory,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ASKPASS: '/bin/false',
      GIT_LFS_SKIP_SMUDGE: '1',
      GIT_ALLOW_PROTOCOL: source.protocols.join(':'),
      ...(call.index === undefined ? {} : { GIT_INDEX_FILE: call.index }),
    },
  });
}

function ensure(source: GitSource, result: ToolResult): ToolResult {
  if (result.code === 0) return result;
  const said = result.stderr.trim().split('\n').at(-1) ?? '';
  throw unavailable(source.mask(said) || `git ended with exit ${result.code}`);
}

function unavailable(message: string): StageFailure {
  return new StageFailure({ kind: 'source', message }, 'the source could not be fetched');
}
