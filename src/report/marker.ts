import { createHmac, timingSafeEqual } from 'node:crypto';

const SIGNATURE_DIGITS = 16;
const MAX_ID = 200;

type MarkerKind = 'status' | 'reply' | 'ping' | 'config';

/** `id` is the command for `status` and `reply`, the run for `ping`, the subject for `config`. */
export type Marker = {
  readonly kind: MarkerKind;
  readonly id: string;
  readonly run?: string;
  readonly rev?: number;
};

/**
 * The hidden last line by which a comment is known again as ours. A marker in a quoted comment or in a log
 * proves nothing: the caller checks the author as well, and only the last line counts.
 */
export type Markers = {
  /** Of a living comment. `run` is absent when the command has none (denied approval, several suites). */
  status(of: { command: string; run?: string; rev: number }): string;
  reply(commandId: string): string;
  ping(runId: string): string;
  config(id: string): string;
  /** The marker on the last line that is not blank, if its signature is ours. */
  find(body: string): Marker | undefined;
  /** Text that every comment with this marker contains, whatever its `rev`: for a cheap first look. */
  searchText(kind: MarkerKind, id: string): string;
};

/** Throws `RangeError` on an empty key, and its functions on an empty or overlong id. */
export function createMarkers(key: string | Buffer): Markers {
  if (key.length === 0) throw new RangeError('the key of the comment markers is empty');

  const sign = (marker: Marker): string =>
    createHmac('sha256', key)
      .update(JSON.stringify([marker.kind, marker.id, marker.run ?? '-', marker.rev ?? 0]))
      .digest('hex')
      .slice(0, SIGNATURE_DIGITS);
  const write = (marker: Marker): string =>
    `<!-- signalbox:${marker.kind} v1 ${attributes(marker)} sig=${sign(marker)} -->`;

  return {
    status: ({ command, run, rev }) =>
      write({ kind: 'status', id: command, rev, ...(run === undefined ? {} : { run }) }),
    reply: (id) => write({ kind: 'reply', id }),
    ping: (id) => write({ kind: 'ping', id }),
    config: (id) => write({ kind: 'config', id }),
    find: (body) => {
      const found = parse(lastLine(body));
      return found !== undefined && isEqual(found.signature, sign(found.marker))
        ? found.marker
        : undefined;
    },
    searchText: (kind, id) => (kind === 'status' ? ` cmd=${encode(id)} ` : head(kind, id)),
  };
}

const ID_KEYS = { status: 'cmd', reply: 'to', ping: 'run', config: 'of' } as const;

function attributes(marker: Marker): string {
  if (marker.kind !== 'status') return `${ID_KEYS[marker.kind]}=${encode(marker.id)}`;
  const run = marker.run === undefined ? '-' : encode(marker.run);
  return `run=${run} cmd=${encode(marker.id)} rev=${marker.rev}`;
}

function head(kind: Exclude<MarkerKind, 'status'>, id: string): string {
  return `<!-- signalbox:${kind} v1 ${ID_KEYS[kind]}=${encode(id)} `;
}

function parse(line: string): { marker: Marker; signature: string } | undefined {
  const match =
    /^<!-- signalbox:(status|reply|ping|config) v1 ([\w%.:/=+ -]{1,700}) sig=([0-9a-f]{16}) -->$/u.exec(
      line,
    );
  if (match === null) return undefined;
  const kind = match[1] as MarkerKind;
  const values = new Map((match[2] ?? '').split(' ').map(pair));
  const id = decode(values.get(ID_KEYS[kind]));
  if (id === undefined) return undefined;
  const run = kind === 'status' ? decode(values.get('run')) : undefined;
  const marker: Marker = {
    kind,
    id,
    ...(run === undefined || run === '-' ? {} : { run }),
    ...(kind === 'status' ? { rev: Number(values.get('rev')) } : {}),
  };
  return { marker, signature: match[3] ?? '' };
}

function pair(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

function lastLine(body: string): string {
  const trimmed = body.trimEnd();
  return trimmed.slice(trimmed.lastIndexOf('\n') + 1);
}

/** Ids are ours, but made from what forges send: nothing in them may end the comment or the attribute. */
function encode(id: string): string {
  if (id === '' || id.length > MAX_ID)
    throw new RangeError('an id of a marker is empty or too long');
  return encodeURIComponent(id)
    .replace(/[!'()*~]/gu, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/-(?=-)|^-$/gu, '%2D')
    .replaceAll('%3A', ':')
    .replaceAll('%2F', '/');
}

function decode(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function isEqual(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
