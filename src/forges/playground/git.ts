import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';

/** Text of a file, `null` to delete it, or text with a mode. */
type FileContent = string | null | { readonly text: string; readonly executable: boolean };
export type Files = Readonly<Record<string, FileContent>>;

export type NewCommit = {
  readonly ref: string;
  /** Full sha, absent for a root commit. */
  readonly parent: string | undefined;
  readonly files: Files;
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly at: number;
};

export type Git = {
  /** The environment of every child: nothing of the caller's own git settings reaches it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Output of one git command in a bare repository. Throws `GitError`. */
  run(directory: string, args: readonly string[], input?: string): Promise<string>;
  /** The same for what can never change, because `args` names commits and files by full shas: asked once. */
  recall(directory: string, args: readonly string[]): Promise<string>;
  init(directory: string, defaultBranch: string): Promise<void>;
  /** Writes a commit and moves `ref` to it, whatever the ref named before. Gives the full sha. */
  commit(directory: string, commit: NewCommit): Promise<string>;
  /** Full sha of a commit, or undefined. */
  findCommit(directory: string, name: string): Promise<string | undefined>;
  readRefs(
    directory: string,
  ): Promise<{ branches: Map<string, string>; tags: Map<string, string> }>;
};

export class GitError extends Error {
  override readonly name = 'GitError';
}

const MAX_REMEMBERED = 1_000;
const SEARCH_PATH = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin';

/** `searchPath`: where the git binary is looked for, in the form of PATH. */
export function createGit(searchPath: string = SEARCH_PATH): Git {
  const environment = {
    PATH: searchPath,
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_COMMITTER_NAME: 'playground',
    GIT_COMMITTER_EMAIL: 'playground@example.org',
    GIT_AUTHOR_NAME: 'playground',
    GIT_AUTHOR_EMAIL: 'playground@example.org',
  };
  const run: Git['run'] = (directory, args, input) =>
    runGit(['--git-dir', directory, '-c', 'core.quotePath=false', ...args], environment, input);

  const remembered = new Map<string, Promise<string>>();
  const recall: Git['recall'] = (directory, args) => {
    const key = [directory, ...args].join('\0');
    const known = remembered.get(key);
    if (known) return known;
    const asked = run(directory, args);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, asked);
    // What is not there yet may come with the next push.
    asked.catch(() => remembered.delete(key));
    return asked;
  };

  return {
    environment,
    run,
    recall,
    init: async (directory, defaultBranch) => {
      await mkdir(directory, { recursive: true });
      await runGit(
        ['init', '--quiet', '--bare', '-b', defaultBranch, '--', directory],
        environment,
        undefined,
      );
    },
    commit: async (directory, commit) => {
      const output = await run(
        directory,
        ['fast-import', '--quiet', '--force', '--cat-blob-fd=1'],
        toFastImport(commit),
      );
      return output.trim();
    },
    findCommit: async (directory, name) => {
      try {
        const ask = /^[0-9a-f]{40}$/.test(name) ? recall : run;
        const found = await ask(directory, [
          'rev-parse',
          '--verify',
          '--quiet',
          '--end-of-options',
          `${name}^{commit}`,
        ]);
        return found.trim();
      } catch {
        return undefined;
      }
    },
    readRefs: async (directory) => {
      const lines = await run(directory, [
        'for-each-ref',
        '--format=%(objectname) %(refname)',
        'refs/heads',
        'refs/tags',
      ]);
      const branches = new Map<string, string>();
      const tags = new Map<string, string>();
      for (const line of lines.split('\n')) {
        const [, sha, kind, name] = /^(\S+) refs\/(heads|tags)\/(.+)$/.exec(line) ?? [];
        if (sha !== undefined && name !== undefined)
          (kind === 'heads' ? branches : tags).set(name, sha);
      }
      return { branches, tags };
    },
  };
}

/** One process writes blobs, trees, commit and ref together. */
function toFastImport(commit: NewCommit): string {
  const who = `${commit.author.name} <${commit.author.email}> ${Math.floor(commit.at / 1000)} +0000`;
  const lines = [
    `commit ${commit.ref}`,
    'mark :1',
    `author ${who}`,
    `committer ${who}`,
    data(commit.message.endsWith('\n') ? commit.message : `${commit.message}\n`),
  ];
  if (commit.parent !== undefined) lines.push(`from ${commit.parent}`);
  for (const [path, content] of Object.entries(commit.files)) {
    const quoted = JSON.stringify(path);
    if (content === null) lines.push(`D ${quoted}`);
    else {
      const file = typeof content === 'string' ? { text: content, executable: false } : content;
      lines.push(`M ${file.executable ? '100755' : '100644'} inline ${quoted}`, data(file.text));
    }
  }
  lines.push('', 'get-mark :1', '');
  return lines.join('\n');
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}

function runGit(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  input: string | undefined,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', (error) =>
      reject(new GitError('git could not be started', { cause: error })),
    );
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output).toString());
      else reject(new GitError(`git ${args[4] ?? ''}: ${Buffer.concat(errors).toString().trim()}`));
    });
    child.stdin.on('error', () => {}); // a child that ended early says why on stderr
    child.stdin.end(input ?? '');
  });
}
