/** What an account may do in a repository, lowest first, as the forge's permission API says it. */
export const ROLES = ['none', 'read', 'triage', 'write', 'maintain', 'admin', 'owner'] as const;
export type Role = (typeof ROLES)[number];

export function isRole(word: string): word is Role {
  return (ROLES as readonly string[]).includes(word);
}

/** Gitea knows no `maintain` and no `triage`: there an admin satisfies `maintain`, a writer `triage`. */
export function hasAtLeast(present: Role, required: Role): boolean {
  return ROLES.indexOf(present) >= ROLES.indexOf(required);
}
