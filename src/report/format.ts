/** Numbers and times as people read them. All durations and times are ms. */

/** Exact enough to compare: `0.4s`, `21s`, `2m 41s`, `1h 02m`. */
export function duration(ms: number): string {
  const clamped = Math.max(0, ms);
  if (clamped < 9_950) return `${(clamped / 1000).toFixed(1)}s`;
  const seconds = Math.round(clamped / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  const minutes = Math.round(clamped / 60_000);
  return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
}

/** Rounded, for an expectation: `40 s`, `14 min`, `2 h 05 min`. */
export function about(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** `05:21`, in UTC. */
export function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** `05:21 UTC` */
export function time(at: number): string {
  return `${clock(at)} UTC`;
}

/** `1 volume`, `3 volumes`, `2,341 lines`, `2 processes`, `1 directory`. The word may come in either number. */
export function plural(count: number, word: string): string {
  const one = singular(word);
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many(one)}`;
}

function singular(word: string): string {
  if (/(?:s|x|ch|sh)es$/u.test(word)) return word.slice(0, -2);
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return /[^s]s$/u.test(word) ? word.slice(0, -1) : word;
}

function many(word: string): string {
  if (/(?:s|x|ch|sh)$/u.test(word)) return `${word}es`;
  return /[^aeiou]y$/u.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** First letter in upper case, for a text that starts a sentence. */
export function capitalised(text: string): string {
  return text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
}

/** First letter in lower case, for a text that goes on in a sentence. */
export function uncapitalised(text: string): string {
  return text.replace(/^\p{Lu}/u, (letter) => letter.toLowerCase());
}

/** Without the full stop at its end, so that the caller decides. */
export function unstopped(text: string): string {
  return text.trimEnd().replace(/\.$/u, '');
}

export function shortSha(sha: string): string {
  return sha.slice(0, 7);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
