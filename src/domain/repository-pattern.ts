/** `owner/name`, each part with `*` for any characters; `*` never crosses the slash. */
export const REPOSITORY_PATTERN = /^[A-Za-z0-9._*-]+\/[A-Za-z0-9._*-]+$/;

/** Whether one of the patterns matches the whole of `owner/name`. Case does not count, as on the forges. */
export function repositoryAllowed(patterns: readonly string[], fullName: string): boolean {
  const [owner, name, ...rest] = fullName.toLowerCase().split('/');
  if (!owner || !name || rest.length > 0) return false;
  return patterns.some((pattern) => {
    const [ownerPattern, namePattern, ...more] = pattern.toLowerCase().split('/');
    if (!ownerPattern || !namePattern || more.length > 0) return false;
    return matches(ownerPattern, owner) && matches(namePattern, name);
  });
}

/** Text pieces are looked for from left to right, so that many stars cost no more than few. */
function matches(pattern: string, text: string): boolean {
  const pieces = pattern.split('*');
  const first = pieces.shift() ?? '';
  const last = pieces.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, from);
    if (found < 0) return false;
    from = found + piece.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}
