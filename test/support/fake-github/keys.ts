import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import type { App, Hub } from './hub.ts';

export type KeyPair = {
  readonly privateKey: string;
  readonly publicKey: ReturnType<typeof createPublicKey>;
};

let pair: KeyPair | undefined;

/** RSA 2048 like GitHub's; one for the whole process, since making it takes long. PKCS#1, as GitHub hands it out. */
export function keyPair(): KeyPair {
  if (pair === undefined) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    pair = { privateKey: pem, publicKey: createPublicKey(createPrivateKey(pem)) };
  }
  return pair;
}

/** Ten minutes is the longest an App may vouch for itself (docs.github.com, "Generating a JSON Web Token"). */
const LONGEST_SECONDS = 600;
/** Clocks may differ by a little. */
const LEEWAY_SECONDS = 1;

type Refused = { readonly status: 401 | 404; readonly message: string };

/** The words are GitHub's; `@octokit/auth-app` recognises the two about times and mends its clock. */
const UNREADABLE = { status: 401, message: 'A JSON web token could not be decoded' } as const;
const BAD_EXPIRY = {
  status: 401,
  message:
    "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
} as const;
const FAR_EXPIRY = {
  status: 401,
  message: "'Expiration time' claim ('exp') is too far in the future",
} as const;
const BAD_ISSUE = {
  status: 401,
  message:
    "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
} as const;
const UNKNOWN_APP = { status: 404, message: 'Integration not found' } as const;

export function isJwt(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
}

/** The App that signed it, or how GitHub refuses it. `now` in ms. */
export function readJwt(hub: Hub, token: string, now: number): App | Refused {
  const [head = '', body = '', signature = ''] = token.split('.');
  const header = parse(head);
  const claims = parse(body);
  if (header?.alg !== 'RS256' || claims === undefined) return UNREADABLE;
  const { iss, iat, exp } = claims;
  const app = [...hub.apps.values()].find(
    (one) => String(one.id) === String(iss) || one.clientId === iss,
  );
  if (app === undefined) return UNKNOWN_APP;
  const signed = Buffer.from(`${head}.${body}`);
  if (!verify('RSA-SHA256', signed, app.publicKey, Buffer.from(signature, 'base64url')))
    return UNREADABLE;
  const seconds = now / 1000;
  if (!Number.isInteger(iat) || Number(iat) > seconds + LEEWAY_SECONDS) return BAD_ISSUE;
  if (typeof exp !== 'number' || exp <= seconds - LEEWAY_SECONDS) return BAD_EXPIRY;
  if (exp > seconds + LONGEST_SECONDS + LEEWAY_SECONDS) return FAR_EXPIRY;
  return app;
}

function parse(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value))
      : undefined;
  } catch {
    return undefined;
  }
}
