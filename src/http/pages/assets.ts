import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

const TYPES = {
  'signalbox.css': 'text/css; charset=utf-8',
  'live.js': 'text/javascript; charset=utf-8',
} as const;
type AssetName = keyof typeof TYPES;

const assets = new Map(
  (Object.keys(TYPES) as AssetName[]).map((name) => {
    const body = readFileSync(new URL(`../static/${name}`, import.meta.url));
    const hash = createHash('sha256').update(body).digest('base64url').slice(0, 12);
    return [name, { body, hash }];
  }),
);

/** The address of a served file; it changes with the content, so that browsers may keep it for ever. */
export function assetPath(name: AssetName): string {
  return `/static/${name}?v=${assets.get(name)?.hash ?? ''}`;
}

export function registerAssets(app: FastifyInstance): void {
  for (const [name, { body, hash }] of assets) {
    app.get<{ Querystring: { v?: string } }>(`/static/${name}`, async (request, reply) =>
      reply
        .type(TYPES[name])
        .header(
          'cache-control',
          request.query.v === hash ? 'public, max-age=31536000, immutable' : 'no-cache',
        )
        .send(body),
    );
  }
}
