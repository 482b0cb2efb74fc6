import leven from 'leven';
import { z } from 'zod';
import type { Path } from './yaml-source.ts';

/** What is wrong with a value, in words of ours, before it is given a place in a file. */
export type Finding = {
  /** The path that people read. */
  readonly path: Path;
  /** What the caret points at. */
  readonly where: Path;
  readonly at: 'key' | 'value';
  /** A clause without a full stop, small letters. */
  readonly message: string;
  readonly suggestion?: string;
  /** The key is not there at all. */
  readonly missing?: true;
};

export type CheckOptions = {
  /** Keys and values that people know from elsewhere and that a later version will have. */
  readonly notYet?: readonly string[];
};

/** Values and keys longer than this are cut in messages: the file is somebody else's text. */
const MAX_QUOTED = 40;

/** Text of others as inline code: no control characters, no back-ticks, bounded. */
export function quote(value: unknown): string {
  const text = (typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value)))
    .replace(/[\p{C}\p{Zl}\p{Zp}`]/gu, '\uFFFD')
    .slice(0, MAX_QUOTED + 1);
  return `\`${text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text}\``;
}

/** The candidate that was probably meant; undefined when none is near. Case does not count. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const lower = word.toLowerCase();
  // A swapped pair of letters counts as two changes.
  const allowed = word.length < 3 ? 1 : word.length < 9 ? 2 : 3;
  return candidates
    .map((candidate) => ({ candidate, distance: leven(lower, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance)[0]?.candidate;
}

/** `suites.testme.stages[1]`; the whole file is `file`. */
export function pathText(path: Path): string {
  if (path.length === 0) return 'file';
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      const name = /^[\w<>-]+$/.test(part) ? part : quote(part).slice(1, -1);
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

/** Checks plain data and says everything that is wrong with it, never in zod's own words. */
export function checkValue<S extends z.ZodType>(
  schema: S,
  value: unknown,
  options: CheckOptions = {},
): { readonly value: z.output<S> } | { readonly findings: readonly Finding[] } {
  const knownKeys = new Map<string, readonly string[]>();
  const result = schema.safeParse(value, {
    reportInput: true,
    error: (issue) => {
      if (issue.code === 'unrecognized_keys' && issue.inst instanceof z.ZodObject) {
        knownKeys.set(JSON.stringify(issue.path ?? []), Object.keys(issue.inst.shape));
      }
      return wordsOf(issue);
    },
  });
  if (result.success) return { value: result.data };
  const context = { knownKeys, notYet: options.notYet ?? [] };
  return { findings: result.error.issues.flatMap((issue) => toFindings(issue, context)) };
}

type Context = {
  readonly knownKeys: ReadonlyMap<string, readonly string[]>;
  readonly notYet: readonly string[];
};

function toFindings(issue: z.core.$ZodIssue, context: Context): readonly Finding[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const input = inputOf(issue);
  if (issue.code === 'unrecognized_keys') {
    const known = context.knownKeys.get(JSON.stringify(path)) ?? [];
    return issue.keys.map((key) => ({
      path,
      where: [...path, key],
      at: 'key',
      ...guess({ word: key, known, noun: 'key', notYet: context.notYet }),
    }));
  }
  if (input === undefined && issue.code !== 'custom') {
    const message = 'is missing';
    return [{ path, where: path.slice(0, -1), at: 'key', message, missing: true }];
  }
  const here = { path, where: path, at: 'value' } as const;
  if (issue.code === 'invalid_key') {
    return [{ ...here, at: 'key', message: issue.issues[0]?.message ?? issue.message }];
  }
  const known = optionsOf(issue);
  if (known !== undefined && typeof input === 'string') {
    return [
      { ...here, ...guess({ word: input, known, noun: issue.message, notYet: context.notYet }) },
    ];
  }
  if (issue.code === 'custom') return [{ ...here, message: issue.message, ...extrasOf(issue) }];
  return [{ ...here, message: known === undefined ? issue.message : oneOf(known) }];
}

/** The wrong value itself; the wrong kind of a variant is reported with the whole variant as input. */
function inputOf(issue: z.core.$ZodIssue): unknown {
  const isVariant = issue.code === 'invalid_union' && typeof issue.discriminator === 'string';
  return isVariant ? valueAt(issue.input, issue.path.slice(-1).map(String)) : issue.input;
}

function optionsOf(issue: z.core.$ZodIssue): readonly string[] | undefined {
  if (issue.code === 'invalid_value') {
    return issue.values.every((value) => typeof value === 'string') ? issue.values : undefined;
  }
  if (issue.code !== 'invalid_union' || !('options' in issue)) return undefined;
  return Array.isArray(issue.options) ? issue.options.map(String) : undefined;
}

function guess(about: {
  word: string;
  known: readonly string[];
  /** For a value, what zod's schema calls it, e.g. "stage". */
  noun: string;
  notYet: readonly string[];
}): { message: string; suggestion?: string } {
  const { word, known, noun } = about;
  if (about.notYet.includes(word)) return { message: `${quote(word)} is not in this version yet` };
  const suggestion = nearest(word, known);
  const message = `unknown ${noun} ${quote(word)}`;
  if (suggestion !== undefined) return { message, suggestion };
  return { message: known.length > 12 ? message : `${message}; known: ${known.join(', ')}` };
}

function oneOf(known: readonly string[]): string {
  return `must be ${known.length > 1 ? 'one of ' : ''}${known.map(quote).join(', ')}`;
}

/** What our own checks add through `params`: the caret on the key, a suggestion. */
function extrasOf(issue: z.core.$ZodIssueCustom): Partial<Finding> {
  const { at, suggestion } = (issue.params ?? {}) as Record<string, unknown>;
  return {
    ...(at === 'key' ? { at } : {}),
    ...(typeof suggestion === 'string' ? { suggestion } : {}),
  };
}

/** What stands at a path of plain data; undefined when the path leads nowhere. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (part, key) =>
      typeof part === 'object' && part !== null && Object.hasOwn(part, key)
        ? (part as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'must be text',
  number: 'must be a number',
  int: 'must be a whole number',
  boolean: 'must be `true` or `false`',
  array: 'must be a list',
  object: 'must be a set of `key: value` lines',
  record: 'must be a set of `key: value` lines',
};

/** For values out of a closed list it gives only the noun: `guess` makes the sentence. */
function wordsOf(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'invalid_type') {
    const isBare = typeof issue.input === 'number' || typeof issue.input === 'boolean';
    if (issue.expected === 'string' && isBare) return 'must be text: put it in quotes';
    return TYPES[issue.expected] ?? `must be ${issue.expected}`;
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') return boundWords(issue);
  if (issue.code === 'invalid_value') return 'value';
  if (issue.code === 'invalid_union') return issue.discriminator ?? 'value';
  return 'is not allowed here';
}

function boundWords(issue: z.core.$ZodRawIssue): string {
  const small = issue.code === 'too_small';
  const bound = String(small ? issue.minimum : issue.maximum);
  if (small && bound === '1' && issue.origin !== 'number' && issue.origin !== 'int') {
    return 'must not be empty';
  }
  const limit = small ? 'at least' : 'at most';
  if (issue.origin === 'string') return `must have ${limit} ${bound} characters`;
  if (issue.origin === 'array') return `must have ${limit} ${bound} entries`;
  return `must be ${limit} ${bound}`;
}
