import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';

/** Every forge that there is: no story is told on one of them only. */
export const FORGE_KINDS = ['playground', 'gitea', 'forgejo', 'github'] as const;
export type ForgeKind = (typeof FORGE_KINDS)[number];

const current = new AsyncLocalStorage<ForgeKind>();

/** The forge that the running scenario plays on. */
export function currentForge(): ForgeKind {
  return current.getStore() ?? 'playground';
}

/** `TEST_FORGES=github,gitea` plays only there, for work on one of them. */
const chosen = FORGE_KINDS.filter((kind) => {
  const wanted = process.env.TEST_FORGES;
  return wanted === undefined || wanted.split(',').includes(kind);
});

/** Where there is AGit, and where asking for roles needs an admin. */
export const GITEA_FAMILY = ['playground', 'gitea', 'forgejo'] as const;

/** A test of the whole product, once on each forge that has what it is about. */
export function scenario(
  title: string,
  play: () => Promise<void>,
  on: readonly ForgeKind[] = FORGE_KINDS,
): void {
  for (const kind of chosen.filter((one) => on.includes(one)))
    test(`${title} (${kind})`, () => current.run(kind, play));
}

/** A story that only GitHub can tell. */
export function githubScenario(title: string, play: () => Promise<void>): void {
  if (chosen.includes('github')) test(title, () => current.run('github', play));
}
