import type { IncomingMessage, ServerResponse } from 'node:http';

/** Requests and answers on the bare sockets, for the one route where each microsecond is paid ten thousand times. */

/**
 * Calls back once: with the whole body, or with undefined when it has or announces more than `maxBytes`. A request
 * that breaks off is not called back: nobody waits for the answer.
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  callback: (body: Buffer | undefined) => void,
): void {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    request.resume();
    callback(undefined);
    return;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    // The rest is read and dropped, so that the sender gets to read the answer.
    if (length <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  });
  request.on('end', () => {
    const [first] = chunks;
    if (length > maxBytes) callback(undefined);
    else callback(chunks.length === 1 && first ? first : Buffer.concat(chunks, length));
  });
  // Without a listener a connection that is reset would end the process.
  request.on('error', () => {});
}

const TYPE = ['content-type', 'application/json; charset=utf-8'];

let waiting: (() => void)[] = [];

/**
 * Sends JSON. The answers of one turn of the event loop leave together at its end: writes wake up the peers, and
 * doing so in the middle of reading costs a third of the throughput.
 */
export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  waiting.push(() => {
    if (response.destroyed) return;
    const text = JSON.stringify(value);
    response.writeHead(status, [...TYPE, 'content-length', String(Buffer.byteLength(text))]);
    response.end(text);
  });
  if (waiting.length === 1) setImmediate(sendAll);
}

/** The same envelope as `sendJsonError`. */
export function refuseJson(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
): void {
  answerJson(response, status, { error: { code, message } });
}

function sendAll(): void {
  const answers = waiting;
  waiting = [];
  for (const send of answers) send();
}
