import type { Account } from '../domain/forge-event.ts';
import type { Cancellation, Run, Verdict } from '../domain/run.ts';
import { inlineCode, link, linkUrl, oneLine, plain } from './escape.ts';
import { shortSha } from './format.ts';
import type { RunMessage } from './message.ts';

/** How much of everything is shown. Smaller when the comment would not fit its budget. */
export type View = {
  readonly now: number;
  /** Characters for each free text on line 1. */
  readonly room: number;
  /** Rows of any list or table. */
  readonly rows: number;
  readonly logLines: number;
  readonly logCharacters: number;
};

/** What a run message may know besides. Each part is left out of the text when absent. */
type RunMore = {
  /** Page about this kind of failure. */
  readonly advice?: string;
  /** True where a push starts the run again by itself. */
  readonly rerunsOnPush?: boolean;
  /** Tick boxes: what `name` does, in words. */
  readonly actions?: readonly { readonly name: string; readonly label: string }[];
  /** What `history` is of, e.g. "main". */
  readonly historyOf?: string;
  /** How often the failing test failed before. */
  readonly flake?: { readonly failed: number; readonly of: number };
  /** Other runs of this pull request, newest first. */
  readonly earlier?: readonly {
    readonly run: Run;
    readonly commitUrl: string;
    readonly url: string;
  }[];
  /** For how long nobody watched before the bot took the run over again. */
  readonly awayMs?: number;
  /** What happens to leftovers. */
  readonly cleanup?: {
    readonly nextTry?: { readonly at: number; readonly nth: number; readonly of: number };
    /** True where `/cleanup` is a command. */
    readonly canForce?: boolean;
    /** Shell lines for a person on the host. */
    readonly byHand?: readonly string[];
  };
};

export type RichRunMessage = RunMessage & { readonly more?: RunMore };

export function commitLink(sha: string, url: string): string {
  return link(inlineCode(shortSha(sha)), url);
}

export function runLink(number: number, url: string): string {
  return link(`run ${number}`, url);
}

export function personLink(account: Account | string, url: string | undefined, room = 40): string {
  return link(plain(typeof account === 'string' ? account : account.login, room), url);
}

/** Address of the run's page, or of one stage on it, to stand in a link. */
export function pageUrl({ links }: RunMessage, stage?: string): string {
  const anchor = stage === undefined ? '' : `#${encodeURIComponent(oneLine(stage, 60))}`;
  return linkUrl(`${links.page}${anchor}`) ?? '';
}

/** Fields of line 1 that all run messages share. */
export function headFields(message: RunMessage, icon: string, view: View) {
  return {
    icon,
    command: inlineCode(message.command, view.room),
    commit: commitLink(message.run.sha, message.links.commit),
  };
}

/** The line that asks for this run again, narrowed to `stage` where that is possible. */
export function commandAgain(run: Run, stage?: string): string {
  const words = ['!testme', ...(run.suite === 'testme' ? [] : [oneLine(run.suite, 60)])];
  const stages: readonly string[] = run.plan.kind === 'lifecycle' ? run.plan.stages : [];
  return [...words, ...(stage && stages.includes(stage) ? [`stages=${stage}`] : [])].join(' ');
}

/** At most `max` items, and how many were left out. */
export function firstOf<T>(
  items: readonly T[],
  max: number,
): { shown: readonly T[]; more: number } {
  return { shown: items.slice(0, max), more: Math.max(0, items.length - max) };
}

export function remoteLink(message: RunMessage): string | null {
  const url = message.links.remote;
  return url === undefined ? null : link(`build at ${plain(message.run.runner, 30)}`, url);
}

export function historyWords(
  message: RichRunMessage,
  icons: Record<Verdict, string>,
): string | null {
  const last = message.history.slice(-10);
  if (last.length === 0) return null;
  const strip = last.map((verdict) => icons[verdict]).join('');
  const of = message.more?.historyOf;
  if (of !== undefined) return `last ${last.length} on ${plain(of, 40)}: ${strip}`;
  const passed = last.filter((verdict) => verdict === 'passed').length;
  return `last ${last.length} of this suite: ${strip} (${passed} passed)`;
}

/** ` by …` words for what stopped a run, without the stage. */
export function stoppedBy(
  cancellation: Cancellation,
  accountUrl: string | undefined,
  room: number,
) {
  const who = personLink(cancellation.by, accountUrl, room);
  switch (cancellation.cause) {
    case 'cancel':
      return cancellation.url === undefined
        ? `by ${who}`
        : `by ${who} with ${link('`/cancel`', cancellation.url)}`;
    case 'pull_request_closed':
      return `${who} closed the pull request`;
    case 'comment_deleted':
      return `${who} deleted the comment that asked`;
    case 'superseded':
      return 'a newer command took over';
  }
}

/** An empty list is nothing to show, and a template asks only for something or nothing. */
export function someOrNull(items: readonly string[]): readonly string[] | null {
  return items.length === 0 ? null : items;
}
