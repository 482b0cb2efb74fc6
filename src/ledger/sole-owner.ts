import { DatabaseSync } from 'node:sqlite';

/**
 * One `serve` on one data directory: held as a file lock by the operating system, so that it ends with the process,
 * however that ends. Throws when another process has it. Returns the release.
 */
export function holdDirectory(directory: string): () => void {
  const lock = new DatabaseSync(`${directory}/serve.lock`, { timeout: 0 });
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    lock.close();
    throw new Error(
      `another Signalbox serves from ${directory}. Stop it first, or give this one a data directory of its own; several processes need PostgreSQL (\`database:\`)`,
      { cause: error },
    );
  }
  return () => lock.close();
}
