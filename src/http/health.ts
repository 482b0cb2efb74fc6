import type { FastifyInstance } from 'fastify';
import { sendJsonError } from './errors.ts';

/** One thing that must work: rejects with the reason when it does not. */
export type Probe = { readonly name: string; readonly check: () => Promise<unknown> };

const PROBE_MS = 2_000;

/**
 * `/healthz`: the process answers; by the version `signalbox doctor` knows that it was us. `/readyz`: everything it
 * needs answers too, else 503 with the first that does not. Probes that ask other hosts should cache.
 */
export function registerHealth(
  app: FastifyInstance,
  probes: readonly Probe[],
  version?: string,
): void {
  app.get('/healthz', (_request, reply) => reply.send({ status: 'ok', version }));
  app.get('/readyz', async (_request, reply) => {
    for (const probe of probes) {
      try {
        await within(probe.check());
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return sendJsonError(reply, 503, 'not_ready', `${probe.name}: ${why}`);
      }
    }
    return reply.send({ status: 'ready', checked: probes.map((probe) => probe.name) });
  });
}

async function within(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${PROBE_MS} ms`)), PROBE_MS);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
