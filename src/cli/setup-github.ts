import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../domain/operator-schema.ts';
import { variableOf } from '../domain/operator-values.ts';
import { type CredentialFile, createCredentialFile } from '../forges/github/credentials.ts';
import type { NewApp } from '../forges/github/manifest.ts';
import { LOGIN } from '../forges/github/manifest.ts';
import { startSetup } from '../forges/github/setup.ts';
import { createHttpClient, type HttpClient } from '../lib/http-client.ts';
import { parseCount, readConfig } from './environment.ts';
import { CliError, explainListen, wordsOf } from './errors.ts';
import { clean, print } from './output.ts';
import type { Register } from './register.ts';
import { waitForFirstContact } from './setup-github-wait.ts';

type Options = {
  readonly organization?: string;
  readonly url?: string;
  readonly print?: boolean;
  readonly listen: { readonly host: string; readonly port: number };
  readonly wait: boolean;
  readonly force?: boolean;
  readonly patience: number;
  readonly json?: boolean;
};

/** Tells one step: a line for a person, or a JSON object on a line. */
export type Say = (event: string, text: string, facts?: Readonly<Record<string, unknown>>) => void;

export const registerSetupGithub: Register = (setup) => {
  setup
    .command('github [forge]')
    .description('makes a GitHub App in the browser and keeps its credentials below `data`')
    .addOption(
      new Option('--organization <login>', 'whose App it shall be; the page asks').argParser(
        parseLogin,
      ),
    )
    .option('--url <address>', 'of an Enterprise Server; default `url` of the forge')
    .option('--print', 'prints the credentials as environment variables and keeps nothing')
    .addOption(
      new Option('--listen <host:port>', 'where the page is')
        .argParser(parseListen)
        .default({ host: '127.0.0.1', port: 0 }, '127.0.0.1 and a free port'),
    )
    .option('--no-wait', 'does not wait for the first ping and the first installation')
    .addOption(
      new Option('--patience <seconds>', 'how long it waits for them')
        .argParser(parseCount)
        .default(900),
    )
    .option('--force', 'puts a new App in the place of the one that is there')
    .option('--json', 'as JSON, one event a line')
    .action(async (name: string | undefined, options: Options, command: Command) => {
      const { config } = readConfig(command);
      const forge = name ?? onlyGithub(config);
      const wanted = githubOf(config, forge, options);
      await using stack = new AsyncDisposableStack();
      const http = createHttpClient({ timeoutMs: 20_000 });
      stack.defer(() => http.close());
      await run({ config, forge, options, http, ...wanted });
    });
};

type Run = {
  readonly config: Config;
  readonly forge: string;
  readonly options: Options;
  readonly http: HttpClient;
  /** Of GitHub's pages. */
  readonly url: string;
  readonly isConfigured: boolean;
};

async function run(parts: Run): Promise<void> {
  const { config, forge, options, http, url } = parts;
  const say: Say = (event, text, facts = {}) =>
    print(options.json ? JSON.stringify({ event, ...facts }) : text);
  const { credentialPath } = await import('../app.ts');
  const path = credentialPath(config.data, forge);
  const file = createCredentialFile(path);
  if (!options.print && !options.force) refuseToReplace(file, forge);
  const began = Date.now();
  const app = await makeApp(parts, say, (made) => {
    if (!options.print) file.write(made);
  });
  const install = `${app.htmlUrl}/installations/new`;
  const facts = { id: app.appId, slug: app.slug, url: app.htmlUrl, install };
  if (options.print) {
    say('app', `The App ${clean(app.slug)} is made. It is kept nowhere but here:`, facts);
    for (const line of asVariables(forge, app)) print(line);
    say('next', `Install it: ${install}\nThen: signalbox doctor`, { install });
    return;
  }
  say('app', `✔ The App ${clean(app.slug)} is made; its credentials are in ${path}`, {
    ...facts,
    file: path,
  });
  if (!parts.isConfigured) {
    const lines = yamlOf(forge, url);
    say('configure', `Add to signalbox.yml:\n\n${lines}\n`, { yaml: lines });
    say('next', `Then restart \`signalbox serve\`, and install the App: ${install}`, { install });
    return;
  }
  say('install', `Install it on the repositories: ${install}`, { install });
  if (!options.wait) {
    say('next', 'Then look whether all is well: signalbox doctor');
    return;
  }
  const patienceMs = options.patience * 1_000;
  await waitForFirstContact({ config, forge, url, credentials: app, http, began, patienceMs, say });
}

function onlyGithub({ forges }: Config): string {
  const names = Object.keys(forges).filter((name) => forges[name]?.kind === 'github');
  const [first = 'github', ...more] = names;
  if (more.length === 0) return first;
  throw new CliError(
    `there are several GitHubs in signalbox.yml: ${names.join(', ')}`,
    `Say which: signalbox setup github ${first}`,
    64,
  );
}

function githubOf(
  config: Config,
  forge: string,
  options: Options,
): { url: string; isConfigured: boolean } {
  const known = config.forges[forge];
  if (known !== undefined && known.kind !== 'github') {
    throw new CliError(
      `${clean(forge)} is a ${known.kind} in signalbox.yml`,
      `Choose another name: signalbox setup github github`,
    );
  }
  if (!/^[a-z0-9][a-z0-9-]*$/.test(forge)) {
    throw new CliError(
      `"${clean(forge)}" cannot be the name of a forge`,
      'It is small letters, digits and dashes: signalbox setup github github',
      64,
    );
  }
  if (known?.appId !== undefined && !options.print) {
    throw new CliError(
      `${forge} has its App in signalbox.yml, and that goes before what would be kept here`,
      `Take appId, privateKey and webhookSecret out of forges.${forge}, or add --print.`,
    );
  }
  const url = (options.url ?? known?.url ?? 'https://github.com').replace(/\/+$/, '');
  if (!/^https?:\/\/[^/?#]+$/.test(url))
    throw new CliError(
      `"${clean(url)}" is no address of a GitHub`,
      'Such as https://github.com',
      64,
    );
  if (known !== undefined && url !== known.url) {
    throw new CliError(
      `forges.${forge}.url is ${known.url}, not ${url}`,
      'Mend signalbox.yml first, or leave --url out.',
    );
  }
  return { url, isConfigured: known !== undefined };
}

/** The key of an App that is thrown away cannot be got again. */
function refuseToReplace(file: CredentialFile, forge: string): void {
  let there: string;
  try {
    const known = file.read();
    if (known === undefined) return;
    there = `${forge} has the App ${known.slug ?? known.appId} already`;
  } catch (error) {
    there = wordsOf(error);
  }
  throw new CliError(
    there,
    `Is it well? signalbox doctor. To make another one in its place: signalbox setup github ${forge} --force`,
  );
}

async function makeApp(parts: Run, say: Say, keep: (app: NewApp) => void): Promise<NewApp> {
  const { config, forge, options, http, url } = parts;
  const { host, port } = options.listen;
  await using page = await startSetup({
    forge,
    url,
    botUrl: config.url,
    organization: options.organization,
    listen: options.listen,
    http,
    keep,
    now: Date.now,
  }).catch((error: unknown) => {
    throw explainListen(error, `${host}:${port}`) ?? error;
  });
  const shown = new URL(page.link);
  say(
    'link',
    [
      `Open this in a browser, within 15 minutes; it is good for one:\n\n  ${page.link}\n`,
      `(On another computer? ssh -L ${shown.port}:${shown.host} to this host first.)`,
    ].join('\n'),
    { url: page.link, expiresAt: new Date(page.expiresAt).toISOString() },
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new CliError('nobody has made an App within 15 minutes', 'Again: signalbox setup github'),
        ),
      page.expiresAt - Date.now(),
    );
  });
  try {
    return await Promise.race([page.app, late]);
  } finally {
    clearTimeout(timer);
  }
}

function asVariables(forge: string, app: NewApp): readonly string[] {
  const line = (key: string, value: string) => `${variableOf(['forges', forge, key])}=${value}`;
  return [
    line('appId', String(app.appId)),
    line('privateKey', `"${app.privateKey.trim().replaceAll('\n', '\\n')}"`),
    line('webhookSecret', app.webhookSecret),
  ];
}

function yamlOf(forge: string, url: string): string {
  const address = url === 'https://github.com' ? '' : `    url: ${url}\n`;
  return `forges:\n  ${forge}:\n    kind: github\n${address}    repositories: ["your-organisation/*"]`;
}

function parseLogin(text: string): string {
  if (!LOGIN.test(text)) throw new InvalidArgumentError('It is no name of an organisation.');
  return text;
}

function parseListen(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(?:\[?([^\]]*)\]?):(\d{1,5})$/.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535)
    throw new InvalidArgumentError('It is host:port, such as 127.0.0.1:8999.');
  return { host: host || '127.0.0.1', port: Number(port) };
}
