import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createNodeMiddleware, Probot } from 'probot';
import { SECRET } from '../lib/deliveries.ts';

/** Probot's own middleware with a handler that does nothing, so that no call leaves the process. Keeps nothing. */
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const probot = new Probot({
  appId: 1,
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  secret: SECRET,
  logLevel: 'fatal',
});
const middleware = await createNodeMiddleware(
  (app) => {
    app.on('issue_comment.created', async () => {});
  },
  { probot, webhooksPath: '/webhooks/bench' },
);
const server = createServer((request, response) => {
  void middleware(request, response);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`);
});
process.once('SIGTERM', () => process.exit(0));
