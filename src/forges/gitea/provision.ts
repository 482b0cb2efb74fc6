import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type HttpClient, HttpError } from '../../lib/http-client.ts';
import { createMask } from '../../lib/redact.ts';
import { ForgeError } from '../forge.ts';
import { type ApiCall, createGiteaClient, type GiteaClient } from './client.ts';
import { fromHttpError, toForgeError } from './errors.ts';
import { TOKEN_SCOPES } from './examine-scopes.ts';
import { encodePath } from './links.ts';
import { accountSchema, permissionSchema } from './payloads.ts';

/** What `signalbox setup gitea` does with an admin's token. Every method throws `ForgeError` and nothing else. */
export type Provisioner = {
  /** Makes the account; false when it was there, and was left as it is. */
  ensureAccount(login: string, email: string): Promise<boolean>;
  /** A new token of the account. One that was there before gets another password by this: the only way to make one. */
  makeToken(login: string): Promise<string>;
  /** Whether this token works and is of the account. */
  isTokenOf(token: string, login: string): Promise<boolean>;
  /** Admin collaborator of the repository; false when it was. */
  ensureCollaborator(repository: string, login: string): Promise<boolean>;
};

export type ProvisionOptions = {
  /** Of the forge; no trailing slash. */
  readonly url: string;
  readonly adminToken: string;
  readonly http: HttpClient;
  readonly now: () => number;
};

const TIMEOUT_MS = 20_000;

export function createProvisioner(options: ProvisionOptions): Provisioner {
  const { url, adminToken, http, now } = options;
  const clientOf = (token: string) =>
    createGiteaClient({
      url,
      token,
      http,
      now,
      timeoutMs: TIMEOUT_MS,
      pagesBudgetMs: 3 * TIMEOUT_MS,
    });
  const admin = clientOf(adminToken);
  const passwords = new Map<string, string>();
  return {
    ensureAccount: async (login, email) => {
      if (await exists(admin, `/users/${encodeURIComponent(login)}`)) return false;
      const password = newPassword();
      const body = { username: login, email, password, must_change_password: false };
      await admin.call({ method: 'POST', path: '/admin/users', body });
      passwords.set(login, password);
      return true;
    },
    makeToken: async (login) => {
      const password = passwords.get(login) ?? (await setPassword(admin, login));
      passwords.set(login, password);
      return postToken(options, { login, password });
    },
    isTokenOf: async (token, login) => {
      try {
        const call = { method: 'GET', path: '/user' } as const;
        const account = await clientOf(token).read(call, accountSchema);
        return account.login.toLowerCase() === login.toLowerCase();
      } catch (error) {
        if (error instanceof ForgeError && ['unauthorized', 'forbidden'].includes(error.code))
          return false;
        throw error;
      }
    },
    ensureCollaborator: async (repository, login) => {
      if (await isAdmin(admin, repository, login)) return false;
      const path = `/repos/${encodePath(repository)}/collaborators/${encodeURIComponent(login)}`;
      const put = { method: 'PUT', path, body: { permission: 'admin' } } as const;
      await admin.call(put);
      if (await isAdmin(admin, repository, login)) return true;
      // Who left their last team of an organisation stays listed without any right: only this mends it (recorded).
      await admin.call({ method: 'DELETE', path });
      await admin.call(put);
      return true;
    },
  };
}

/** Nobody ever types it. Long, and of all kinds: the server's rules for passwords are not known. */
function newPassword(): string {
  return `${randomBytes(24).toString('base64url')}aA1!`;
}

async function exists(client: GiteaClient, path: string): Promise<boolean> {
  try {
    await client.call({ method: 'GET', path });
    return true;
  } catch (error) {
    if (error instanceof ForgeError && error.code === 'not_found') return false;
    throw error;
  }
}

async function isAdmin(client: GiteaClient, repository: string, login: string): Promise<boolean> {
  const path = `/repos/${encodePath(repository)}/collaborators/${encodeURIComponent(login)}/permission`;
  const { permission } = await client.read({ method: 'GET', path }, permissionSchema);
  return permission === 'admin' || permission === 'owner';
}

async function setPassword(client: GiteaClient, login: string): Promise<string> {
  const password = newPassword();
  const path = `/admin/users/${encodeURIComponent(login)}`;
  // Left out, source and login name would be reset to those of another kind of account.
  const body = { source_id: 0, login_name: login, password, must_change_password: false };
  await client.call({ method: 'PATCH', path, body });
  return password;
}

const tokenSchema = z.object({ sha1: z.string().min(1) });

/** A token cannot make tokens: this one call is with the name and password of the account. */
async function postToken(
  { url, http, now }: ProvisionOptions,
  { login, password }: { login: string; password: string },
): Promise<string> {
  const path = `/users/${encodeURIComponent(login)}/tokens`;
  const where = { label: `POST ${path}`, mask: createMask([password]), now };
  const call: ApiCall = {
    method: 'POST',
    path,
    // Names are used once for ever.
    body: { name: `signalbox ${new Date(now()).toISOString()}`, scopes: TOKEN_SCOPES },
  };
  const answer = await http
    .call({
      method: call.method,
      url: `${url}/api/v1${path}`,
      timeoutMs: TIMEOUT_MS,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`,
      },
      body: JSON.stringify(call.body),
    })
    .catch((error: unknown) => {
      throw error instanceof HttpError ? fromHttpError(error, where) : error;
    });
  if (answer.status !== 201) throw toForgeError(answer, where);
  const parsed = tokenSchema.safeParse(JSON.parse(answer.text));
  if (parsed.success) return parsed.data.sha1;
  throw new ForgeError('unexpected', `${where.label}: the answer holds no token`);
}
