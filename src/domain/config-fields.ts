import { z } from 'zod';

/** Parts that both configuration files are made of. Each says what is wrong in words of ours. */

/** For schemas whose type error needs its own words; a missing value and bounds keep the common ones. */
export function saying(words: string) {
  return {
    error: (issue: { code?: string; input?: unknown }) =>
      issue.input === undefined || issue.code === 'too_small' || issue.code === 'too_big'
        ? undefined
        : words,
  };
}

/** One word out of a closed list; `noun` names it when it is unknown: "unknown stage `upgrde`". */
export function word<const T extends readonly string[]>(noun: string, values: T) {
  return z.enum(values, saying(noun));
}

const NAME =
  'must be small letters, digits and `-`, begin with a letter, have at most 31 characters';

/** Names that get into file names, container names and URLs. */
export function name() {
  return z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, NAME);
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const DURATION = 'must be a duration such as `500ms`, `90s`, `10m` or `1h`';
const DAY_MS = 24 * UNIT_MS.h;

/** Text like `10m`; gives ms, at most a day. */
export function duration(minMs = 1) {
  return z
    .string(saying(DURATION))
    .regex(/^\d{1,9}(ms|s|m|h)$/, DURATION)
    .transform((text) => {
      const unit = text.replace(/^\d+/, '');
      return Number.parseInt(text, 10) * (isUnit(unit) ? UNIT_MS[unit] : Number.NaN);
    })
    .refine((ms) => ms <= DAY_MS, 'must be at most `24h`')
    .refine((ms) => ms >= minMs, 'must be longer than nothing');
}

function isUnit(text: string): text is keyof typeof UNIT_MS {
  return Object.hasOwn(UNIT_MS, text);
}

const SIZE = 'must be a size such as `512m` or `2g`, or a number of bytes';
const SIZE_SHIFT: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** Text like `512m` or a number; gives bytes, from 1 to 1 TiB. */
export function size() {
  return z
    .union([z.int(), z.string().regex(/^\d{1,13}[kmg]?$/, SIZE)], saying(SIZE))
    .transform((value) => {
      const text = String(value);
      return Number.parseInt(text, 10) * (SIZE_SHIFT[text.at(-1) ?? ''] ?? 1);
    })
    .refine((bytes) => bytes >= 1 && bytes <= 2 ** 40, 'must be between 1 byte and 1024g');
}
