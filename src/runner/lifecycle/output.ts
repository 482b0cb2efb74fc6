import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

export type OutputLimits = {
  /** Bytes of one command or service that go to the log; of what follows only the end is kept. */
  readonly bytes: number;
  readonly lines: number;
};

export type LineSink = {
  line(text: string): void;
  /** Resolves when what was given is on disk: what makes a fast writer wait. */
  readonly settle: () => Promise<void>;
};

const LONGEST_LINE = 8_000;
const TAIL_BYTES = 8_000;
const TAIL_LINES = 40;

/**
 * Hands a stream on line by line in constant memory, whatever comes: long lines are cut, beyond the limits
 * everything is read and dropped but the last lines. Resolves at the end of the stream; never rejects.
 */
export async function pumpLines(
  stream: Readable,
  sink: LineSink,
  limits: OutputLimits,
): Promise<void> {
  const pump = createPump(sink, limits);
  try {
    for await (const chunk of stream) {
      pump.push(chunk as Buffer);
      if (pump.wantsRest()) await sink.settle();
    }
  } catch {
    // Destroyed by us, because somebody who outlived the command still holds the pipe.
  }
  pump.end();
}

function createPump(sink: LineSink, limits: OutputLimits) {
  const decoder = new StringDecoder('utf8');
  let open = '';
  let cut = false;
  let bytes = 0;
  let lines = 0;
  let unsettled = 0;
  let dropped = 0;
  // One buffer for good: a new one for every chunk would outrun the garbage collector.
  const tail = Buffer.alloc(TAIL_BYTES);
  let kept = 0;

  const keepEnd = (chunk: Buffer) => {
    const end = chunk.subarray(-TAIL_BYTES);
    const stays = Math.min(kept, TAIL_BYTES - end.length);
    tail.copyWithin(0, kept - stays, kept);
    end.copy(tail, stays);
    kept = stays + end.length;
  };
  const emit = (text: string) => {
    if (!cut && lines < limits.lines) sink.line(text);
    else dropped += text.length + 1;
    lines += 1;
    cut = false;
  };
  const take = (text: string) => {
    const parts = text.split('\n');
    const last = parts.pop() ?? '';
    for (const part of parts) {
      emit(open + part);
      open = '';
    }
    open += last;
    if (open.length > LONGEST_LINE) {
      emit(`${open.slice(0, LONGEST_LINE)}…`);
      // The rest of this line is swallowed: it must not be read as a line of its own.
      cut = true;
      open = '';
    }
  };
  return {
    push(chunk: Buffer) {
      if (bytes < limits.bytes && lines < limits.lines) {
        bytes += chunk.length;
        unsettled += chunk.length;
        take(decoder.write(chunk));
        return;
      }
      dropped += chunk.length;
      keepEnd(chunk);
    },
    wantsRest() {
      if (unsettled < 128 * 1024) return false;
      unsettled = 0;
      return true;
    },
    end() {
      const rest = open + decoder.end();
      if (rest !== '') emit(rest);
      if (dropped === 0) return;
      sink.line(`(${dropped} bytes of output were dropped here: too much)`);
      // The first part is the end of a line whose beginning is gone, and with it what would have been masked.
      for (const text of tail.toString('utf8', 0, kept).split('\n').slice(1).slice(-TAIL_LINES)) {
        if (text !== '') sink.line(text);
      }
    },
  };
}
