import { constants } from 'node:fs';
import { open, readlink } from 'node:fs/promises';

/**
 * Reads a file that tested code wrote: only a regular file that really lies in `directory`, at most `maxBytes`
 * of it. A link, a pipe or a device gives undefined, also when it is put there while we look.
 */
export async function readInside(
  directory: string,
  path: string,
  maxBytes: number,
): Promise<string | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const real = await readlink(`/proc/self/fd/${file.fd}`);
    const facts = await file.stat();
    if (!facts.isFile() || facts.nlink !== 1 || !real.startsWith(`${directory}/`)) return undefined;
    const buffer = Buffer.alloc(Math.min(maxBytes, facts.size));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
