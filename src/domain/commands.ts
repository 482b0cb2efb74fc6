import leven from 'leven';
import type { Command, CommandName } from './command.ts';
import type { Role } from './role.ts';

/** How a command line may begin; after `@` stands the bot's login. */
export type Prefix = '!' | '/' | '@';

export type CommandSpec = {
  readonly name: CommandName;
  readonly aliases: readonly string[];
  /** The whole line with its arguments, `<must>` and `[may]`. */
  readonly usage: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** The lowest role that may, unless the repository's configuration says otherwise. */
  readonly required: Role;
  /** Whether the person who asked for the run may too. */
  readonly orRequester: boolean;
  readonly examples: readonly string[];
  /** False: it parses, and is answered with "not in this version yet". */
  readonly available: boolean;
};

/** Every command. Help, permission check, command line and documentation are projections of this table. */
export const COMMANDS = {
  testme: {
    name: 'testme',
    aliases: [],
    usage: '!testme [suite…] [stages=a,b] [sha=<40 hex>]',
    summary: 'Run the suites on the head of the pull request',
    required: 'write',
    orRequester: false,
    examples: ['!testme', '!testme smoke', '!testme stages=install,upgrade'],
    available: true,
  },
  retest: {
    name: 'retest',
    aliases: [],
    usage: '!retest',
    summary: 'Run again what did not pass, on the current head',
    required: 'write',
    orRequester: false,
    examples: ['!retest'],
    available: false,
  },
  cancel: {
    name: 'cancel',
    aliases: ['stop'],
    usage: '!cancel [run]',
    summary: 'Stop what is queued or running, tear it down and prove it',
    required: 'write',
    orRequester: true,
    examples: ['!cancel', '!cancel 902', '!stop'],
    available: true,
  },
  redeploy: {
    name: 'redeploy',
    aliases: [],
    usage: '!redeploy <environment> [ref]',
    summary: 'Deploy to an environment, check its health, roll back on failure',
    required: 'maintain',
    orRequester: false,
    examples: ['!redeploy staging', '!redeploy staging v1.4.0'],
    available: false,
  },
  rollback: {
    name: 'rollback',
    aliases: [],
    usage: '!rollback <environment>',
    summary: 'Bring an environment back to its last good deployment',
    required: 'maintain',
    orRequester: false,
    examples: ['!rollback staging'],
    available: false,
  },
  lock: {
    name: 'lock',
    aliases: [],
    usage: '!lock <environment> [expires=2h] -- reason',
    summary: 'Keep everybody else from deploying to an environment',
    required: 'maintain',
    orRequester: false,
    examples: ['!lock staging -- demo for the customer', '!lock staging expires=2h'],
    available: false,
  },
  unlock: {
    name: 'unlock',
    aliases: [],
    usage: '!unlock <environment>',
    summary: 'Give up the lock on an environment',
    required: 'maintain',
    orRequester: false,
    examples: ['!unlock staging'],
    available: false,
  },
  cleanup: {
    name: 'cleanup',
    aliases: [],
    usage: '!cleanup [run]',
    summary: 'Remove what a run left behind, now',
    required: 'maintain',
    orRequester: false,
    examples: ['!cleanup 902'],
    available: false,
  },
  approve: {
    name: 'approve',
    aliases: [],
    usage: '!approve <40 hex>',
    summary: 'Allow exactly this commit of a fork to run',
    required: 'maintain',
    orRequester: false,
    examples: ['!approve 4ca7f4180000000000000000000000000000beef'],
    available: false,
  },
  status: {
    name: 'status',
    aliases: [],
    usage: '!status',
    summary: 'Show the runs of this pull request',
    required: 'read',
    orRequester: false,
    examples: ['!status'],
    available: true,
  },
  help: {
    name: 'help',
    aliases: [],
    usage: '!help',
    summary: 'List the commands and whether you may give them',
    required: 'read',
    orRequester: false,
    examples: ['!help'],
    available: true,
  },
} as const satisfies { readonly [Name in CommandName]: CommandSpec & { readonly name: Name } };

const SPECS: readonly CommandSpec[] = Object.values(COMMANDS);

/** The command of this name or alias, in any case. */
export function findCommandSpec(name: string): CommandSpec | undefined {
  const wanted = name.toLowerCase();
  return SPECS.find((spec) => spec.name === wanted || spec.aliases.includes(wanted));
}

/**
 * The command name or alias that `word` is a slip of, if any. Two edits are generous for a short word, so `/hold` or
 * `!block`, which speak to other bots, are no slips of ours.
 */
export function nearestCommandName(word: string): string | undefined {
  const typed = word.toLowerCase();
  if (typed.length < 3 || typed.length > 12) return undefined;
  const ranked = SPECS.flatMap((spec) => [spec.name, ...spec.aliases])
    .map((name) => ({ name, edits: editsBetween(typed, name) }))
    .filter(({ name, edits }) => isSlip(typed, name, edits))
    .sort((a, b) => a.edits - b.edits);
  return ranked[0]?.name;
}

/** Levenshtein's distance, but two letters in the wrong order are one edit. */
function editsBetween(typed: string, name: string): number {
  const at = Array.from(name).findIndex((letter, index) => letter !== typed[index]);
  const pair = `${typed[at + 1]}${typed[at]}`;
  const swapped = `${typed.slice(0, at)}${pair}${typed.slice(at + 2)}`;
  return at !== -1 && swapped === name ? 1 : leven(typed, name);
}

function isSlip(typed: string, name: string, edits: number): boolean {
  const sameStart = typed[0] === name[0];
  if (name.length < 6) return edits <= 1 && sameStart;
  return edits <= 1 || (edits === 2 && sameStart);
}

/**
 * The command as the bot understood it, in one canonical form: `!testme smoke stages=install,upgrade`. Safe inside
 * a Markdown code span. What was said to `@bot` is shown with `!`, which means the same everywhere.
 */
export function commandText(command: Command, prefix: Prefix = '!'): string {
  const words = [command.name, ...argumentWords(command)].join(' ');
  const safe = words.replace(/[^A-Za-z0-9 ._/=,-]/g, '?');
  return `${prefix === '@' ? '!' : prefix}${safe}`;
}

function argumentWords(command: Command): string[] {
  switch (command.name) {
    case 'testme':
      return [
        ...command.suites,
        ...(command.stages ? [`stages=${command.stages.join(',')}`] : []),
        ...(command.sha === undefined ? [] : [`sha=${command.sha}`]),
      ];
    case 'cancel':
    case 'cleanup':
      return command.run === undefined ? [] : [String(command.run)];
    case 'redeploy':
      return [command.environment, ...(command.ref === undefined ? [] : [command.ref])];
    case 'lock':
      return [
        command.environment,
        ...(command.expires === undefined ? [] : [`expires=${command.expires}`]),
      ];
    case 'rollback':
    case 'unlock':
      return [command.environment];
    case 'approve':
      return [command.sha];
    case 'retest':
    case 'status':
    case 'help':
      return [];
  }
}

/** Markdown table of all commands for the documentation, those of this version first. */
export function renderCommandTable(): string {
  const ordered = [...SPECS].sort((a, b) => Number(b.available) - Number(a.available));
  const rows = ordered.map((spec) => {
    const who = spec.orRequester ? `requester or ${spec.required}` : spec.required;
    const aliases = spec.aliases.map((alias) => `\`!${alias}\``).join(', ');
    const also = aliases === '' ? '' : `; also ${aliases}`;
    const later = spec.available ? '' : ' *(not in this version yet)*';
    return `| \`${spec.usage}\` | ${spec.summary}${also}${later} | ${who} |`;
  });
  return ['| Command | What it does | Who may |', '|:--|:--|:--|', ...rows, ''].join('\n');
}
