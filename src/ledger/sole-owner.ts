import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

export class DirectoryTaken extends Error {
  override readonly name = 'DirectoryTaken';
}

/**
 * One `serve` on one data directory: held as a file lock by the operating system, so that it ends with the process,
 * however that ends. Throws `DirectoryTaken` when another process has it. Returns the release.
 */
export function holdDirectory(directory: string): () => void {
  const lock = new DatabaseSync(`${directory}/serve.lock`, { timeout: 0 });
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    throw new DirectoryTaken(`another Signalbox serves from ${directory}`, { cause: error });
  }
  return () => lock.close();
}
