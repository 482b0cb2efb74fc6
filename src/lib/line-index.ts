import { type FileHandle, open } from 'node:fs/promises';

/**
 * Reads a growing file of lines from any line on without going through what stands before: each file that is read
 * has the places of some of its lines in memory, and what was appended since the last time is all that is scanned.
 */
export type LineReader<Line> = {
  /** Lines numbered higher than `after`, at most `limit`, in the order of the file. A missing file has none. */
  read(path: string, after: number, limit: number): Promise<readonly Line[]>;
  count(path: string): Promise<number>;
};

type Parse<Line> = (text: string) => Line | undefined;
/** All lines before `offset` are numbered `n` or lower. */
type Mark = { readonly n: number; readonly offset: number };
type Index = {
  readonly inode: number;
  readonly marks: Mark[];
  /** Bytes looked at so far; ends at the end of a line. */
  scanned: number;
  lines: number;
};

const LINES_PER_MARK = 256;
const MAX_FILES = 64;
const CHUNK = 64 * 1024;

/** `parse` gives undefined for what is no line. Numbers rise within a file. */
export function createLineReader<Line extends { readonly n: number }>(
  parse: Parse<Line>,
): LineReader<Line> {
  const files = new Map<string, Promise<Index | undefined>>();

  /** One scan at a time for each file: the next begins where this one ended. */
  const look = (path: string): Promise<Index | undefined> => {
    const known = files.get(path) ?? Promise.resolve(undefined);
    const next = known.catch(() => undefined).then((index) => extend(path, index, parse));
    files.delete(path);
    files.set(path, next);
    for (const oldest of files.keys()) {
      if (files.size <= MAX_FILES) break;
      files.delete(oldest);
    }
    return next;
  };

  return {
    read: async (path, after, limit) => {
      const index = await look(path);
      const lines: Line[] = [];
      if (!index || limit <= 0) return lines;
      const start = index.marks.findLast((mark) => mark.n <= after)?.offset ?? 0;
      await withFile(path, async (file) => {
        for await (const { text } of linesOf(file, start)) {
          const line = parse(text);
          if (line !== undefined && line.n > after) lines.push(line);
          if (lines.length >= limit) return;
        }
      });
      return lines;
    },
    count: async (path) => (await look(path))?.lines ?? 0,
  };
}

/** A file that is another one, or shorter than before, is scanned anew. */
async function extend<Line extends { readonly n: number }>(
  path: string,
  known: Index | undefined,
  parse: Parse<Line>,
): Promise<Index | undefined> {
  return withFile(path, async (file) => {
    const { ino, size } = await file.stat();
    const isSame = known?.inode === ino && size >= known.scanned;
    const index: Index = isSame ? known : { inode: ino, marks: [], scanned: 0, lines: 0 };
    if (size === index.scanned) return index;
    for await (const { text, end } of linesOf(file, index.scanned)) {
      index.scanned = end;
      const line = parse(text);
      if (line === undefined) continue;
      index.lines += 1;
      if (index.lines % LINES_PER_MARK === 0) index.marks.push({ n: line.n, offset: end });
    }
    return index;
  });
}

/** Whole lines from a byte on, each with the byte after its end. What has no line end yet is left out. */
async function* linesOf(
  file: FileHandle,
  from: number,
): AsyncGenerator<{ text: string; end: number }, void> {
  let rest: Buffer = Buffer.alloc(0);
  let restAt = from;
  for (;;) {
    const { bytesRead, buffer } = await file.read({
      buffer: Buffer.allocUnsafe(CHUNK),
      position: restAt + rest.length,
    });
    if (bytesRead === 0) return;
    const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    let start = 0;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, start)) {
      yield { text: bytes.toString('utf8', start, at), end: restAt + at + 1 };
      start = at + 1;
    }
    rest = bytes.subarray(start);
    restAt += start;
  }
}

async function withFile<Result>(
  path: string,
  body: (file: FileHandle) => Promise<Result>,
): Promise<Result | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return await body(file);
  } finally {
    await file.close();
  }
}
