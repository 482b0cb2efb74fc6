import type { Finding } from '../domain/finding.ts';
import { tallyOf } from '../maintenance/doctor.ts';
import { clean, paint, print } from './output.ts';

const SIGNS = {
  ok: { sign: '✔', style: 'green' },
  warning: { sign: '!', style: 'yellow' },
  failure: { sign: '✖', style: 'red' },
  skipped: { sign: '–', style: 'dim' },
} as const;

/** A longer subject stands out of its column rather than make it as wide as itself. */
const WIDEST = 24;

/** On a terminal as a list with what mends each; piped, a line each: tier, subject, text, consequence, mend. */
export function printFindings(findings: readonly Finding[]): void {
  if (!process.stdout.isTTY) {
    for (const { tier, subject, text, consequence = '', mend = [] } of findings)
      print([tier, subject, text, consequence, mend.join(' | ')].map(clean).join('\t'));
    return;
  }
  const lengths = findings.map(({ subject }) => clean(subject).length);
  const width = Math.max(8, ...lengths.filter((length) => length <= WIDEST));
  for (const finding of findings) printFinding(finding, width);
  print(summaryOf(findings));
}

function printFinding({ tier, subject, text, consequence, mend }: Finding, width: number): void {
  const { sign, style } = SIGNS[tier];
  const told = tier === 'skipped' ? `skipped: ${clean(text)}` : clean(text);
  print(` ${paint(style, sign)} ${clean(subject).padEnd(width)} ${told}`);
  const margin = ' '.repeat(width + 4);
  if (consequence !== undefined) print(`${margin}→ ${clean(consequence)}`);
  for (const [index, line] of (mend ?? []).entries()) {
    const head = index === 0 ? paint('bold', 'fix:') : '    ';
    print(`${margin}${head} ${clean(line)}`);
  }
}

function summaryOf(findings: readonly Finding[]): string {
  const { ok, warning, failure, skipped } = tallyOf(findings);
  const count = (number: number, word: string, plural = `${word}s`) =>
    number === 0 ? [] : [`${number} ${number === 1 ? word : plural}`];
  const told = [
    ...count(failure, 'failure'),
    ...count(warning, 'warning'),
    ...count(skipped, 'skipped', 'skipped'),
  ].join(', ');
  if (failure + warning > 0) return `${told}. Tell us more: signalbox doctor --json`;
  return skipped > 0 ? `${ok} are fine, ${told}.` : `All ${ok} are fine.`;
}
