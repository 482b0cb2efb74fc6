import { type DestinationStream, type Logger as Pino, pino } from 'pino';

export type Logger = Pick<Pino, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

/** JSON lines to stderr. Whatever is logged goes through `mask` as text, so that no path of an object can leak. */
export function createLogger(options: { level: string; mask: (text: string) => string }): Logger {
  const stream: DestinationStream = {
    write: (line) => void process.stderr.write(options.mask(line)),
  };
  return pino(
    { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    stream,
  );
}
