import { createHmac } from 'node:crypto';
import type { Finding } from '../../domain/finding.ts';
import type { HttpAnswer, HttpClient } from '../../lib/http-client.ts';
import { clockFinding, doorFinding, firstLine, PROBE_BODY, PROBE_EVENT } from '../examination.ts';
import { type CallOptions, type Forge, ForgeError } from '../forge.ts';
import type { GithubClient } from './client.ts';
import type { AppCredentials } from './credentials.ts';
import { type App, accessFindings, appSchema } from './examine-access.ts';
import { examineHook } from './examine-hook.ts';
import { examineInstallations } from './examine-installations.ts';

type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: unknown;
};

/** `route` as Octokit writes it, such as `GET /app`. Both throw `ForgeError` and nothing else. */
export type AppCalls = {
  asApp(route: string, parameters?: object, options?: CallOptions): Promise<Answer>;
  asInstallation(
    repository: string,
    route: string,
    parameters?: object,
    options?: CallOptions,
  ): Promise<Answer>;
};

/** The same over the client of the adapter. */
export function appCallsOf(client: Pick<GithubClient, 'asApp' | 'on'>): AppCalls {
  return {
    asApp: (route, parameters, options) =>
      client.asApp({ route, parameters: { ...parameters }, options }),
    asInstallation: (repository, route, parameters, options) =>
      client.on(repository, { route, parameters: { ...parameters }, options }),
  };
}

export type ExaminationParts = {
  readonly name: string;
  /** Of the pages; no trailing slash. */
  readonly url: string;
  readonly credentials: () => AppCredentials | undefined;
  readonly http: HttpClient;
};

/** What could keep GitHub from working with us. */
export function createExamination(calls: AppCalls, parts: ExaminationParts): Forge['examine'] {
  return async function* examine(question, options) {
    const credentials = readCredentials(parts);
    if ('tier' in credentials) {
      yield credentials;
      yield { tier: 'skipped', subject: 'app', text: 'needs the credentials' };
      return;
    }
    const { appId, webhookSecret } = credentials;
    yield { tier: 'ok', subject: 'credentials', text: `of the App ${appId}` };
    const door = doorFinding({
      target: question.target,
      post: (signature) =>
        postProbe(parts.http, { target: question.target, webhookSecret, signature, options }),
    });
    const asked = performance.now();
    const found = await readApp(calls, parts, options);
    if (found.app === undefined) {
      yield found.finding;
      yield { tier: 'skipped', subject: 'installations', text: 'needs the App' };
    } else {
      const { app, date } = found;
      yield { tier: 'ok', subject: 'app', text: `${app.html_url}, id ${app.id}` };
      yield clockFinding(date, question.now + (performance.now() - asked));
      yield* accessFindings(app, parts.url);
      const call = { calls, url: parts.url, app, question, options };
      yield* tolerant('installations', examineInstallations(call));
      yield* tolerant('webhook', examineHook({ ...call, name: parts.name }));
    }
    yield await door;
  };
}

function readCredentials({ name, credentials }: ExaminationParts): AppCredentials | Finding {
  const subject = 'credentials';
  const consequence = 'no command is read and nothing is answered';
  const command = `signalbox setup github ${name}`;
  try {
    const found = credentials();
    if (found) return found;
    const text = 'there is no App yet';
    return { tier: 'failure', subject, text, consequence, mend: [command] };
  } catch (error) {
    // The error of the file names what mends it.
    const [text = '', mend = command] = firstLine(error).split('; mend it with: ');
    return { tier: 'failure', subject, text, consequence, mend: [mend] };
  }
}

type FoundApp =
  | { readonly app: App; readonly date: string | undefined }
  | { readonly app: undefined; readonly finding: Finding };

async function readApp(
  calls: AppCalls,
  { name, url }: ExaminationParts,
  options: CallOptions | undefined,
): Promise<FoundApp> {
  const failure = (text: string, mend: readonly string[]): FoundApp => ({
    app: undefined,
    finding: {
      tier: 'failure',
      subject: 'app',
      text,
      consequence: 'no command is read and nothing is answered',
      mend,
    },
  });
  try {
    const answer = await calls.asApp('GET /app', {}, options);
    const parsed = appSchema.safeParse(answer.data);
    if (parsed.success) return { app: parsed.data, date: answer.headers.date };
    return failure(`${url} answers, but not as GitHub does`, [`is forges.${name}.url right?`]);
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    if (error.status === 401 || error.status === 404) {
      return failure(`GitHub does not know the App by its key (${error.status})`, [
        'is the clock of this host right, and the App not deleted? if so, make it again:',
        `signalbox setup github ${name} --force`,
      ]);
    }
    return failure(`${url} does not answer: ${firstLine(error)}`, ['try again']);
  }
}

/** One call that is refused must not hide what the others find. */
async function* tolerant(
  subject: string,
  findings: AsyncIterable<Finding>,
): AsyncGenerator<Finding> {
  try {
    yield* findings;
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    yield { tier: 'failure', subject, text: firstLine(error), mend: ['try again'] };
  }
}

function postProbe(
  http: HttpClient,
  probe: {
    target: string;
    webhookSecret: string;
    signature: 'right' | 'wrong';
    options: CallOptions | undefined;
  },
): Promise<HttpAnswer> {
  const { target, webhookSecret, signature, options } = probe;
  const key = signature === 'right' ? webhookSecret : `not ${webhookSecret}`;
  const digest = createHmac('sha256', key).update(PROBE_BODY).digest('hex');
  return http.call({
    method: 'POST',
    url: target,
    headers: {
      'content-type': 'application/json',
      'x-github-event': PROBE_EVENT,
      'x-hub-signature-256': `sha256=${digest}`,
    },
    body: PROBE_BODY,
    ...(options?.signal ? { signal: options.signal } : {}),
  });
}
