import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkValue, type Finding, valueAt } from './domain/config-issues.ts';
import {
  type ConfigProblem,
  formatProblems,
  inOrder,
  syntaxProblems,
  toProblem,
} from './domain/config-problems.ts';
import {
  type Config,
  OPERATOR_NOT_YET,
  operatorSchema,
  secretsOf,
} from './domain/operator-schema.ts';
import {
  applyVariables,
  type Lookup,
  type Overlay,
  resolveReferences,
  secretPaths,
  variableOf,
} from './domain/operator-values.ts';
import { type Path, readYaml, type YamlSource } from './domain/yaml-source.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type ReadFile = (path: string) => string;

/** Everything that is wrong with the operator's configuration. `message` is the text for the terminal. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(message: string, problems: readonly ConfigProblem[]) {
    super(message);
    this.problems = problems;
  }
}

const DEFAULT_FILE = 'signalbox.yml';

/**
 * Reads the operator's configuration: `file` (of `--config`), else the file that SIGNALBOX_CONFIG names, else
 * `signalbox.yml` in `cwd`, with `SIGNALBOX_…` variables over it. Only the last of the three may be absent.
 * `config` is frozen, `config.data` absolute; `secrets` is what logs must mask. Wrong configuration is a value,
 * all problems in it; the caller ends the process with 78.
 */
export function loadConfig(
  options: { file?: string; env?: Environment; cwd?: string; readFile?: ReadFile } = {},
): { config: Config; secrets: readonly string[] } | { error: ConfigError } {
  const { env = process.env, cwd = process.cwd() } = options;
  const readFile = options.readFile ?? ((path: string) => readFileSync(path, 'utf8'));
  const named = options.file ?? (env.SIGNALBOX_CONFIG || undefined);
  const file = named ?? DEFAULT_FILE;
  const read = tryRead(readFile, resolve(cwd, file));
  if ('message' in read && !(read.absent && named === undefined)) {
    return { error: new ConfigError(`${file}: ${read.message}`, []) };
  }
  const text = 'text' in read ? read.text : undefined;
  const result = parseOperatorConfig(text, { env, lookup: createLookup(env, cwd, readFile) });
  if ('problems' in result) {
    const lines = formatProblems(file, result.problems);
    return {
      error: new ConfigError(text === undefined ? NO_FILE + lines : lines, result.problems),
    };
  }
  const config = deepFreeze({ ...result.config, data: resolve(cwd, result.config.data) });
  return { config, secrets: secretsOf(config) };
}

/** Given to `signalbox setup` once, and kept nowhere: no part of the configuration. */
export function adminTokenOf(env: Environment = process.env): string | undefined {
  return env.SIGNALBOX_ADMIN_TOKEN || undefined;
}

const NO_FILE = `There is no ${DEFAULT_FILE} here, and the environment alone is not enough.
Write one (docs/configuration.md has an example to copy), name one with --config, or set:
`;

function parseOperatorConfig(
  text: string | undefined,
  from: { env: Environment; lookup: Lookup },
): { config: Config } | { problems: readonly ConfigProblem[] } {
  const source = readYaml(text ?? '');
  const shown = blankSecrets(source);
  const broken = syntaxProblems(source, shown);
  if (source.value === undefined && broken.length > 0) return { problems: broken };
  const overlay = applyVariables(source.value ?? {}, from.env);
  const resolved = resolveReferences(overlay.value, from.lookup);
  const checked = checkValue(operatorSchema, resolved.value, { notYet: OPERATOR_NOT_YET });
  const unresolved = new Set(resolved.findings.map(({ path }) => JSON.stringify(path)));
  const findings = [
    ...resolved.findings,
    // A reference that leads nowhere is the cause; what its text then fails is noise.
    ...('findings' in checked ? checked.findings : []).filter(
      ({ path }) => !unresolved.has(JSON.stringify(path)),
    ),
  ];
  if ('value' in checked && findings.length + broken.length === 0) return { config: checked.value };
  const problems = findings.map((finding) => operatorProblem(finding, { source, shown, overlay }));
  return { problems: inOrder([...broken, ...problems]) };
}

function operatorProblem(
  finding: Finding,
  context: { source: YamlSource; shown: string; overlay: Overlay },
): ConfigProblem {
  const { source, shown, overlay } = context;
  const problem = toProblem(source, finding, shown);
  const variable = originOf(overlay, finding.where) ?? originOf(overlay, finding.path);
  const isInFile = valueAt(source.value, finding.where) !== undefined;
  if (variable === undefined && isInFile) {
    if (!finding.missing) return problem;
    return {
      ...problem,
      message: `is missing; write it, or set ${suggestedVariable(finding.path)}`,
    };
  }
  const nowhere = { line: 0, column: 0, length: 1, source: '' };
  return { ...problem, ...nowhere, variable: variable ?? suggestedVariable(finding.path) };
}

/** The variable that gave the value at a path, or a list around it. */
function originOf(overlay: Overlay, path: Path): string | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const variable = overlay.origins.get(JSON.stringify(path.slice(0, length)));
    if (variable !== undefined) return variable;
  }
  return undefined;
}

function suggestedVariable(path: Path): string {
  const isGroup = path.length === 1 && (path[0] === 'forges' || path[0] === 'runners');
  return variableOf(path) + (isGroup ? '__<NAME>__KIND' : '');
}

/** The same text, as long as before, with the values of secret keys as stars: errors end up in logs. */
function blankSecrets(source: YamlSource): string {
  const spans = secretPaths(source.value).map((path) => source.locate(path, 'value'));
  const blanked = spans.reduce(
    (text, { start, end }) =>
      text.slice(0, start) + stars(text.slice(start, end)) + text.slice(end),
    source.text,
  );
  if (source.value !== undefined) return blanked;
  // Broken syntax: there are no nodes to go by, only lines.
  return blanked.replace(
    /((?:token|secret|database|redis)["']?[ \t]*:[ \t]*)([^\r\n]*)/gi,
    (_, key: string, value: string) => key + stars(value),
  );
}

function stars(text: string): string {
  return text.replace(/[^\r\n]/g, '*');
}

function createLookup(env: Environment, cwd: string, readFile: ReadFile): Lookup {
  return (kind, name) => {
    if (kind === 'file') {
      const read = tryRead(readFile, resolve(cwd, name));
      return 'text' in read
        ? { text: read.text.replace(/\r?\n$/, '') }
        : { message: `the file it refers to ${read.message}` };
    }
    const text = Object.hasOwn(env, name) ? env[name] : undefined;
    return text === undefined
      ? { message: 'the environment variable it refers to is not set', absent: true }
      : { text };
  };
}

function tryRead(
  readFile: ReadFile,
  path: string,
): { text: string } | { message: string; absent: boolean } {
  try {
    return { text: readFile(path) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const absent = code === 'ENOENT';
    const why = absent
      ? 'does not exist'
      : `cannot be read (${typeof code === 'string' ? code : 'unknown error'})`;
    return { message: why, absent };
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
