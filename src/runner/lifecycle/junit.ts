import type { FailedTest } from '../../domain/run.ts';

type TestCounts = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
};

export type JunitReport = { readonly counts: TestCounts; readonly failed: readonly FailedTest[] };

const MAX_FAILED = 100;
const MAX_NAME = 200;
const MAX_MESSAGE = 300;

/**
 * Reads what counts in a JUnit file, which is hostile text. Not an XML parser: it walks from tag to tag, knows
 * no DOCTYPE and no entity but the five of XML, and counts cases itself instead of believing the sums.
 */
export function parseJunit(xml: string): JunitReport {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failed: FailedTest[] = [];
  let open: Case | undefined;
  const finish = () => {
    if (open === undefined) return;
    counts[open.outcome] += 1;
    if (open.outcome === 'failed' && failed.length < MAX_FAILED) {
      failed.push({
        name: open.name.slice(0, MAX_NAME),
        message: (open.message.trim().split('\n')[0] ?? '').slice(0, MAX_MESSAGE),
        ...open.place,
      });
    }
    open = undefined;
  };
  for (const tag of tags(xml)) {
    if (tag.name === 'testcase') {
      finish();
      if (!tag.closing)
        open = { name: caseName(tag), outcome: 'passed', message: '', place: placeOf(tag) };
      if (tag.selfClosing) finish();
    } else if (open !== undefined && !tag.closing) {
      if (tag.name === 'skipped') open.outcome = 'skipped';
      if (tag.name === 'failure' || tag.name === 'error') {
        open.outcome = 'failed';
        open.message ||= attribute(tag, 'message') || unescapeXml(tag.text);
      }
    }
  }
  finish();
  return { counts, failed };
}

type Place = Pick<FailedTest, 'path' | 'line'>;
type Case = { name: string; outcome: keyof TestCounts; message: string; place: Place };

type Tag = {
  readonly name: string;
  readonly closing: boolean;
  readonly selfClosing: boolean;
  readonly inside: string;
  /** Text up to the next tag. */
  readonly text: string;
};

function* tags(xml: string): Generator<Tag> {
  let at = xml.indexOf('<');
  while (at !== -1) {
    const skip = skipped(xml, at);
    if (skip !== undefined) {
      at = xml.indexOf('<', skip);
      continue;
    }
    const end = endOfTag(xml, at);
    if (end === -1) return;
    const inside = xml.slice(at + 1, end);
    const next = xml.indexOf('<', end);
    yield {
      name: /^\/?\s*([A-Za-z-]{1,40})/.exec(inside)?.[1] ?? '',
      closing: inside.startsWith('/'),
      selfClosing: inside.endsWith('/'),
      inside,
      text: textAfter(xml, end, next),
    };
    at = next;
  }
}

/** Where a comment, CDATA section, declaration or instruction ends; undefined when it is a tag. */
function skipped(xml: string, at: number): number | undefined {
  for (const [from, to] of [
    ['<!--', '-->'],
    ['<![CDATA[', ']]>'],
    ['<?', '?>'],
    ['<!', '>'],
  ] as const) {
    if (!xml.startsWith(from, at)) continue;
    const end = xml.indexOf(to, at + from.length);
    return end === -1 ? xml.length : end + to.length;
  }
  return undefined;
}

/** A `>` inside quotes does not end a tag. */
function endOfTag(xml: string, at: number): number {
  let quote = '';
  for (let index = at + 1; index < xml.length; index += 1) {
    const character = xml.charAt(index);
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return index;
  }
  return -1;
}

function textAfter(xml: string, end: number, next: number): string {
  const from = end + 1;
  const cdata = '<![CDATA[';
  if (next !== -1 && xml.startsWith(cdata, next) && xml.slice(from, next).trim() === '') {
    return xml.slice(next + cdata.length, next + cdata.length + MAX_MESSAGE).split(']]>')[0] ?? '';
  }
  return xml.slice(from, Math.min(next === -1 ? xml.length : next, from + MAX_MESSAGE));
}

function caseName(tag: Tag): string {
  const group = attribute(tag, 'classname');
  const name = attribute(tag, 'name') || 'unnamed test';
  return group === '' || name.startsWith(group) ? name : `${group}::${name}`;
}

/** `file` and `line`, as pytest, jest-junit and others write them. Only a path inside the checkout is one. */
function placeOf(tag: Tag): Place {
  const path = attribute(tag, 'file').replaceAll('\\', '/').replace(/^\.\//, '');
  const isInside = /^[^/\0\r\n:][^\0\r\n]{0,299}$/.test(path) && !path.split('/').includes('..');
  if (!isInside) return {};
  const line = attribute(tag, 'line') || attribute(tag, 'lineno');
  return { path, ...(/^[1-9]\d{0,6}$/.test(line) ? { line: Number(line) } : {}) };
}

function attribute(tag: Tag, name: string): string {
  const match = new RegExp(`\\s${name}\\s*=\\s*("[^"]*"|'[^']*')`).exec(tag.inside);
  return unescapeXml((match?.[1] ?? '').slice(1, -1));
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  amp: '&',
};

function unescapeXml(text: string): string {
  return text
    .slice(0, 2_000)
    .replace(/&(#x?[0-9a-f]{1,6}|[a-z]{2,4});/gi, (whole, name: string) => {
      if (!name.startsWith('#')) return ENTITIES[name] ?? whole;
      const hex = name.charAt(1).toLowerCase() === 'x';
      const point = Number.parseInt(name.slice(hex ? 2 : 1), hex ? 16 : 10);
      return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : '';
    });
}
