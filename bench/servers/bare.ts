import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SECRET } from '../lib/deliveries.ts';

/** The yardstick: node:http, HMAC over the raw bytes, JSON.parse, 202. Keeps nothing. */
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    const given = String(request.headers['x-gitea-signature'] ?? '');
    const wanted = createHmac('sha256', SECRET).update(body).digest();
    const isGenuine = given.length === 64 && timingSafeEqual(wanted, Buffer.from(given, 'hex'));
    const payload = isGenuine ? JSON.parse(body.toString('utf8')) : undefined;
    response.statusCode = payload ? 202 : 401;
    response.setHeader('content-type', 'application/json');
    response.end(`{"outcome":"${payload ? 'accepted' : 'refused'}"}`);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`);
});
process.once('SIGTERM', () => process.exit(0));
