import { z } from 'zod';
import { name, saying, size, word } from './config-fields.ts';
import { REPOSITORY_PATTERN } from './repository-pattern.ts';
import { ROLES } from './role.ts';

/** The operator's whole configuration, checked, every default filled in. */
export type Config = z.output<typeof operatorSchema>;

/** Words in the operator's file that a later version will understand. */
export const OPERATOR_NOT_YET = [
  'woodpecker',
  'gitea-actions',
  'github-actions',
  'compose',
  'swarm',
];

/** From the environment and from `${…}` everything arrives as text. */
const number = <S extends z.ZodType>(schema: S) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value),
    schema,
  );
const list = <S extends z.ZodType>(schema: S) =>
  z.preprocess(
    (value) =>
      typeof value === 'string'
        ? value
            .split(',')
            .map((entry) => entry.trim())
            .filter((entry) => entry !== '')
        : value,
    schema,
  );

const KNOWN_WORDS =
  /^(change-?me|development|secret|test|password|token|example|default|webhook-?secret)$/i;
const WELL_KNOWN = 'is a value that everybody knows; make one with `openssl rand -hex 32`';

const token = () =>
  z
    .string()
    .min(1)
    .refine((value) => !KNOWN_WORDS.test(value), 'is a placeholder, not a token')
    .refine((value) => value === '' || /^[\x21-\x7e]+$/.test(value), 'must not contain spaces');

const webhookSecret = () =>
  z.string().superRefine((value, context) => {
    const message =
      value === ''
        ? 'must not be empty'
        : KNOWN_WORDS.test(value)
          ? WELL_KNOWN
          : value.length < 16
            ? 'must have at least 16 characters; make one with `openssl rand -hex 32`'
            : undefined;
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

const HTTP_URL = 'must be an http:// or https:// address without user, query or fragment';
/** Without slashes at the end, so that paths can be put behind it. */
const httpUrl = () =>
  z
    .string(saying(HTTP_URL))
    .refine((value) => isHttpUrl(value), HTTP_URL)
    .transform((value) => value.replace(/\/+$/, ''));

function isHttpUrl(value: string): boolean {
  if (!/^https?:\/\/[^/]/i.test(value) || !URL.canParse(value)) return false;
  const url = new URL(value);
  return !url.username && !url.password && !/[?#\s]/.test(value);
}

const LISTEN = 'must be host:port such as `127.0.0.1:8080`, `:8080` or `[::1]:8080`';
const listen = z.string(saying(LISTEN)).transform((value, context) => {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]*)):(\d{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  if (match !== null && port <= 65_535) {
    return { host: match[1] ?? (match[2] || '0.0.0.0'), port };
  }
  context.addIssue({ code: 'custom', message: LISTEN });
  return z.NEVER;
});

/** Empty is the same as absent: `database: ${env:DATABASE_URL}` must work where that is not set. */
const store = (isGood: (value: string) => boolean, message: string) =>
  z
    .string()
    .refine((value) => value === '' || isGood(value), message)
    .transform((value) => (value === '' ? undefined : value))
    .optional();

const repositories = () =>
  list(
    z
      .array(z.string().regex(REPOSITORY_PATTERN, 'must be `owner/name`; `*` stands for any name'))
      .min(1),
  ).describe('what is obeyed, `*` stands for any characters; nothing outside is');

const giteaForge = z.strictObject({
  kind: word('kind', ['gitea', 'forgejo', 'playground']).describe('which software it runs'),
  url: httpUrl().describe('address of the forge'),
  token: token().describe("the bot account's access token"),
  webhookSecret: webhookSecret().describe(
    'secret that the forge signs its webhooks with, at least 16 characters',
  ),
  repositories: repositories(),
});

const PRIVATE_KEY = 'must be a PEM private key as GitHub gives it; name its file by reference';
/** Line breaks survive few environments: written as `\\n` they are taken too. */
const privateKey = () =>
  z
    .string()
    .transform((value) => value.replaceAll('\\n', '\n'))
    .refine((value) => /^-----BEGIN [A-Z ]*PRIVATE KEY-----\s/.test(value), PRIVATE_KEY);

const githubForge = z
  .strictObject({
    kind: z.literal('github').describe('GitHub, or a GitHub Enterprise Server, as a GitHub App'),
    url: httpUrl()
      .prefault('https://github.com')
      .describe('address of GitHub, or of the Enterprise Server'),
    appId: number(z.int().min(1).optional()).describe(
      'id of the GitHub App; absent: what `signalbox setup github` has put into `data`',
    ),
    privateKey: privateKey().optional().describe('private key of the App, PEM'),
    webhookSecret: webhookSecret()
      .optional()
      .describe('webhook secret of the App, at least 16 characters'),
    repositories: repositories(),
    roles: z
      .record(z.string().min(1), word('role', ROLES))
      .prefault({})
      .describe('what custom roles of the organisation count as, by their name'),
    limits: word('limits', ['github', 'none'])
      .default('github')
      .describe('`none` for an Enterprise Server without rate limits: no pauses between writes'),
  })
  .superRefine(({ appId, privateKey: key, webhookSecret: secret }, context) => {
    const all = Object.entries({ appId, privateKey: key, webhookSecret: secret });
    const [present] = all.find(([, value]) => value !== undefined) ?? [];
    const missing = all.flatMap(([name, value]) => (value === undefined ? [`\`${name}\``] : []));
    if (present === undefined || missing.length === 0) return;
    const message = `goes with ${missing.join(' and ')}: write all of them or none`;
    context.addIssue({ code: 'custom', path: [present], message });
  });

const forge = z.discriminatedUnion('kind', [giteaForge, githubForge]);

const drone = z.strictObject({
  kind: z.literal('drone').describe('builds run on a Drone server'),
  url: httpUrl().describe('address of the Drone server'),
  token: token().describe('API token of an account that may write to the repositories'),
  webhookSecret: webhookSecret().describe(
    "the server's DRONE_WEBHOOK_SECRET, at least 16 characters",
  ),
});

const lifecycle = z.strictObject({
  kind: z.literal('lifecycle').describe('Signalbox itself brings the app up'),
  deployers: list(z.array(word('deployer', ['process'])).min(1))
    .prefault(['process'])
    .describe('ways to bring an app up that recipes may use'),
  slots: number(z.int().min(1).max(64).default(2)).describe('runs at the same time in one process'),
  uidBase: number(z.int().min(1000).max(2_000_000_000).default(71_000)).describe(
    'when started as root: children of slot n run as the unprivileged user id of this plus n',
  ),
});

const limits = z.strictObject({
  maxBodyBytes: size().prefault('5m').describe('largest webhook; a larger one is answered 413'),
  maxUnfinished: number(z.int().min(1).max(1_000_000).default(10_000)).describe(
    'deliveries and commands not yet dealt with; past it webhooks are answered 503',
  ),
  keepDays: number(z.int().min(2).max(36_500).default(90)).describe(
    'how long deliveries, logs and artifacts are kept; what became of runs and commands stays',
  ),
});

const ms = (usual: number) => number(z.int().min(1).max(3_600_000).default(usual));

const timings = z.strictObject({
  leaseMs: ms(15_000).describe('how long a worker that died keeps others from its work'),
  pollMs: ms(500).describe('longest time between two looks for work that another process noted'),
  backoffMs: ms(300_000).describe('longest pause before work that failed is tried again'),
  quietMs: ms(3_000).describe('a run that ends sooner gets no comment that it is queued'),
  editMs: ms(10_000).describe('shortest time between two edits of the comment of a running run'),
  commentSettleMs: ms(15_000).describe(
    'longest time from meaning to post a comment, 10 s for the call included, until the forge lists it; too short a time may double one',
  ),
  buildSettleMs: ms(60_000).describe(
    'longest time until Drone lists a build that was asked for; too short a time may double one',
  ),
});

const log = z.strictObject({
  level: word('level', ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('least important level that is logged'),
});

export const operatorSchema = z.strictObject({
  listen: listen.prefault('127.0.0.1:8080').describe('address that the server listens on'),
  url: httpUrl().describe('public address, part of every link'),
  data: z
    .string()
    .min(1)
    .default('./data')
    .describe('directory of the SQLite ledger, logs, artifacts and workspaces'),
  database: store(
    (value) => /^postgres(ql)?:\/\//.test(value) && URL.canParse(value),
    'must be a postgres:// address, or empty for SQLite',
  ).describe('PostgreSQL address; absent or empty: SQLite below `data`'),
  redis: store(
    (value) => value.startsWith('/') || (/^rediss?:\/\//.test(value) && URL.canParse(value)),
    'must be a redis:// or rediss:// address or the path of a socket, or empty for none',
  ).describe('Redis address or path of its socket; absent or empty: the ledger dispatches'),
  forges: z
    .record(name(), forge)
    .refine((forges) => Object.keys(forges).length > 0, 'must not be empty')
    .describe('by name; webhooks of `acme` arrive at `/webhooks/acme`'),
  runners: z
    .record(name(), z.discriminatedUnion('kind', [drone, lifecycle]))
    .refine((runners) => Object.keys(runners).length > 0, 'must not be empty')
    .describe('by name, as `.signalbox.yml` files say it; Drone reports to `/hooks/drone/<name>`'),
  limits: limits.prefault({}),
  log: log.prefault({}),
  timings: timings
    .prefault({})
    .describe('for tests and unusual networks, in milliseconds; right as they are for all others'),
  catchUpSeconds: number(z.int().min(1).max(3600).default(60)).describe(
    'how often comments are listed to find what no webhook brought',
  ),
});

/** Keys whose values never appear in messages and are masked in logs. */
export function isSecretKey(key: string): boolean {
  return /^(token|webhookSecret|privateKey|database|redis)$/i.test(key.replace(/[-_]/g, ''));
}

/** Everything in it that must never be shown. */
export function secretsOf(config: Config): readonly string[] {
  const named = [...Object.values(config.forges), ...Object.values(config.runners)].flatMap(
    (part) => {
      if (part.kind === 'lifecycle') return [];
      const secrets =
        part.kind === 'github'
          ? [part.privateKey, part.webhookSecret]
          : [part.token, part.webhookSecret];
      return secrets.filter((secret) => secret !== undefined);
    },
  );
  const passwords = [config.database, config.redis].flatMap((address) => {
    if (address === undefined || !URL.canParse(address)) return [];
    const { password, searchParams } = new URL(address);
    const values = [password, searchParams.get('password') ?? ''];
    return values.flatMap((value) => (value === '' ? [] : [value, decoded(value)]));
  });
  return [...new Set([...named, ...passwords])];
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
