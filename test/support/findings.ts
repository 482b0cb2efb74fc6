import assert from 'node:assert/strict';
import type { Finding } from '../../src/domain/finding.ts';

export async function findingsOf(findings: AsyncIterable<Finding>): Promise<readonly Finding[]> {
  return Array.fromAsync(findings);
}

/** `tier subject: text` of each, the subject at its front. */
export function told(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ tier, subject, text }) => `${tier} ${subject}: ${text}`);
}

/** Every finding that is a problem says what comes of it or how to mend it, in single lines. */
export function assertWellTold(findings: readonly Finding[]): void {
  for (const { tier, subject, text, consequence, mend = [] } of findings) {
    const all = [subject, text, consequence ?? '', ...mend].join('\n');
    for (const line of [subject, text, consequence, ...mend])
      assert.doesNotMatch(line ?? '', /[\r\n]/, all);
    if (tier === 'failure' || tier === 'warning') assert.ok(mend.length > 0, all);
  }
}

/** The only finding of this subject. */
export function findingOf(findings: readonly Finding[], subject: string): Finding {
  const [found, ...more] = findings.filter((finding) => finding.subject === subject);
  assert.ok(found !== undefined && more.length === 0, told(findings).join('\n'));
  return found;
}
