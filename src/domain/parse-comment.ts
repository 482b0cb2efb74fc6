import parseArgsStringToArgv from 'string-argv';
import type { Command } from './command.ts';
import { type ArgumentProblemCode, parseArguments, showWord } from './command-arguments.ts';
import { findCommandSpec, nearestCommandName, type Prefix } from './commands.ts';
import { remember } from './remember.ts';
import { type Unreadable, type VisibleLine, visibleLines } from './visible-text.ts';

type ProblemCode =
  | ArgumentProblemCode
  | 'unknown_command'
  | 'too_many_commands'
  | 'line_too_long'
  | 'comment_too_long'
  | 'comment_too_complex';

/** Why a line that looks like a command is none. All of it is safe to print, hostile text in it is cut short. */
export type Problem = {
  readonly code: ProblemCode;
  /** One sentence of ours. */
  readonly message: string;
  /** A whole line that would be understood. */
  readonly suggestion?: string;
};

type Place = {
  /** Position among the command-like lines of the comment, from 0; never depends on the order of execution. */
  readonly ordinal: number;
  /** 1-based line in the comment. */
  readonly line: number;
  /** As typed, at most 200 characters, hostile. */
  readonly raw: string;
};
type UnderstoodLine = Place & {
  readonly prefix: Prefix;
  readonly command: Command;
  /** What stood behind ` -- `: free text without control characters, hostile, at most 200 characters. */
  readonly reason?: string;
};
export type ParsedLine = UnderstoodLine | (Place & { readonly problem: Problem });

type Outcome =
  | { readonly prefix: Prefix; readonly command: Command; readonly reason?: string }
  | { readonly problem: Problem };

/** A line split into who is addressed, the command word and the rest. `lead` is what a correction starts with. */
type Head = {
  readonly prefix: Prefix;
  readonly lead: string;
  readonly word: string;
  readonly rest: string;
};

/** @internal */
export const MAX_COMMANDS = 10;
const MAX_LINE = 1_000;
const MAX_SHOWN = 200;

/** Control characters, bidirectional overrides and everything else that has no shape of its own. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * The commands in a comment, one for each line that speaks to us, and a problem for each that looks as if it did.
 * Other bots' commands, paths and prose give nothing. Throws nothing, whatever the text. Catch-up lists the last
 * minutes' comments each minute: the same texts again.
 */
export const parseComment = remember(parse, { max: 100 });

function parse(body: string, options: { botLogin: string }): readonly ParsedLine[] {
  const botLogin = options.botLogin.replace(/\[bot\]$/i, '').toLowerCase();
  const visible = visibleLines(body);
  if (typeof visible === 'string') return answerUnreadable(body, visible, botLogin);
  const parsed: ParsedLine[] = [];
  for (const line of visible) {
    const outcome = parseLine(line.text, botLogin);
    if (!outcome) continue;
    const place = { ordinal: parsed.length, line: line.line, raw: line.text.slice(0, MAX_SHOWN) };
    if (parsed.length === MAX_COMMANDS) {
      const message = `A comment may hold ${MAX_COMMANDS} commands; this one and what follows was dropped.`;
      return [...parsed, { ...place, problem: { code: 'too_many_commands', message } }];
    }
    parsed.push({ ...place, ...outcome });
  }
  return parsed;
}

/** `cancel` first, the rest as written: "stop that, then run this". */
export function executionOrder(lines: readonly ParsedLine[]): readonly ParsedLine[] {
  const isCancel = (line: ParsedLine) => 'command' in line && line.command.name === 'cancel';
  return [...lines.filter(isCancel), ...lines.filter((line) => !isCancel(line))];
}

/** One answer, and only when a line surely was meant for us: a long log is full of slashes. */
function answerUnreadable(body: string, why: Unreadable, botLogin: string): readonly ParsedLine[] {
  const problem: Problem =
    why === 'too_long'
      ? {
          code: 'comment_too_long',
          message: 'The comment is too long to be searched for commands.',
        }
      : {
          code: 'comment_too_complex',
          message: 'The comment has too many lines or marks to be searched for commands.',
        };
  let number = 0;
  for (const text of body.split(/\r\n|\r|\n/)) {
    number += 1;
    if (!/^ {0,3}[!/@]\S/.test(text)) continue;
    const head = splitHead(text.trim().slice(0, MAX_LINE), botLogin);
    if (!head || !findCommandSpec(head.word)) continue;
    const raw = text.trim().slice(0, MAX_SHOWN);
    return [{ ordinal: 0, line: number, raw, problem }];
  }
  return [];
}

function parseLine(text: VisibleLine['text'], botLogin: string): Outcome | undefined {
  const head = splitHead(text, botLogin);
  if (!head) return undefined;
  const spec = findCommandSpec(head.word);
  if (!spec) return unknownCommand(head, botLogin);
  if (text.length > MAX_LINE) {
    const message = `A command line may have ${MAX_LINE} characters.`;
    return { problem: { code: 'line_too_long', message } };
  }
  const { before, reason } = splitReason(head.rest);
  if (/["']/.test(before.replace(/"[^"]*"|'[^']*'/g, ''))) {
    return { problem: { code: 'invalid_value', message: 'A quotation mark is not closed.' } };
  }
  if (before.replaceAll('\t', ' ').search(UNSEEN) !== -1) {
    return {
      problem: { code: 'invalid_value', message: 'The line holds an invisible character.' },
    };
  }
  const words = parseArgsStringToArgv(before);
  const result = parseArguments(spec.name, words);
  if ('command' in result) {
    return { prefix: head.prefix, command: result.command, ...(reason ? { reason } : {}) };
  }
  const { code, message, at, fix } = result.problem;
  if (at === undefined || fix === undefined) return { problem: { code, message } };
  const corrected = `${head.lead}${spec.name} ${words.with(at, fix).join(' ')}`;
  const suggestion = understandable(corrected, botLogin);
  return { problem: { code, message, ...(suggestion ? { suggestion } : {}) } };
}

function splitHead(text: string, botLogin: string): Head | undefined {
  const plain = /^([!/])(\S+)(.*)$/s.exec(text);
  if (plain) {
    const prefix = plain[1] === '!' ? '!' : '/';
    return { prefix, lead: prefix, word: plain[2] ?? '', rest: plain[3] ?? '' };
  }
  const mention = text.slice(0, botLogin.length + 1);
  const rest = text.slice(botLogin.length + 1);
  if (botLogin === '' || mention.toLowerCase() !== `@${botLogin}`) return undefined;
  const match = /^(?:[:,]?\s+[!/]?(\S+)(.*)|[:,]?)$/s.exec(rest);
  if (!match) return undefined;
  return { prefix: '@', lead: `@${botLogin} `, word: match[1] ?? '', rest: match[2] ?? '' };
}

/** Phones turn two hyphens into a dash. */
function splitReason(rest: string): { before: string; reason: string } {
  const mark = /(?:^|\s)(?:--|—|–)(?:\s|$)/.exec(rest);
  if (!mark) return { before: rest, reason: '' };
  const text = rest.slice(mark.index + mark[0].length).replace(UNSEEN, ' ');
  const reason = text.replace(/ +/g, ' ').trim();
  return {
    before: rest.slice(0, mark.index),
    reason: reason.length > MAX_SHOWN ? `${reason.slice(0, MAX_SHOWN - 1)}…` : reason,
  };
}

/** Silence for whatever may be meant for somebody else; who names the bot gets an answer in any case. */
function unknownCommand(head: Head, botLogin: string): Outcome | undefined {
  const word = head.word.replace(/[.,:;!?]+$/, '');
  const near = /^[A-Za-z][A-Za-z_-]*$/.test(word)
    ? (findCommandSpec(word)?.name ?? nearestCommandName(word.replace(/[_-]/g, '')))
    : undefined;
  if (near === undefined && head.prefix !== '@') return undefined;
  const message =
    head.word === ''
      ? 'You mentioned me without a command.'
      : `I don't know ${showWord(head.prefix === '@' ? head.word : head.prefix + head.word)}.`;
  const name = near ?? 'help';
  const whole =
    near === undefined ? undefined : understandable(`${head.lead}${name}${head.rest}`, botLogin);
  return { problem: { code: 'unknown_command', message, suggestion: whole ?? head.lead + name } };
}

/** The line, if it is short, plain and would be understood. */
function understandable(line: string, botLogin: string): string | undefined {
  const text = line.trimEnd();
  if (text.length > 120 || !/^[A-Za-z0-9 !/@._#=,-]+$/.test(text)) return undefined;
  const outcome = parseLine(text, botLogin);
  return outcome && 'command' in outcome ? text : undefined;
}
