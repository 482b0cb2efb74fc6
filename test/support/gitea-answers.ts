import assert from 'node:assert/strict';
import { type Forge, ForgeError } from '../../src/forges/forge.ts';
import { createGiteaForge, type GiteaForgeOptions } from '../../src/forges/gitea/index.ts';
import { type HttpAnswer, type HttpCall, HttpError } from '../../src/lib/http-client.ts';

export const TOKEN = 'a-token-that-must-not-leak';
const NOW = Date.parse('2026-11-21T12:00:00Z');

export type Given = { status: number; headers?: HttpAnswer['headers']; body?: unknown };

export const JSON_TYPE = { 'content-type': 'application/json;charset=utf-8' };

/** A forge whose network is this function; `calls` are the requests that left. */
export function forgeWith(
  answer: (call: HttpCall) => Given | HttpError | Promise<Given | HttpError>,
  more: Partial<GiteaForgeOptions> = {},
): { forge: Forge; calls: HttpCall[] } {
  const calls: HttpCall[] = [];
  const http = {
    close: () => Promise.resolve(),
    async call(call: HttpCall): Promise<HttpAnswer> {
      calls.push(call);
      const given = await answer(call);
      if (given instanceof HttpError) throw given;
      const { status, headers = JSON_TYPE, body = '' } = given;
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return { status, headers, text };
    },
  };
  const forge = createGiteaForge({
    name: 'acme',
    kind: 'gitea',
    url: 'https://git.example.org/',
    token: TOKEN,
    webhookSecret: 'secret',
    http,
    now: () => NOW,
    ...more,
  });
  return { forge, calls };
}

export async function errorOf(call: Promise<unknown>): Promise<ForgeError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ForgeError, String(error));
  return error;
}

export const commentAnswer = (id: number, pull = 1, more = {}) => ({
  id,
  html_url: `https://git.example.org/acme/shop/pulls/${pull}#issuecomment-${id}`,
  pull_request_url: pull === 0 ? '' : `https://git.example.org/acme/shop/pulls/${pull}`,
  user: { id: 3, login: 'alice' },
  body: `comment ${id}`,
  created_at: '2026-11-21T12:00:00+01:00',
  updated_at: '2026-11-21T12:00:00+01:00',
  ...more,
});
