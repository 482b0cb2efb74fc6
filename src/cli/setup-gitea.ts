import { randomBytes } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { adminTokenOf, loadConfig } from '../config.ts';
import type { Config } from '../domain/operator-schema.ts';
import { ForgeError } from '../forges/forge.ts';
import { createGiteaForge } from '../forges/gitea/index.ts';
import { createProvisioner, type Provisioner } from '../forges/gitea/provision.ts';
import { createHttpClient, type HttpClient } from '../lib/http-client.ts';
import { CliError } from './errors.ts';
import { clean, print, printJson } from './output.ts';
import type { Register } from './register.ts';
import { checkByHand, tellByHand } from './setup-gitea-by-hand.ts';
import { createKeeper, type Keeper, yamlOf } from './setup-gitea-keep.ts';

export type GiteaOptions = {
  readonly name?: string;
  readonly bot: string;
  readonly email?: string;
  readonly adminToken?: string;
  readonly token?: string;
  readonly newToken?: boolean;
  readonly repository: readonly string[];
  readonly write?: string;
  readonly json?: boolean;
};

export type GiteaSetup = {
  readonly kind: 'gitea' | 'forgejo';
  /** Of the forge; no trailing slash. */
  readonly url: string;
  /** Key under `forges:`. */
  readonly forge: string;
  readonly options: GiteaOptions;
  readonly http: HttpClient;
  /** Undefined while there is none that could be used. */
  readonly config: Config | undefined;
};

const ADMIN_VARIABLE = 'SIGNALBOX_ADMIN_TOKEN';

export const registerSetupGitea: Register = (setup, setExitCode) => {
  for (const kind of ['gitea', 'forgejo'] as const) {
    setup
      .command(`${kind} <url>`)
      .description(
        "makes the bot's account, its token and rights with an admin's token; else tells how",
      )
      .option('--name <forge>', `key under \`forges:\`; default the one with this address`)
      .option('--bot <login>', 'name of the account', 'signalbox')
      .option('--email <address>', 'of a new account; default one that leads nowhere')
      .option('--admin-token <token>', `token of a site admin; better as ${ADMIN_VARIABLE}`)
      .option('--token <token>', "the bot's, when there is one: it is checked")
      .option('--new-token', 'sets a new password for an account that is there, to make a token')
      .option('--repository <owner/name>', 'repeat it for several', collect, [])
      .option('--write <directory>', 'keeps the secrets in files there, instead of showing them')
      .option('--json', 'as JSON')
      .action(async (url: string, options: GiteaOptions, command: Command) => {
        await using stack = new AsyncDisposableStack();
        const http = createHttpClient({ timeoutMs: 20_000 });
        stack.defer(() => http.close());
        const wanted = wantedOf(kind, { url, options, http, command });
        const adminToken = options.adminToken ?? adminTokenOf();
        if (adminToken !== undefined) return await provide(wanted, adminToken);
        if (options.token === undefined) return tellByHand(wanted);
        return setExitCode(await checkByHand(wanted, options.token));
      });
  }
};

function collect(value: string, known: readonly string[]): readonly string[] {
  if (!/^[\w.-]+\/[\w.-]+$/.test(value)) throw new InvalidArgumentError('It is owner/name.');
  return [...known, value];
}

function wantedOf(
  kind: GiteaSetup['kind'],
  given: { url: string; options: GiteaOptions; http: HttpClient; command: Command },
): GiteaSetup {
  const { options, http, command } = given;
  const url = given.url.replace(/\/+$/, '');
  if (!URL.canParse(url) || !/^https?:\/\/[^?#@\s]+$/.test(url))
    throw new CliError(
      `"${clean(given.url)}" is no address of a forge`,
      `Such as: signalbox setup ${kind} https://git.example.org`,
      64,
    );
  const { config: file } = command.optsWithGlobals<{ config?: string }>();
  const loaded = loadConfig(file === undefined ? {} : { file });
  const config = 'config' in loaded ? loaded.config : undefined;
  const known = Object.entries(config?.forges ?? {}).find(([, one]) => one.url === url)?.[0];
  return { kind, url, forge: options.name ?? known ?? kind, options, http, config };
}

/** With an admin's token. Each step looks first, so that all of it may be repeated. */
async function provide(wanted: GiteaSetup, adminToken: string): Promise<void> {
  const { url, http, options } = wanted;
  const steps: { step: string; outcome: string; text: string }[] = [];
  const tell = (step: string, outcome: string, text: string) => {
    steps.push({ step, outcome, text });
    if (!options.json) print(`✔ ${clean(text)}`);
  };
  const keeper = createKeeper(wanted);
  try {
    const provisioner = createProvisioner({ url, adminToken, http, now: Date.now });
    const token = await ensureToken(provisioner, wanted, { keeper, tell });
    for (const repository of options.repository) {
      const isNew = await provisioner.ensureCollaborator(repository, options.bot);
      const text = `${options.bot} ${isNew ? 'is now' : 'was'} an admin collaborator of ${repository}`;
      tell('collaborator', isNew ? 'created' : 'found', text);
    }
    const connected = await connect(wanted, token, tell);
    const secrets = keeper.secrets({
      token,
      webhookSecret: randomBytes(32).toString('hex'),
    });
    const yaml = yamlOf(wanted, secrets);
    const next = connected
      ? 'signalbox doctor'
      : `signalbox connect ${wanted.forge} ${options.repository[0] ?? 'owner/name'}`;
    if (options.json) {
      return printJson({ steps, yaml, secrets: secrets.shown, files: secrets.files, next });
    }
    for (const path of secrets.files) print(`✔ kept in ${path}`);
    if (!connected) print(`\nAdd to signalbox.yml:\n\n${yaml}`);
    if (!connected && secrets.shown.length > 0)
      print(`\nAnd these to the environment of the bot:\n\n${secrets.shown.join('\n')}`);
    print(`\nThen: ${next}`);
  } catch (error) {
    throw error instanceof ForgeError ? explain(error, wanted) : error;
  }
}

async function ensureToken(
  provisioner: Provisioner,
  { options, config, forge }: GiteaSetup,
  parts: { keeper: Keeper; tell: (step: string, outcome: string, text: string) => void },
): Promise<string> {
  const { keeper, tell } = parts;
  const { bot } = options;
  const email = options.email ?? `${bot}@noreply.invalid`;
  const isNew = await provisioner.ensureAccount(bot, email);
  tell('account', isNew ? 'created' : 'found', `account ${bot} ${isNew ? 'made' : 'was there'}`);
  const known = config?.forges[forge];
  const configured = known !== undefined && known.kind !== 'github' ? known.token : undefined;
  for (const token of [options.token, keeper.known('token'), configured]) {
    if (token === undefined || !(await provisioner.isTokenOf(token, bot))) continue;
    tell('token', 'found', `its token works`);
    return token;
  }
  if (!isNew && !options.newToken) {
    throw new CliError(
      `the account ${clean(bot)} was there, and its token is not known here`,
      'Give it with --token, or add --new-token: it sets a new password for the account and makes a token.',
    );
  }
  const token = await provisioner.makeToken(bot);
  tell('token', 'created', `a token for ${bot} made, with the rights that are used`);
  return token;
}

/** True when the forge is in signalbox.yml and every repository that was named has its webhook. */
async function connect(
  { config, forge, url, http, options }: GiteaSetup,
  token: string,
  tell: (step: string, outcome: string, text: string) => void,
): Promise<boolean> {
  const known = config?.forges[forge];
  if (config === undefined || known === undefined || known.kind === 'github') return false;
  const { kind, webhookSecret } = known;
  const bot = createGiteaForge({ name: forge, kind, url, token, webhookSecret, http });
  for (const repository of options.repository) {
    const target = `${config.url}/webhooks/${forge}`;
    const { outcome } = await bot.ensureWebhook(repository, target);
    tell('webhook', outcome, `webhook of ${repository}: ${outcome}`);
  }
  return true;
}

function explain(error: ForgeError, { url }: GiteaSetup): CliError {
  const next =
    error.code === 'unauthorized' || error.code === 'forbidden'
      ? `It must be of a site admin, with the scopes write:admin and write:repository: ${url}/user/settings/applications`
      : 'What was done is kept; type the same line again.';
  return new CliError(error.message, next);
}
