import { compareBuild, parse } from 'semver';

export type Tag = { readonly name: string; readonly sha: string };

/**
 * The version that people run today: the highest semantic version tag, below the head's own when the head is
 * tagged itself. Tags that are no semantic version do not count; a leading `v` is allowed.
 */
export function choosePrevious(tags: readonly Tag[], headSha: string): Tag | undefined {
  const versions = tags
    .filter((tag) => parse(tag.name) !== null)
    .sort((a, b) => compareBuild(b.name, a.name));
  const own = versions.find((tag) => tag.sha === headSha);
  return versions.find(
    (tag) => tag.sha !== headSha && (own === undefined || compareBuild(tag.name, own.name) < 0),
  );
}

/** Reads `git ls-remote --tags`: for an annotated tag the commit that it points to. */
export function parseTags(listing: string): readonly Tag[] {
  const tags = new Map<string, Tag>();
  for (const line of listing.split('\n')) {
    const match = /^([0-9a-f]{40,64})\trefs\/tags\/(.+?)(\^\{\})?$/.exec(line);
    if (match === null) continue;
    const [, sha = '', name = '', peeled] = match;
    if (peeled !== undefined || !tags.has(name)) tags.set(name, { name, sha });
  }
  return [...tags.values()];
}
