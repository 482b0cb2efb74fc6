import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Finding } from '../../domain/finding.ts';
import { type HttpAnswer, type HttpClient, HttpError } from '../../lib/http-client.ts';
import { clockFinding, doorFinding, firstLine, PROBE_BODY, PROBE_EVENT } from '../examination.ts';
import { type CallOptions, type Forge, ForgeError } from '../forge.ts';
import type { GiteaClient } from './client.ts';
import type { Dialect, GiteaKind } from './dialect.ts';
import { header } from './errors.ts';
import { examineRepositories } from './examine-repositories.ts';
import { examineScopes, missingScope, scopesFinding } from './examine-scopes.ts';
import { accountSchema } from './payloads.ts';

export type ExaminationParts = {
  readonly name: string;
  readonly kind: GiteaKind;
  readonly dialect: Dialect;
  /** Where we call. */
  readonly api: string;
  /** Where people look. */
  readonly url: string;
  readonly secret: string;
  readonly http: HttpClient;
  readonly listRepositories: Forge['listRepositories'];
};

/** What could keep a Gitea or Forgejo from working with us. */
export function createExamination(client: GiteaClient, parts: ExaminationParts): Forge['examine'] {
  return async function* examine(question, options) {
    const server = await examineServer(parts, question.now, options);
    yield* server.findings;
    const door = doorFinding({
      target: question.target,
      post: (signature) => postProbe(parts, question.target, signature, options),
    });
    if (server.isThere) {
      const token = await examineToken(client, parts, options);
      yield* token.findings;
      if (token.isGood) {
        yield* examineScopes(client, parts, options);
        yield* examineRepositories(client, parts, question, options);
        yield await examineReactions(client, options);
      } else {
        yield { tier: 'skipped', subject: 'repositories', text: 'needs the token' };
      }
    } else {
      yield { tier: 'skipped', subject: 'token', text: 'needs the server' };
      yield { tier: 'skipped', subject: 'repositories', text: 'needs the server' };
    }
    yield await door;
  };
}

type Server = { readonly isThere: boolean; readonly findings: readonly Finding[] };

/** Asked without the token: a wrong one is refused even for what anybody may read (recorded). */
async function examineServer(
  parts: ExaminationParts,
  now: number,
  options: CallOptions | undefined,
): Promise<Server> {
  const asked = performance.now();
  const get = (path: string) =>
    parts.http.call({
      method: 'GET',
      url: `${parts.api}${path}`,
      headers: { accept: 'application/json' },
      ...(options?.signal ? { signal: options.signal } : {}),
    });
  let answer: HttpAnswer;
  let own: HttpAnswer;
  try {
    [answer, own] = await Promise.all([get('/api/v1/version'), get('/api/forgejo/v1/version')]);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const text = `${parts.url} does not answer: ${firstLine(error)}`;
    return {
      isThere: false,
      findings: [
        {
          tier: 'failure',
          subject: 'server',
          text,
          consequence: 'no command is read and nothing is answered until it does',
          mend: [`curl -v ${parts.api}/api/v1/version`],
        },
      ],
    };
  }
  const clock = clockFinding(header(answer, 'date'), now + (performance.now() - asked));
  // A server that lets nobody in without an account keeps its version to itself, too.
  const version = answer.status === 401 || answer.status === 403 ? '' : versionOf(answer);
  if (version === undefined) return { isThere: false, findings: [notAForge(parts, answer)] };
  const isForgejo = own.status === 200 && versionOf(own) !== undefined;
  return { isThere: true, findings: [kindFinding(parts, { isForgejo, version }), clock] };
}

function versionOf(answer: HttpAnswer): string | undefined {
  try {
    const parsed = z.object({ version: z.string() }).safeParse(JSON.parse(answer.text));
    return answer.status === 200 && parsed.success ? parsed.data.version : undefined;
  } catch {
    return undefined;
  }
}

function notAForge(parts: ExaminationParts, answer: HttpAnswer): Finding {
  return {
    tier: 'failure',
    subject: 'server',
    text: `${parts.api}/api/v1/version → ${answer.status}, and that is no Gitea or Forgejo`,
    consequence: 'no command is read and nothing is answered',
    mend: [`put the address of its start page under forges.${parts.name}.url`],
  };
}

/** Oldest versions whose deliveries have everything that is read: the fine name of the event, the signature. */
const OLDEST = { gitea: 22, forgejo: 7 };

function kindFinding(
  { name, kind, url }: ExaminationParts,
  server: { isForgejo: boolean; version: string },
): Finding {
  if (server.version === '')
    return { tier: 'ok', subject: 'server', text: `${url}, tells its version to nobody` };
  const found = server.isForgejo ? 'forgejo' : 'gitea';
  const shown = `${server.isForgejo ? 'Forgejo' : 'Gitea'} ${server.version}`.trimEnd();
  const wanted = kind === 'forgejo' ? 'forgejo' : 'gitea';
  if (found !== wanted) {
    return {
      tier: wanted === 'forgejo' ? 'failure' : 'warning',
      subject: 'server',
      text: `${url} is ${shown}, and \`kind\` says ${kind}`,
      consequence:
        wanted === 'forgejo'
          ? 'Gitea refuses webhooks of the type that Forgejo knows'
          : 'it works by the names that Forgejo kept from Gitea',
      mend: [`forges.${name}.kind: ${found}`],
    };
  }
  const [major = 0, minor = 0] = server.version.split('.').map(Number);
  const isOld = server.isForgejo
    ? major < OLDEST.forgejo
    : major < 1 || (major === 1 && minor < OLDEST.gitea);
  if (isOld) {
    return {
      tier: 'warning',
      subject: 'server',
      text: `${url}, ${shown}: nobody has tried Signalbox with a version as old`,
      mend: [`upgrade to ${server.isForgejo ? 'Forgejo 7' : 'Gitea 1.22'} or later`],
    };
  }
  return { tier: 'ok', subject: 'server', text: `${url}, ${shown}` };
}

/** Good: somebody is behind it, so that more can be asked. */
async function examineToken(
  client: GiteaClient,
  { name, url }: ExaminationParts,
  options: CallOptions | undefined,
): Promise<{ isGood: boolean; findings: readonly Finding[] }> {
  const page = `${url}/user/settings/applications`;
  try {
    const account = await client.read({ method: 'GET', path: '/user', options }, accountSchema);
    return {
      isGood: true,
      findings: [{ tier: 'ok', subject: 'token', text: `of ${account.login}` }],
    };
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    const scope = missingScope(error);
    if (scope !== undefined) return { isGood: true, findings: [scopesFinding([scope], page)] };
    const mend =
      error.code === 'unauthorized'
        ? [`make one as the bot account and put it under forges.${name}.token`, page]
        : ['try again'];
    const text = error.code === 'unauthorized' ? 'refused by the forge (401)' : firstLine(error);
    const consequence = 'no command is read and nothing is answered';
    return {
      isGood: false,
      findings: [{ tier: 'failure', subject: 'token', text, consequence, mend }],
    };
  }
}

/** 👀 while it runs, then how it ended (`report/`). */
const REACTIONS = ['eyes', 'rocket', '-1', '+1', 'confused'];

async function examineReactions(
  client: GiteaClient,
  options: CallOptions | undefined,
): Promise<Finding> {
  const subject = 'reactions';
  try {
    const schema = z.object({ allowed_reactions: z.array(z.string()) });
    const call = { method: 'GET', path: '/settings/ui', options } as const;
    const { allowed_reactions: allowed } = await client.read(call, schema);
    const missing = REACTIONS.filter((reaction) => !allowed.includes(reaction));
    if (missing.length === 0) return { tier: 'ok', subject, text: 'allowed' };
    return {
      tier: 'warning',
      subject,
      text: `the server does not allow ${missing.join(', ')}`,
      consequence: 'these are left out; comments and statuses tell the same',
      mend: [`app.ini: [ui] REACTIONS = +1, -1, laugh, hooray, confused, heart, rocket, eyes`],
    };
  } catch (error) {
    return { tier: 'skipped', subject, text: firstLine(error) };
  }
}

async function postProbe(
  parts: ExaminationParts,
  target: string,
  signature: 'right' | 'wrong',
  options: CallOptions | undefined,
): Promise<HttpAnswer> {
  const key = signature === 'right' ? parts.secret : `not ${parts.secret}`;
  const [prefix = 'x-gitea-'] = parts.dialect.headerPrefixes;
  return parts.http.call({
    method: 'POST',
    url: target,
    headers: {
      'content-type': 'application/json',
      [`${prefix}event`]: PROBE_EVENT,
      [`${prefix}event-type`]: PROBE_EVENT,
      [`${prefix}signature`]: createHmac('sha256', key).update(PROBE_BODY).digest('hex'),
    },
    body: PROBE_BODY,
    ...(options?.signal ? { signal: options.signal } : {}),
  });
}
