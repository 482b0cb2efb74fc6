import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** A loopback port that was free a moment ago. */
export function allocatePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

const LISTEN = '0A';

/** Whether a process of this user listens on the port, on any address. Read from the kernel's own table. */
export function isListening(port: number, user: number): boolean {
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((path) => {
    const rows = readFileSync(path, 'utf8').split('\n').slice(1);
    return rows.some((row) => {
      const [, local = '', , state, , , , owner] = row.trim().split(/\s+/);
      const at = Number.parseInt(local.split(':')[1] ?? '', 16);
      return state === LISTEN && at === port && Number(owner) === user;
    });
  });
}
