import { z } from 'zod';
import type { Finding } from '../../domain/finding.ts';
import { firstLine } from '../examination.ts';
import { type CallOptions, type Examination, ForgeError } from '../forge.ts';
import type { AppCalls } from './examine.ts';
import { type App, missingPermissions } from './examine-access.ts';

export type Looking = {
  readonly calls: AppCalls;
  readonly url: string;
  readonly app: App;
  readonly question: Examination;
  readonly options: CallOptions | undefined;
};

const installationSchema = z.object({
  id: z.int(),
  html_url: z.string().optional(),
  account: z.object({ login: z.string() }).nullish(),
  suspended_at: z.string().nullish(),
  permissions: z.record(z.string(), z.string()),
});
type Installation = z.output<typeof installationSchema>;

const PAGE_SIZE = 100;
const MAX_PAGES = 10;

/** Where the App is installed, and whether that is all that it is asked to serve. */
export async function* examineInstallations(looking: Looking): AsyncGenerator<Finding> {
  const { app, url } = looking;
  const installations = await listInstallations(looking);
  if (installations.length === 0) {
    yield {
      tier: 'failure',
      subject: 'installations',
      text: 'the App is installed nowhere',
      consequence: 'no command is read and nothing is answered',
      mend: [`${app.html_url}/installations/new`],
    };
    return;
  }
  for (const installation of installations) yield* problemsOf(installation, looking);
  const usable = installations.filter(({ suspended_at: at }) => !at);
  const names = usable.slice(0, 3).map(({ account }) => account?.login ?? 'somebody');
  const more = usable.length > 3 ? ' …' : '';
  if (usable.length > 0) {
    const text = `${usable.length}: ${names.join(', ')}${more}`;
    yield { tier: 'ok', subject: 'installations', text };
  }
  const named = looking.question.repositories.filter((pattern) => !pattern.includes('*'));
  const served: string[] = [];
  for (const repository of named) {
    const problem = await repositoryProblem(repository, looking);
    if (problem) yield problem;
    else served.push(repository);
  }
  if (served.length > 0) {
    const text = `${served.length} named, the App is installed on ${served.length === 1 ? 'it' : 'all of them'}`;
    if (served.length === named.length) yield { tier: 'ok', subject: 'repositories', text };
    yield await rateFinding(served[0] ?? '', looking);
  } else if (named.length === 0 && usable.length > 0) {
    const text = `by pattern: ${looking.question.repositories.join(', ')}; what is installed is at ${url}/settings/installations`;
    yield { tier: 'skipped', subject: 'repositories', text };
  }
}

async function listInstallations({ calls, options }: Looking): Promise<readonly Installation[]> {
  const found: Installation[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const route = 'GET /app/installations';
    const { data } = await calls.asApp(route, { per_page: PAGE_SIZE, page }, options);
    const rows = installationSchema.array().safeParse(data);
    if (!rows.success) throw new ForgeError('unexpected', `${route}: the answer is not GitHub's`);
    found.push(...rows.data);
    if (rows.data.length < PAGE_SIZE) break;
  }
  return found;
}

function* problemsOf(installation: Installation, { app, url }: Looking): Generator<Finding> {
  const who = installation.account?.login ?? String(installation.id);
  const page = installation.html_url ?? `${url}/settings/installations/${installation.id}`;
  if (installation.suspended_at) {
    yield {
      tier: 'warning',
      subject: `installation of ${who}`,
      text: 'is suspended',
      consequence: 'nothing of it is read or answered',
      mend: [page],
    };
    return;
  }
  const lag = missingPermissions(installation.permissions, app.permissions);
  if (lag.length === 0) return;
  const lacking = lag.map(([name, level]) => `${name}: ${level}`).join(', ');
  yield {
    tier: 'failure',
    subject: `installation of ${who}`,
    text: `has not approved ${lacking}`,
    consequence: 'calls that need it fail with 403 there; its owner was asked when the App changed',
    mend: [`accept the new permissions: ${page}`],
  };
}

async function repositoryProblem(
  repository: string,
  { calls, app, options }: Looking,
): Promise<Finding | undefined> {
  const [owner = '', repo = ''] = repository.split('/');
  try {
    await calls.asApp('GET /repos/{owner}/{repo}/installation', { owner, repo }, options);
    return undefined;
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    const isAbsent = error.status === 404 || error.code === 'not_found';
    return {
      tier: 'failure',
      subject: repository,
      text: isAbsent ? 'the App is not installed on it' : firstLine(error),
      consequence: 'nothing in it is read or answered',
      mend: [isAbsent ? `${app.html_url}/installations/new` : 'try again'],
    };
  }
}

const rateSchema = z.object({
  resources: z.object({
    core: z.object({ limit: z.number(), remaining: z.number(), reset: z.number() }),
  }),
});
const LOW = 0.1;

async function rateFinding(
  repository: string,
  { calls, question, options }: Looking,
): Promise<Finding> {
  const subject = 'rate limit';
  let data: unknown;
  try {
    ({ data } = await calls.asInstallation(repository, 'GET /rate_limit', {}, options));
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    // An Enterprise Server without limits answers 404.
    if (error.code === 'not_found') return { tier: 'ok', subject, text: 'the server has none' };
    return { tier: 'skipped', subject, text: firstLine(error) };
  }
  const parsed = rateSchema.safeParse(data);
  if (!parsed.success) return { tier: 'skipped', subject, text: 'the answer tells none' };
  const { limit, remaining, reset } = parsed.data.resources.core;
  const minutes = Math.max(0, Math.ceil((reset * 1_000 - question.now) / 60_000));
  const text = `${remaining} of ${limit} calls left, for ${minutes} min`;
  if (remaining > limit * LOW) return { tier: 'ok', subject, text };
  return {
    tier: 'warning',
    subject,
    text,
    consequence: 'answers wait until there are calls again',
    mend: ['raise catchUpSeconds, and look who else works with this App'],
  };
}
