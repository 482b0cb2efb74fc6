import { createServer, type Server } from 'node:net';
import { scanProcesses } from './processes.ts';

/** A user id that no other run on this host has, until it is released or our process ends. */
export type ClaimedUser = { readonly user: number; release(): Promise<void> };

/** User ids from the base on that the operator leaves to us. */
export const USER_SPAN = 100;

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Picks a free user id. The claim is an abstract socket: unique on the host, and the kernel gives it up when
 * we die, however that happens. A user that still has processes is left alone. Throws when none is free.
 */
export async function claimUser(base: number): Promise<ClaimedUser> {
  const busy = new Set(scanProcesses().map((facts) => facts.user));
  for (let user = base; user < base + USER_SPAN; user += 1) {
    if (busy.has(user)) continue;
    const server = await bind(`\0signalbox-user-${user}`);
    if (server !== undefined) return { user, release: () => close(server) };
  }
  throw new Error(`no free user id between ${base} and ${base + USER_SPAN - 1}`);
}

function bind(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen({ path }, () => {
      server.unref();
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
