import type { z } from 'zod';
import { type CheckOptions, checkValue, type Finding, pathText, quote } from './config-issues.ts';
import { readYaml, type Span, type YamlSource } from './yaml-source.ts';

/** One thing that is wrong with a configuration. Text from the file in it is bounded, yet still hostile. */
export type ConfigProblem = {
  /** e.g. `suites.testme.stages[1]`; `file` when it concerns the file as a whole. */
  readonly path: string;
  /** 1-based; 0 when the value came from the environment and stands in no line. */
  readonly line: number;
  readonly column: number;
  /** Characters from `column` on that are wrong, at least 1, never past the end of the line. */
  readonly length: number;
  /** The source line, cut when it is very long. */
  readonly source: string;
  /** A clause without a full stop, e.g. "unknown stage `upgrde`". */
  readonly message: string;
  /** What was probably meant. */
  readonly suggestion?: string;
  /** Environment variable that holds, or could hold, the value. */
  readonly variable?: string;
};

export type Parsed<T> =
  | { readonly value: T; readonly source: YamlSource }
  | { readonly problems: readonly ConfigProblem[] };

const MAX_PROBLEMS = 100;
const MAX_SOURCE = 200;

/** Text to checked value, or all problems at once, in the order of the file. Never throws. */
export function parseYamlConfig<S extends z.ZodType>(
  text: string,
  schema: S,
  options: CheckOptions = {},
): Parsed<z.output<S>> {
  const source = readYaml(text);
  const broken = syntaxProblems(source);
  if (source.value === undefined && broken.length > 0) return { problems: broken };
  if (source.value === undefined) {
    const finding = { path: [], where: [], at: 'key', message: 'is empty' } as const;
    return { problems: [toProblem(source, finding)] };
  }
  const result = checkValue(schema, source.value, options);
  if ('value' in result && broken.length === 0) return { value: result.value, source };
  const findings = 'findings' in result ? result.findings : [];
  return {
    problems: inOrder([...broken, ...findings.map((finding) => toProblem(source, finding))]),
  };
}

/** `shown` is the text that source lines are taken from: as long as the original, secrets blanked out. */
export function syntaxProblems(source: YamlSource, shown = source.text): readonly ConfigProblem[] {
  const problems = source.errors.map((error) => place(source, error, shown));
  return inOrder(
    problems.map((at, index) => ({
      path: 'file',
      ...at,
      message: source.errors[index]?.message ?? '',
    })),
  );
}

export function toProblem(
  source: YamlSource,
  finding: Finding,
  shown = source.text,
): ConfigProblem {
  return {
    path: pathText(finding.path),
    ...place(source, source.locate(finding.where, finding.at), shown),
    message: finding.message,
    ...(finding.suggestion === undefined ? {} : { suggestion: finding.suggestion }),
  };
}

/** A stable order, one problem per place and message, bounded. */
export function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const seen = new Set<string>();
  return [...problems]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .filter(({ path, line, column, message }) => {
      const key = JSON.stringify([path, line, column, message]);
      return !seen.has(key) && seen.add(key);
    })
    .slice(0, MAX_PROBLEMS);
}

type Place = Pick<ConfigProblem, 'line' | 'column' | 'length' | 'source'>;

function place(source: YamlSource, span: Span, shown: string): Place {
  const { line, column, lineStart, lineEnd } = source.position(span.start);
  const from = lineStart + column - 1;
  return {
    line,
    column,
    length: Math.max(1, Math.min(span.end, lineEnd) - from),
    source: shown.slice(lineStart, Math.min(lineEnd, lineStart + MAX_SOURCE)),
  };
}

/** The terminal's text: for each problem where and what, then the source line with a caret under it. */
export function formatProblems(file: string, problems: readonly ConfigProblem[]): string {
  return problems.map((problem) => formatProblem(file, problem)).join('\n');
}

function formatProblem(file: string, problem: ConfigProblem): string {
  const { line, column, path, message, suggestion, variable } = problem;
  const where = line > 0 ? `${file}:${line}:${column}` : (variable ?? file);
  const hint = suggestion === undefined ? '' : `. Did you mean ${quote(suggestion)}?`;
  const head = `${where}  ${path}: ${message}${hint}`;
  if (line === 0) return head;
  const number = String(line).padStart(5);
  // Control and bidi characters would reach the terminal; tabs stay, so that the caret lines up.
  const source = problem.source.replace(/[^\P{C}\t]/gu, '\uFFFD');
  if (column > source.length + 1) return `${head}\n${number} | ${source}`;
  const pad = source.slice(0, column - 1).replace(/[^\t]/g, ' ');
  const carets = '^'.repeat(Math.min(problem.length, Math.max(1, source.length - column + 1)));
  return `${head}\n${number} | ${source}\n${' '.repeat(5)} | ${pad}${carets}`;
}
