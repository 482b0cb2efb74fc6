import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { ForgeError } from '../forge.ts';

/** What makes us the App: from `signalbox.yml`, or written by `signalbox setup github`. */
export type AppCredentials = z.output<typeof credentialsSchema>;

export const credentialsSchema = z.object({
  appId: z.int().positive(),
  /** PEM. */
  privateKey: z.string().min(1),
  webhookSecret: z.string().min(16),
  /** For people, and for what may come: nothing works by them. */
  slug: z.string().optional(),
  htmlUrl: z.string().optional(),
  clientId: z.string().optional(),
  clientSecret: z.string().optional(),
});

export type CredentialFile = {
  /**
   * Undefined when there is none. Cheap: the file is looked at once a second at most, and read when it has changed, so
   * that what `signalbox setup github` writes counts without a restart. Throws `ForgeError` for a file that is broken
   * or open to others.
   */
  read(): AppCredentials | undefined;
  /** All of it or nothing. Throws the error of the file system. */
  write(credentials: AppCredentials): void;
};

const LOOK_MS = 1_000;
const OPEN_TO_OTHERS = 0o077;

export function createCredentialFile(
  path: string,
  { now = Date.now }: { now?: () => number } = {},
): CredentialFile {
  let known: { stamp: string; value: AppCredentials | ForgeError | undefined } | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  const look = () => {
    const stamp = stampOf(path);
    if (known?.stamp !== stamp) known = { stamp, value: stamp === '' ? undefined : load(path) };
    return known.value;
  };
  return {
    read() {
      const isDue = Math.abs(now() - lookedAt) >= LOOK_MS || known === undefined;
      if (isDue) lookedAt = now();
      const value = isDue ? look() : known?.value;
      if (value instanceof ForgeError) throw value;
      return value;
    },
    write(credentials) {
      writeWhole(path, `${JSON.stringify(credentials, undefined, 2)}\n`);
      lookedAt = Number.NEGATIVE_INFINITY;
    },
  };
}

/** Empty when there is no such file; a file that was replaced has another inode, one made readable another mode. */
function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? '' : [found.mtimeNs, found.ino, found.size, found.mode].join(' ');
}

function load(path: string): AppCredentials | ForgeError {
  const broken = (what: string, mend: string) =>
    new ForgeError('unauthorized', `${path} ${what}; mend it with: ${mend}`);
  let text: string;
  try {
    const mode = statSync(path).mode & 0o777;
    if ((mode & OPEN_TO_OTHERS) !== 0)
      return broken(`may be read by others (${mode.toString(8)})`, `chmod 600 ${path}`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return broken(`cannot be read (${code})`, `chown "$(id -un)" ${path}`);
  }
  const parsed = credentialsSchema.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  const what = parsed.error.issues.map(({ path: at }) => at.join('.') || 'all of it').join(', ');
  return broken(`is broken (${what})`, 'signalbox setup github --force');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Nobody ever sees half of it, and nobody else any of it. */
function writeWhole(path: string, text: string): void {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
