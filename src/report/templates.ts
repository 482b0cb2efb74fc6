import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Liquid, type Template } from 'liquidjs';

const SUFFIX = '.md.liquid';

/** Folder of the templates that come with Signalbox. */
export const BUILT_IN_TEMPLATES = fileURLToPath(new URL('../../templates/', import.meta.url));

const HEAD = ['icon', 'command', 'commit'] as const;
const LEFTOVERS = [
  'leftovers',
  'leftover_count',
  'leftover_more',
  'runner',
  'force',
  'by_hand',
] as const;
const CAUSE = ['alert', 'cause', 'class_note', 'hint', 'advice', 'tests', 'tests_more'] as const;
const LOG = ['log', 'log_summary'] as const;

/** Every template, with all the fields it may use. A field without a value is null. */
const TEMPLATE_FIELDS = {
  queued: [...HEAD, 'requester', 'ahead', 'starts', 'waits_for', 'plan', 'usual', 'page'],
  running: [
    ...HEAD,
    'title',
    'place',
    'stage',
    'extra',
    'started',
    'ends',
    'note',
    'stages',
    'unit',
    'has_usual',
    'earlier',
    'earlier_count',
    'live',
    'remote',
    'can_cancel',
  ],
  interrupted: [...HEAD, 'during', 'removed_at', 'run', 'waits_for'],
  passed: [
    ...HEAD,
    'amount',
    'took',
    'teardown',
    'stages',
    'unit',
    'has_usual',
    'page',
    'files',
    'remote',
    'history',
  ],
  dirty: [...HEAD, 'title', 'took', 'teardown', 'app', 'next_try', ...LEFTOVERS, 'page'],
  failed: [
    ...HEAD,
    'title',
    'took',
    'teardown',
    ...CAUSE,
    'stages',
    'unit',
    ...LEFTOVERS,
    ...LOG,
    'next',
    'next_command',
    'actions',
    'history',
    'has_log',
    'remote',
    'page',
  ],
  cancelled: [
    ...HEAD,
    'title',
    'reason',
    'during',
    'gone',
    'verified_at',
    'teardown',
    ...LEFTOVERS,
    'again',
    'remote',
    'page',
  ],
  superseded: ['sha', 'during', 'successor', 'cause', 'comment'],
  outdated: ['icon', 'what', 'command', 'commit', 'run', 'newer'],
  runs: [...HEAD, 'title', 'extra', 'rows', 'parts', 'parts_more', 'has_open'],
  joined: ['command', 'commit', 'state', 'run', 'comment'],
  denied: ['command', 'required', 'is_role', 'account', 'present', 'who', 'rule'],
  approval: ['source', 'changes', 'sha'],
  'not-understood': ['only', 'count', 'problems', 'problems_more'],
  refused: ['command', 'why', 'next', 'is_short'],
  config: [
    'file',
    'count',
    'commit',
    'branch',
    'blocking',
    'rows',
    'rows_more',
    'excerpt',
    'lint',
    'reference',
  ],
  help: ['rows', 'suites', 'reference'],
  status: ['summary', 'rows'],
  ping: ['login', 'icon', 'what', 'sha', 'took', 'headline', 'details'],
} as const;

type TemplateName = keyof typeof TEMPLATE_FIELDS;
type FieldValue = string | number | boolean | null | readonly string[];
/** All fields of one template. Every text in it is safe Markdown already. */
type Fields<N extends TemplateName> = {
  readonly [K in (typeof TEMPLATE_FIELDS)[N][number]]: FieldValue;
};

export type Templates = {
  fill<N extends TemplateName>(name: N, fields: Fields<N>): string;
};

/** All that is wrong with the templates; each problem starts with `file:line:column`. @internal */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the comment templates cannot be used:\n${problems.join('\n')}`);
    this.problems = problems;
  }
}

/**
 * Loads every template once; one in a later directory replaces the one of the same name before it. An unknown
 * file, tag, filter or field is found here, not in the middle of a run. Throws `TemplateError`.
 */
export function createTemplates({ directories }: { directories: readonly string[] }): Templates {
  const engine = createEngine();
  const parsed = new Map<string, Template[]>();
  const problems: string[] = [];
  for (const file of directories.flatMap(filesOf)) {
    const name = basename(file, SUFFIX);
    if (!Object.hasOwn(TEMPLATE_FIELDS, name)) {
      problems.push(`${file}:1:1: no message has this name`);
      continue;
    }
    const checked = parse(engine, file, name as TemplateName);
    parsed.set(name, checked.template);
    problems.push(...checked.problems);
  }
  for (const name of Object.keys(TEMPLATE_FIELDS)) {
    if (!parsed.has(name)) problems.push(`${name}${SUFFIX}:1:1: is missing`);
  }
  if (problems.length > 0) throw new TemplateError(problems);
  return {
    fill: (name, fields) => {
      const text: unknown = engine.renderSync(parsed.get(name) ?? [], fields);
      return String(text).trim();
    },
  };
}

function createEngine(): Liquid {
  // `templates` keeps every look-up in memory, where there is nothing: no file can be read by a template.
  const engine = new Liquid({ strictFilters: true, strictVariables: true, templates: {} });
  for (const tag of ['include', 'render', 'layout', 'block']) delete engine.tags[tag];
  return engine;
}

function filesOf(directory: string): string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(SUFFIX))
    .sort()
    .map((file) => join(directory, file));
}

function parse(
  engine: Liquid,
  file: string,
  name: TemplateName,
): { template: Template[]; problems: string[] } {
  try {
    const template = engine.parse(readFileSync(file, 'utf8'), file);
    const known: readonly string[] = TEMPLATE_FIELDS[name];
    const used = Object.values(engine.analyzeSync(template, { partials: false }).globals).flat();
    return {
      template,
      problems: used
        .filter((variable) => !known.includes(String(variable.segments[0])))
        .map(({ segments, location: { row, col } }) => {
          return `${file}:${row}:${col}: no field \`${String(segments[0])}\`; there are ${known.join(', ')}`;
        }),
    };
  } catch (error) {
    return { template: [], problems: [problemOf(error, file)] };
  }
}

/** The parser puts the place behind its message: `…, file:x, line:3, col:1`. */
function problemOf(error: unknown, file: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const place = /, file:.*, line:(\d+), col:(\d+)$/su.exec(message);
  return place === null
    ? `${file}:1:1: ${message}`
    : `${file}:${place[1]}:${place[2]}: ${message.slice(0, place.index)}`;
}
