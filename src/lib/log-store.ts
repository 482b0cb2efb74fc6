import { appendFile, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createLineReader } from './line-index.ts';

export type StoredLine = {
  readonly n: number;
  readonly at: number;
  readonly stage: string;
  readonly text: string;
};

/**
 * Logs and artifacts of runs, files under `<directory>/<run id>/`: `log.ndjson`, one line of JSON per log line,
 * and `artifacts/`. Text is masked before it gets here. Lines are numbered from 1 over the whole run.
 */
export type LogStore = {
  open(runId: string): Promise<LogWriter>;
  /** Lines with `n > after`, at most `limit`, oldest first. An unknown run has none. */
  read(runId: string, options?: { after?: number; limit?: number }): Promise<readonly StoredLine[]>;
  count(runId: string): Promise<number>;
  artifacts(runId: string): string;
  /** Ids of the runs of which something is kept. */
  list(): Promise<readonly string[]>;
  remove(runId: string): Promise<void>;
};

export type LogWriter = {
  write(stage: string, text: string): void;
  /** Resolves when all that was written is in the file. */
  flush(): Promise<void>;
  readonly lines: number;
};

const MAX_LINE = 4_000;

export function createLogStore(options: {
  directory: string;
  now: () => number;
  maxLines?: number;
}): LogStore {
  const folder = (runId: string) => join(options.directory, runId.replace(/[^A-Za-z0-9_-]/g, '_'));
  const file = (runId: string) => join(folder(runId), 'log.ndjson');
  const reader = createLineReader(parseLine);
  const read: LogStore['read'] = (runId, { after = 0, limit = 100_000 } = {}) =>
    reader.read(file(runId), after, limit);
  return {
    read,
    count: (runId) => reader.count(file(runId)),
    artifacts: (runId) => join(folder(runId), 'artifacts'),
    list: () => readdir(options.directory).catch(nothingThere),
    remove: (runId) => rm(folder(runId), { recursive: true, force: true }),
    open: async (runId) => {
      await mkdir(join(folder(runId), 'artifacts'), { recursive: true });
      const from = await reader.count(file(runId));
      const known = await read(runId, { after: Math.max(0, from - 1) });
      await endLastLine(file(runId));
      return createWriter(file(runId), { ...options, from: known.at(-1)?.n ?? from });
    },
  };
}

function nothingThere(error: NodeJS.ErrnoException): readonly string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

function createWriter(
  path: string,
  options: { now: () => number; maxLines?: number; from: number },
): LogWriter {
  const limit = options.maxLines ?? 200_000;
  let n = options.from;
  let pending = '';
  let writing: Promise<void> = Promise.resolve();
  const drain = async () => {
    if (pending === '') return;
    const text = pending;
    pending = '';
    await appendFile(path, text);
  };
  return {
    write(stage, text) {
      for (const line of text.split(/\r?\n/)) {
        if (n >= limit) return;
        n += 1;
        const cut =
          n === limit ? 'the log is full: later lines were dropped' : line.slice(0, MAX_LINE);
        pending += `${JSON.stringify({ n, at: options.now(), stage, text: cut })}\n`;
      }
      writing = writing.then(drain);
      writing.catch(() => {});
    },
    flush: () => writing.then(drain),
    get lines() {
      return n;
    },
  };
}

/** A line that a crash cut short must not swallow the one written after it. */
async function endLastLine(path: string): Promise<void> {
  const handle = await open(path, 'a+');
  try {
    const { size } = await handle.stat();
    if (size === 0) return;
    const { buffer } = await handle.read({ buffer: Buffer.alloc(1), position: size - 1 });
    if (buffer[0] !== LINE_END) await handle.appendFile('\n');
  } finally {
    await handle.close();
  }
}

const LINE_END = 10;

/** A line cut short by a crash is no line. */
function parseLine(text: string): StoredLine | undefined {
  try {
    return JSON.parse(text) as StoredLine;
  } catch {
    return undefined;
  }
}
