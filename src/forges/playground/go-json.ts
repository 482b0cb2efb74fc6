/**
 * JSON as Go writes it: `<`, `>`, `&` and the two Unicode line separators are escaped everywhere, which is
 * why a signature holds over the bytes only, not over a re-serialised object.
 */
export function toGoJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Whole seconds, UTC, as all of Gitea's times. */
export function goTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export const GO_ZERO_TIME = '0001-01-01T00:00:00Z';
export const UNIX_ZERO_TIME = '1970-01-01T00:00:00Z';
