import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import type { Account } from './forge-event.ts';
import type { ReasonCode } from './reason.ts';
import { hasAtLeast, ROLES, type Role } from './role.ts';

/** One entry of `allow:` in the repository's configuration. `{ role: 'none' }` admits nobody. */
export type AllowEntry = { readonly role: Role } | { readonly user: string };

/** What the repository says about one command; `line` is 1-based in its configuration file. */
type CommandRule = { readonly allow: readonly AllowEntry[]; readonly line: number };

export type Decision =
  | { readonly outcome: 'allowed' }
  | {
      readonly outcome: 'refused';
      readonly reason: ReasonCode;
      /** Who may, in words for a person: `maintain`, `maintain or carol`, `nobody`. */
      readonly required: string;
      readonly present: Role;
      /** The repository's rule that decided; absent when it was the built-in default. */
      readonly rule?: { readonly line: number };
    };

type Question = {
  readonly command: Pick<Command, 'name'>;
  readonly account: Account;
  /** What the forge's permission API says now. */
  readonly role: Role;
  /** Who asked for the run that the command is about. Known by id: logins are renamed and taken again. */
  readonly requesterOfRun?: Account;
  /** By command name, from the configuration on the default branch. */
  readonly rules: Readonly<Record<string, CommandRule>>;
};

/** Whether the account may give the command. A rule replaces the whole default, the requester's right included. */
export function decide(question: Question): Decision {
  const { command, account, role, requesterOfRun, rules } = question;
  const spec = COMMANDS[command.name];
  const rule = Object.hasOwn(rules, command.name) ? rules[command.name] : undefined;
  const allow: readonly AllowEntry[] = rule ? rule.allow : [{ role: spec.required }];
  if (!rule && spec.orRequester && requesterOfRun?.id === account.id) {
    return { outcome: 'allowed' };
  }
  if (allow.some((entry) => admits(entry, account, role))) return { outcome: 'allowed' };
  const required = rule ? describe(rule.allow) : spec.required;
  const refusal = { outcome: 'refused', reason: 'role_too_low', required, present: role } as const;
  return rule ? { ...refusal, rule: { line: rule.line } } : refusal;
}

function admits(entry: AllowEntry, account: Account, role: Role): boolean {
  if ('user' in entry) return entry.user.toLowerCase() === account.login.toLowerCase();
  return entry.role !== 'none' && hasAtLeast(role, entry.role);
}

/** The lowest role that would do, then the people named besides. */
function describe(allow: readonly AllowEntry[]): string {
  const roles = ROLES.filter((role) => allow.some((entry) => isRoleEntry(entry, role)));
  const users = allow.flatMap((entry) => ('user' in entry ? [entry.user] : []));
  const who = [...roles.slice(0, 1), ...users];
  return who.length === 0 ? 'nobody' : who.join(' or ');
}

function isRoleEntry(entry: AllowEntry, role: Role): boolean {
  return 'role' in entry && entry.role === role && role !== 'none';
}
