import leven from 'leven';
import type { Command, CommandName } from './command.ts';
import { SELECTABLE_STAGES, type SelectableStage } from './plan.ts';

/** What is wrong with a command line; `at` and `fix` name the word that would put it right. */
type ArgumentProblem = {
  readonly code: ArgumentProblemCode;
  /** One sentence. */
  readonly message: string;
  readonly at?: number;
  readonly fix?: string;
};

export type ArgumentProblemCode =
  | 'unknown_argument'
  | 'duplicate_argument'
  | 'missing_argument'
  | 'invalid_value'
  | 'too_many_arguments';

/** One argument: where it stood, and under which key, '' for a bare word. */
type Word = { readonly at: number; readonly key: string; readonly value: string };
type Values = { readonly [key: string]: readonly Word[] };
type Checked<T> = T | { readonly problem: ArgumentProblem };

/** The arguments each command takes: what a bare word means, how many there may be, and which keys. */
const SHAPES: Readonly<
  Record<CommandName, { bare: string; most: number; keys: readonly string[]; must?: string }>
> = {
  testme: { bare: 'suite', most: 8, keys: ['stages', 'sha'] },
  retest: { bare: '', most: 0, keys: [] },
  cancel: { bare: 'run', most: 1, keys: ['run'] },
  redeploy: { bare: 'environment', most: 2, keys: ['ref'], must: 'environment' },
  rollback: { bare: 'environment', most: 1, keys: [], must: 'environment' },
  lock: { bare: 'environment', most: 1, keys: ['expires'], must: 'environment' },
  unlock: { bare: 'environment', most: 1, keys: [], must: 'environment' },
  cleanup: { bare: 'run', most: 1, keys: ['run'] },
  approve: { bare: 'sha', most: 1, keys: ['sha'], must: 'sha' },
  status: { bare: '', most: 0, keys: [] },
  help: { bare: '', most: 0, keys: [] },
};

const MAX_WORDS = 10;

/** What each kind of value may look like; everything else is refused before it can reach a runner. */
const VALUE_RULES = {
  suite: { pattern: /^[a-z][a-z0-9_-]{0,39}$/, rule: 'a suite is a name like `smoke`' },
  environment: { pattern: /^[a-z][a-z0-9_-]{0,39}$/, rule: 'an environment is a name like `dev`' },
  sha: { pattern: /^[0-9a-f]{40}$/, rule: 'a commit needs all 40 hexadecimal digits' },
  run: { pattern: /^#?[1-9][0-9]{0,8}$/, rule: 'a run is a number like `902`' },
  expires: { pattern: /^[1-9][0-9]{0,2}[mhd]$/, rule: 'a duration looks like `30m`, `2h` or `1d`' },
  ref: {
    pattern: /^(?![-/])(?!.*\.\.)[A-Za-z0-9._/-]{1,200}$/,
    rule: 'a ref is a branch, tag or commit name',
  },
} as const;
type ValueKind = keyof typeof VALUE_RULES;

/** Turns the words after a command's name into the command, or says what is wrong with them. */
export function parseArguments(
  name: CommandName,
  words: readonly string[],
): Checked<{ readonly command: Command }> {
  if (words.length > MAX_WORDS) {
    return fail('too_many_arguments', `A command takes at most ${MAX_WORDS} arguments.`);
  }
  const sorted = sortWords(name, words);
  return 'problem' in sorted ? sorted : build(name, sorted.values);
}

/** Hostile text cut short and made fit for a Markdown code span. */
export function showWord(text: string): string {
  const safe = text.replace(/[^\x20-\x7e]|`/g, '?').trim();
  const cut = safe.length > 40 ? `${safe.slice(0, 37)}...` : safe;
  return `\`${cut === '' ? '?' : cut}\``;
}

function fail(
  code: ArgumentProblemCode,
  message: string,
  fix: { readonly at?: number; readonly fix?: string } = {},
): { problem: ArgumentProblem } {
  return { problem: { code, message, ...fix } };
}

function sortWords(
  name: CommandName,
  words: readonly string[],
): Checked<{ readonly values: Values }> {
  const shape = SHAPES[name];
  const bare: Word[] = [];
  const keyed = new Map<string, Word>();
  for (const [at, text] of words.entries()) {
    const word = splitWord(text, at);
    if (word.key === '') {
      bare.push(word);
      continue;
    }
    if (!shape.keys.includes(word.key)) return unknownKey(name, word, text);
    if (keyed.has(word.key)) {
      return fail('duplicate_argument', `\`${word.key}\` is given twice.`);
    }
    keyed.set(word.key, word);
  }
  if (bare.length > shape.most) return tooMany(name, bare[shape.most]?.value ?? '');
  const values = Object.fromEntries([...keyed].map(([key, word]) => [key, [word]]));
  return placeBare(name, values, bare);
}

function splitWord(text: string, at: number): Word {
  const match = /^(?:--?)?([A-Za-z][A-Za-z0-9_-]*)=(.*)$/s.exec(text);
  if (match) return { at, key: (match[1] ?? '').toLowerCase(), value: match[2] ?? '' };
  return text.startsWith('-')
    ? { at, key: text.toLowerCase(), value: '' }
    : { at, key: '', value: text };
}

function unknownKey(name: CommandName, word: Word, text: string): { problem: ArgumentProblem } {
  const known = SHAPES[name].keys;
  const plain = word.key.replace(/^-+/, '');
  const near = known.find((key) => key === plain || leven(plain.slice(0, 20), key) <= 2);
  if (near !== undefined && !text.includes('=')) {
    return fail('invalid_value', `\`${near}\` needs a value: \`${near}=…\`.`);
  }
  return fail(
    'unknown_argument',
    `\`${name}\` has no argument ${showWord(word.key)}.`,
    near === undefined ? {} : { at: word.at, fix: `${near}=${word.value}` },
  );
}

function tooMany(name: CommandName, extra: string): { problem: ArgumentProblem } {
  const { most, bare } = SHAPES[name];
  if (most === 0) {
    return fail('unknown_argument', `\`${name}\` takes no arguments, but got ${showWord(extra)}.`);
  }
  const noun = most === 1 ? `one ${bare}` : `${most} names`;
  return fail('too_many_arguments', `\`${name}\` takes at most ${noun}.`);
}

/** Gives the bare words their keys: `redeploy dev main` is `redeploy dev ref=main`. */
function placeBare(
  name: CommandName,
  keyed: Values,
  bare: readonly Word[],
): Checked<{ readonly values: Values }> {
  const shape = SHAPES[name];
  const [first, second] = bare;
  const twoKinds = name === 'redeploy';
  const own = twoKinds && first ? [first] : bare;
  const taken = (key: string): boolean => (keyed[key]?.length ?? 0) > 0;
  if (own.length > 0 && taken(shape.bare)) {
    return fail('duplicate_argument', `\`${shape.bare}\` is given twice.`);
  }
  if (twoKinds && second && taken('ref')) {
    return fail('duplicate_argument', '`ref` is given twice.');
  }
  const values: Values = {
    ...keyed,
    ...(own.length > 0 ? { [shape.bare]: own } : {}),
    ...(twoKinds && second ? { ref: [second] } : {}),
  };
  if (shape.must !== undefined && (values[shape.must]?.length ?? 0) === 0) {
    return fail(
      'missing_argument',
      `\`${name}\` needs to know which ${shape.must === 'sha' ? 'commit' : shape.must}.`,
    );
  }
  return { values };
}

function build(name: CommandName, values: Values): Checked<{ readonly command: Command }> {
  const checked = new Map<string, string>();
  for (const kind of ['environment', 'sha', 'run', 'expires', 'ref'] as const) {
    const word = values[kind]?.[0];
    if (!word) continue;
    const value = checkValue(kind, word);
    if (typeof value !== 'string') return value;
    checked.set(kind, value);
  }
  if (name === 'testme') return buildTestme(values, checked.get('sha'));
  return { command: assemble(name, checked) };
}

function checkValue(kind: ValueKind, word: Word): Checked<string> {
  const { pattern, rule } = VALUE_RULES[kind];
  const value = kind === 'ref' ? word.value : word.value.toLowerCase();
  if (pattern.test(value)) return value;
  return fail('invalid_value', `${showWord(word.value)} cannot be used: ${rule}.`);
}

function assemble(name: Exclude<CommandName, 'testme'>, values: Map<string, string>): Command {
  const environment = values.get('environment') ?? '';
  const run = values.get('run')?.replace('#', '');
  const expires = values.get('expires');
  const ref = values.get('ref');
  switch (name) {
    case 'cancel':
    case 'cleanup':
      return run === undefined ? { name } : { name, run: Number(run) };
    case 'redeploy':
      return ref === undefined ? { name, environment } : { name, environment, ref };
    case 'lock':
      return expires === undefined ? { name, environment } : { name, environment, expires };
    case 'rollback':
    case 'unlock':
      return { name, environment };
    case 'approve':
      return { name, sha: values.get('sha') ?? '' };
    case 'retest':
    case 'status':
    case 'help':
      return { name };
  }
}

function buildTestme(values: Values, sha?: string): Checked<{ readonly command: Command }> {
  const suites: string[] = [];
  for (const word of values.suite ?? []) {
    const suite = checkValue('suite', word);
    if (typeof suite !== 'string') return suite;
    if (suites.includes(suite)) {
      return fail('duplicate_argument', `The suite ${showWord(suite)} is given twice.`);
    }
    suites.push(suite);
  }
  const word = values.stages?.[0];
  const chosen = word ? parseStages(word) : undefined;
  if (chosen && 'problem' in chosen) return chosen;
  return {
    command: {
      name: 'testme',
      suites,
      ...(chosen ? { stages: chosen.stages } : {}),
      ...(sha === undefined ? {} : { sha }),
    },
  };
}

/** Stages run in the engine's order whatever order they are typed in, so that order is the canonical one. */
function parseStages(word: Word): Checked<{ readonly stages: readonly SelectableStage[] }> {
  const typed = word.value.toLowerCase().split(',');
  for (const [index, stage] of typed.entries()) {
    if ((SELECTABLE_STAGES as readonly string[]).includes(stage)) continue;
    const near = SELECTABLE_STAGES.find((known) => leven(stage.slice(0, 20), known) <= 2);
    const message =
      stage === ''
        ? '`stages` needs names with commas between: `stages=install,upgrade`.'
        : `There is no stage ${showWord(stage)}.`;
    const fix = `stages=${typed.with(index, near ?? '').join(',')}`;
    return fail('invalid_value', message, near === undefined ? {} : { at: word.at, fix });
  }
  if (new Set(typed).size < typed.length) {
    return fail('duplicate_argument', 'A stage is given twice.');
  }
  return { stages: SELECTABLE_STAGES.filter((stage) => typed.includes(stage)) };
}
