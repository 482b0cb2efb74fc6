import { z } from 'zod';
import type { Finding } from '../../domain/finding.ts';
import type { HttpAnswer } from '../../lib/http-client.ts';
import { type RemoteRunner, type RunnerCallOptions, RunnerError } from '../runner.ts';
import type { DroneClient, DroneConnection } from './client.ts';
import { accountSchema } from './wire.ts';

type Examine = NonNullable<RemoteRunner['examine']>;

/** What could keep a Drone server from building for us. */
export function createExamination(
  client: DroneClient,
  connection: DroneConnection & { readonly name: string },
): Examine {
  return async function* examine(repositories, options) {
    const version = await readVersion(connection, options);
    yield version.finding;
    if (!version.isThere) {
      yield { tier: 'skipped', subject: 'token', text: 'needs the server' };
      return;
    }
    const token = await examineToken(connection, options);
    yield token.finding;
    if (!token.isGood) return;
    if (repositories.length === 0) {
      yield { tier: 'skipped', subject: 'repositories', text: 'no suite names this runner' };
      return;
    }
    yield await examineRepositories(client, connection, { repositories, options });
  };
}

async function get(
  { url, token, http }: DroneConnection,
  path: string,
  options: RunnerCallOptions | undefined,
): Promise<HttpAnswer> {
  return http.call({
    method: 'GET',
    url: `${url}${path}`,
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    ...(options?.signal ? { signal: options.signal } : {}),
  });
}

async function readVersion(
  connection: DroneConnection & { readonly name: string },
  options: RunnerCallOptions | undefined,
): Promise<{ isThere: boolean; finding: Finding }> {
  const { url, name } = connection;
  const failure = (text: string, mend: string) => ({
    isThere: false,
    finding: {
      tier: 'failure',
      subject: 'server',
      text,
      consequence: 'runs wait until it answers',
      mend: [mend],
    } as const,
  });
  let answer: HttpAnswer;
  try {
    answer = await get(connection, '/version', options);
  } catch (error) {
    return failure(`${url} does not answer: ${textOf(error)}`, `curl -v ${url}/version`);
  }
  const parsed = z.object({ version: z.string() }).safeParse(parse(answer.text));
  if (answer.status !== 200 || !parsed.success) {
    const text = `${url}/version → ${answer.status}, and that is no Drone`;
    return failure(text, `put the address of Drone under runners.${name}.url`);
  }
  const text = `${url}, Drone ${parsed.data.version || 'of an unknown version'}`;
  return { isThere: true, finding: { tier: 'ok', subject: 'server', text } };
}

async function examineToken(
  connection: DroneConnection & { readonly name: string },
  options: RunnerCallOptions | undefined,
): Promise<{ isGood: boolean; finding: Finding }> {
  const { url, name } = connection;
  const answer = await get(connection, '/api/user', options);
  const parsed = accountSchema.safeParse(parse(answer.text));
  if (answer.status === 200 && parsed.success) {
    const { login, admin } = parsed.data;
    const text = `of ${login}${admin ? ', an administrator' : ''}`;
    return { isGood: true, finding: { tier: 'ok', subject: 'token', text } };
  }
  return {
    isGood: false,
    finding: {
      tier: 'failure',
      subject: 'token',
      text: `refused by Drone (${answer.status})`,
      consequence: 'no build can be started',
      mend: [
        `copy the token of the account and put it under runners.${name}.token`,
        `${url}/account`,
      ],
    },
  };
}

/** Drone answers 404 for what the account may not see or write, so there are only two cases to tell. */
async function examineRepositories(
  client: DroneClient,
  { url }: DroneConnection,
  asked: { repositories: readonly string[]; options: RunnerCallOptions | undefined },
): Promise<Finding> {
  const subject = 'repositories';
  const unseen: string[] = [];
  const readOnly: string[] = [];
  for (const repository of asked.repositories) {
    try {
      const may = await client.mayWrite(repository, asked.options);
      if (may === undefined) unseen.push(repository);
      else if (!may) readOnly.push(repository);
    } catch (error) {
      if (!(error instanceof RunnerError)) throw error;
      return { tier: 'failure', subject, text: textOf(error), mend: ['try again'] };
    }
  }
  const wrong = [...unseen, ...readOnly];
  if (wrong.length === 0) {
    const text = `${asked.repositories.length} seen, may be built`;
    return { tier: 'ok', subject, text };
  }
  return {
    tier: 'warning',
    subject,
    text: [
      ...(unseen.length > 0 ? [`the account does not see ${listed(unseen)}`] : []),
      ...(readOnly.length > 0 ? [`it may not build ${listed(readOnly)}`] : []),
    ].join('; '),
    consequence: 'suites there that name this runner end in an error',
    mend: [
      'give the account of the token write access at the forge, log in to Drone as it, press "Sync"',
      ...wrong.slice(0, 3).map((repository) => `${url}/${repository}`),
    ],
  };
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n', 1)[0] ?? '').replace(/^[A-Z]+ http\S+: /, '');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
