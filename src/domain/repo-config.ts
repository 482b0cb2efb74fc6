import { z } from 'zod';
import type { CommandName } from './command.ts';
import { duration, saying, word } from './config-fields.ts';
import { nearest, quote, valueAt } from './config-issues.ts';
import { type ConfigProblem, parseYamlConfig } from './config-problems.ts';
import { SELECTABLE_STAGES, type SelectableStage } from './plan.ts';
import type { Recipe } from './recipe.ts';
import { recipeSchema } from './recipe-parser.ts';
import { remember } from './remember.ts';
import { ROLES, type Role } from './role.ts';
import { paramsSchema } from './runner-params.ts';

/** What `.signalbox.yml` on the default branch says, with every default filled in. */
export type RepoConfig = {
  readonly suites: Readonly<Record<string, Suite>>;
  /** Only the commands that the file has a rule for. */
  readonly commands: Readonly<Partial<Record<CommandName, CommandRule>>>;
  readonly comments: 'all' | 'outcomes' | 'failures' | 'off';
  readonly pings: 'all' | 'failures' | 'off';
};

export type Suite = {
  /** Name of a runner in the operator's file. */
  readonly runner: string;
  readonly timeoutMs: number;
} & (
  | { readonly kind: 'remote'; readonly params: Readonly<Record<string, string>> }
  | {
      readonly kind: 'lifecycle';
      readonly recipe: Recipe;
      /** What runs when the command names no stages, in the order of `SELECTABLE_STAGES`. */
      readonly stages: readonly SelectableStage[];
    }
);

export type CommandRule = {
  /** Any one of these is enough. */
  readonly allow: readonly ({ readonly role: Role } | { readonly user: string })[];
  /** 1-based line of the rule in the file. */
  readonly line: number;
};

export type RepoConfigOptions = {
  /** YYYY-MM-DD */
  readonly today: string;
  /** The operator's runners, to check names and kinds; without it any name is accepted. */
  readonly runners?: Readonly<Record<string, Suite['kind']>>;
};

/** Of the recipe's wider shape: what Docker deployers, warm deployments and environments will need. */
const NOT_YET =
  'compose swarm driver secrets warm dev classify environments image retries scope exclusive fast';
const REMOTE_TIMEOUT_MS = 3_600_000;

type ParsedRepoConfig =
  | { readonly config: RepoConfig }
  | { readonly problems: readonly ConfigProblem[] };

/**
 * Text of `.signalbox.yml` to its meaning, or everything that is wrong with it. Never throws. Every command reads the
 * file, and few of them find it changed.
 */
export const parseRepoConfig = remember(parse, { max: 20 });

function parse(text: string, options: RepoConfigOptions): ParsedRepoConfig {
  const parsed = parseYamlConfig(text, schemaFor(options), {
    notYet: NOT_YET.split(' '),
  });
  if ('problems' in parsed) return parsed;
  const { value, source } = parsed;
  const commands = Object.entries(value.commands).flatMap(([name, rule]) => {
    if (rule === undefined) return [];
    const { start } = source.locate(['commands', name, 'allow'], 'key');
    return [[name, { allow: rule.allow, line: source.position(start).line }] as const];
  });
  return { config: { ...value, commands: Object.fromEntries(commands) } };
}

/** Making the schema costs more than a parse, and within a day the options do not change. */
let latest:
  | { readonly key: string; readonly schema: ReturnType<typeof repoConfigSchema> }
  | undefined;

function schemaFor(options: RepoConfigOptions): ReturnType<typeof repoConfigSchema> {
  const key = JSON.stringify([options.today, options.runners]);
  if (latest?.key !== key) latest = { key, schema: repoConfigSchema(options) };
  return latest.schema;
}

export function repoConfigSchema(options: RepoConfigOptions) {
  return z.strictObject({
    suites: z
      .record(suiteName, suiteSchema(options))
      .refine((suites) => Object.keys(suites).length > 0, 'must not be empty')
      .describe('what `!testme` can run, by name; a bare `!testme` runs the one named `testme`'),
    commands: z
      .strictObject(commandRules)
      .default({})
      .describe(`who may give ${COMMANDS.join(', ')}, where it differs from the default`),
    comments: word('level', ['all', 'outcomes', 'failures', 'off'])
      .default('all')
      .describe('which states of a run get a comment'),
    pings: word('level', ['all', 'failures', 'off'])
      .default('all')
      .describe('which outcomes mention the person in a comment of its own'),
  });
}

const suiteName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,39}$/,
    'must be small letters, digits, `-` and `_`, begin with a letter, have at most 40 characters',
  );

function suiteSchema(options: RepoConfigOptions) {
  return z
    .strictObject({
      runner: z.string().min(1).max(64).describe("name of a runner in the operator's file"),
      params: paramsSchema()
        .exactOptional()
        .describe('parameters of the build; for a remote runner such as Drone'),
      recipe: recipeSchema(options.today)
        .exactOptional()
        .describe('how to bring the app up; for a lifecycle runner'),
      stages: z
        .array(word('stage', SELECTABLE_STAGES))
        .min(1)
        .exactOptional()
        .describe('stages that run when the command names none; all when absent'),
      timeout: duration()
        .exactOptional()
        .describe('limit of a run; default `60m`, with a recipe its `timeouts.run`'),
    })
    .superRefine((suite, context) => checkSuite(suite, options.runners, context), {
      when: () => true,
    })
    .transform(({ runner, params, recipe, stages, timeout }): Suite => {
      if (recipe === undefined) {
        const timeoutMs = timeout ?? REMOTE_TIMEOUT_MS;
        return { kind: 'remote', runner, params: params ?? {}, timeoutMs };
      }
      const chosen = SELECTABLE_STAGES.filter((stage) => stages?.includes(stage) ?? true);
      const timeoutMs = timeout ?? recipe.timeouts.runMs;
      return { kind: 'lifecycle', runner, recipe, stages: chosen, timeoutMs };
    });
}

/** Runs also when other parts are wrong, so nothing about the shape can be taken for granted. */
function checkSuite(
  suite: unknown,
  runners: RepoConfigOptions['runners'],
  context: z.RefinementCtx,
): void {
  const has = (key: string) => valueAt(suite, [key]) !== undefined;
  const report = (key: string, message: string, params: Record<string, unknown>) => {
    context.addIssue({ code: 'custom', path: [key], message, params });
  };
  if (has('recipe') && has('params')) {
    report('params', 'goes with a remote runner, `recipe` with a lifecycle runner', { at: 'key' });
  }
  if (has('stages') && !has('recipe')) {
    report('stages', 'only a suite with a `recipe` has stages', { at: 'key' });
  }
  const runner = valueAt(suite, ['runner']);
  if (typeof runner !== 'string' || runners === undefined) return;
  const kind = Object.hasOwn(runners, runner) ? runners[runner] : undefined;
  if (kind === undefined) {
    const known = Object.keys(runners);
    report('runner', `unknown runner ${quote(runner)}`, { suggestion: nearest(runner, known) });
  } else if (kind === 'lifecycle' && !has('recipe')) {
    report('runner', `${quote(runner)} is a lifecycle runner: the suite needs a \`recipe\``, {});
  } else if (kind === 'remote' && has('recipe')) {
    report('recipe', `${quote(runner)} is a remote runner: it takes no recipe`, { at: 'key' });
  }
}

const USER = /^user:([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/;
const GRANTABLE = ROLES.filter((role) => role !== 'none');

const grant = z.string().transform((text, context): { role: Role } | { user: string } => {
  const role = GRANTABLE.find((known) => known === text);
  if (role !== undefined) return { role };
  const user = USER.exec(text)?.[1];
  if (user !== undefined) return { user };
  const message = text.startsWith('team:')
    ? 'teams are not in this version yet'
    : `must be \`user:<login>\` or a role (${GRANTABLE.join(', ')}), not ${quote(text)}`;
  context.addIssue({ code: 'custom', message, params: { suggestion: nearest(text, GRANTABLE) } });
  return z.NEVER;
});

const rule = z.strictObject({
  allow: z
    .preprocess(
      (value) => (typeof value === 'string' ? [value] : value),
      z.array(grant, saying('must be a role, or a list of roles and `user:<login>`')).min(1),
    )
    .describe('a role, or a list of roles and `user:<login>`; any one of them is enough'),
});

/** Typed so that a new command cannot be forgotten here. */
const commandRules = {
  testme: rule.exactOptional(),
  retest: rule.exactOptional(),
  cancel: rule.exactOptional(),
  redeploy: rule.exactOptional(),
  rollback: rule.exactOptional(),
  lock: rule.exactOptional(),
  unlock: rule.exactOptional(),
  cleanup: rule.exactOptional(),
  approve: rule.exactOptional(),
  status: rule.exactOptional(),
  help: rule.exactOptional(),
} satisfies Record<CommandName, z.ZodType>;
const COMMANDS = Object.keys(commandRules);
