/** Replaces every secret in a text. Longest first, so that a secret inside another does not leave a tail. */
export type Mask = (text: string) => string;

const MASKED = '********';
/** Shorter values would mask ordinary words. */
const MIN_LENGTH = 6;

export function createMask(secrets: Iterable<string>): Mask {
  const values = new Set<string>();
  for (const secret of secrets) {
    for (const form of [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ]) {
      if (form.length >= MIN_LENGTH) values.add(form);
    }
  }
  const ordered = [...values].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((masked, secret) => masked.replaceAll(secret, MASKED), text);
}
