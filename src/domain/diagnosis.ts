import { DIAGNOSIS_RULES } from './diagnosis-rules.ts';
import type { Diagnosis, FailedTest, LogLine } from './run.ts';

/** How a process ended. `words` is for people, e.g. "ended with exit 3", "was killed (out of memory?)". */
export type Ending = {
  readonly code?: number;
  readonly signal?: string;
  readonly timedOut?: boolean;
  /** We ended it because all of the run together used more memory than its recipe grants. */
  readonly overMemory?: boolean;
  readonly words: string;
};

/** What a stage saw, as structure: what the rules look at before they look at any log line. */
export type FailureFact =
  | { readonly kind: 'source'; readonly message: string }
  | {
      readonly kind: 'command';
      readonly role: 'build' | 'hook';
      /** Which one, in the words of the recipe, e.g. `data.backup.pre`. */
      readonly name: string;
      readonly command: string;
      readonly ending: Ending;
    }
  | {
      readonly kind: 'service-ended';
      readonly service: string;
      readonly port: number;
      readonly ending: Ending;
    }
  | {
      readonly kind: 'not-healthy';
      readonly path: string;
      readonly waitedMs: number;
      /** Last HTTP status; absent when nothing answered. */
      readonly status?: number;
      readonly problem?: string;
    }
  | {
      readonly kind: 'marker-lost';
      readonly at: 'upgrade' | 'backup' | 'restore';
      /** The recipe dumps data before the backup, and has a hook that replays a dump. */
      readonly dumps: boolean;
      readonly replays: boolean;
    }
  | { readonly kind: 'marker-kept' }
  | { readonly kind: 'archive'; readonly problem: string }
  | { readonly kind: 'wrong-version'; readonly service: string; readonly problem: string }
  | {
      readonly kind: 'tests';
      readonly failed: readonly FailedTest[];
      readonly total: number;
      readonly endings: readonly Ending[];
    }
  | { readonly kind: 'timeout'; readonly of: 'stage' | 'run'; readonly limitMs: number }
  | { readonly kind: 'internal'; readonly message: string };

export type Failure = {
  readonly stage: string;
  readonly fact: FailureFact;
  /** Label of the published version, when that was up and not the head. */
  readonly published?: string;
  /** Log lines of the failing stage only: what another stage said never explains this one. */
  readonly lines: readonly LogLine[];
  /** Lines in the whole log. */
  readonly total: number;
};

const BEFORE = 5;
const AFTER = 6;

/** Names the likely cause of a failed stage; the first rule that matches wins, and the last always does. */
export function diagnose(failure: Failure): Diagnosis {
  for (const rule of DIAGNOSIS_RULES) {
    const match = rule.match(failure);
    if (match === undefined) continue;
    const { fact } = failure;
    const evidence = around(failure.lines, match.line ?? keyLineOf(failure));
    const kind = match.class ?? rule.class;
    // What the published version does wrong, the change cannot be blamed for.
    const isOld = failure.published !== undefined && kind === 'change';
    const aside = isOld
      ? `This was the published version \`${failure.published}\`, not the head. `
      : '';
    return {
      code: rule.code,
      class: isOld ? 'unclear' : kind,
      headline: rule.headline(match, failure),
      hint: `${aside}${rule.hint(match, failure)}`,
      ...(fact.kind === 'tests' && fact.failed.length > 0 ? { failedTests: fact.failed } : {}),
      ...(evidence.length > 0 ? { evidence: { lines: evidence, total: failure.total } } : {}),
    };
  }
  throw new Error('the last rule matches everything');
}

const ERROR_LINE =
  /\b(?:[A-Z]?[a-z]*Error\b|error[:\]]|fatal|panic|exception|traceback|uncaught|failed|cannot|refused|denied)/i;

/** The first line that reads like an error, if there is one. */
function keyLine(lines: readonly LogLine[]): LogLine | undefined {
  return lines.find((line) => ERROR_LINE.test(line.text));
}

/** A command that failed speaks last; in the log of many tests the first complaint counts. */
function keyLineOf({ fact, lines }: Failure): LogLine | undefined {
  return fact.kind === 'command' || fact.kind === 'marker-lost' ? undefined : keyLine(lines);
}

function around(lines: readonly LogLine[], key: LogLine | undefined): readonly LogLine[] {
  if (key === undefined) return lines.slice(-(BEFORE + AFTER));
  const index = lines.indexOf(key);
  return lines.slice(Math.max(0, index - BEFORE), index + AFTER);
}
