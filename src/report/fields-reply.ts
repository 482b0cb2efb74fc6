import { isRole } from '../domain/role.ts';
import { isTerminal } from '../domain/run.ts';
import {
  cellCode,
  cellProse,
  fitsLine1,
  inlineCode,
  link,
  plain,
  prose,
  tableRow,
} from './escape.ts';
import { commitLink, firstOf, personLink, runLink, type View } from './fields-common.ts';
import { about, capitalised, clock, listed, plural, shortSha, unstopped } from './format.ts';
import type {
  ApprovalMessage,
  DeniedMessage,
  HelpMessage,
  JoinedMessage,
  NotUnderstoodMessage,
  PingMessage,
  RefusedMessage,
  StatusMessage,
} from './message.ts';
import { culprit, tookMs, VERDICT_ICONS } from './words.ts';

/** Fields of the comments that answer once and do not live on. */

export function joinedFields({ command, run, links }: JoinedMessage, view: View) {
  return {
    command: inlineCode(command, view.room),
    commit: commitLink(run.sha, links.commit),
    state: run.state === 'queued' ? 'queued' : 'running',
    run: runLink(run.number, links.page),
    comment: links.comment === undefined ? null : link('status comment', links.comment),
  };
}

export function deniedFields(message: DeniedMessage, view: View) {
  const { required, rule } = message;
  return {
    command: inlineCode(message.command, view.room),
    required: plain(required, view.room),
    is_role: isRole(required),
    account: personLink(message.account, message.accountUrl, view.room),
    present: message.present === 'none' ? 'no role' : plain(message.present, view.room),
    who: WHO[required] ?? 'Someone who may',
    rule: rule === undefined ? null : link(`${inlineCode(rule.file)}, line ${rule.line}`, rule.url),
  };
}

const WHO: Readonly<Record<string, string>> = {
  read: 'Anyone who can read this repository',
  triage: 'Someone with triage access',
  write: 'Someone with write access',
  maintain: 'A maintainer',
  admin: 'An admin',
  owner: 'An owner',
};

export function approvalFields({ sha, changesUrl, source }: ApprovalMessage) {
  return {
    source: source === 'fork' ? 'comes from a fork' : 'was pushed by AGit from outside',
    changes: link('the changes', changesUrl),
    sha: /^[0-9a-f]{4,64}$/u.test(sha) ? sha : '<commit>',
  };
}

export function notUnderstoodFields({ problems }: NotUnderstoodMessage, view: View) {
  const { shown, more } = firstOf(problems, view.rows);
  const texts = shown.map(problemWords);
  const [only] = problems.length === 1 ? texts : [];
  return {
    only: only !== undefined && fitsLine1(`❓ ${only}`) ? only : null,
    count: plural(problems.length, 'line'),
    problems: texts,
    problems_more: more,
  };
}

function problemWords({ line, problem, suggestion }: NotUnderstoodMessage['problems'][number]) {
  const what = prose(unstopped(problem), 200);
  const hint = suggestion === undefined ? '' : ` Did you mean ${inlineCode(suggestion, 80)}?`;
  // Most problems quote the word that is wrong; the others must say which line they are about.
  const [word = ''] = line.trim().split(/\s/u);
  const said = problem.includes(`\`${word}`);
  return `${said ? capitalised(what) : `${inlineCode(line, 80)}: ${what}`}.${hint}`;
}

export function refusedFields({ command, why, next }: RefusedMessage, view: View) {
  const fields = { command: inlineCode(command, view.room), why: prose(why), next: prose(next) };
  return { ...fields, is_short: fitsLine1(`🚫 ${inlineCode(command, 24)}: ${fields.why}`) };
}

export function helpFields({ rows, suites, url }: HelpMessage, view: View) {
  return {
    rows: firstOf(rows, view.rows).shown.map(({ usage, summary, required, allowed }) =>
      tableRow([
        cellCode(usage),
        cellProse(summary),
        allowed ? 'yes' : `no, needs ${plain(required, 40)}`,
      ]),
    ),
    suites:
      suites.length === 0
        ? null
        : listed(suites.slice(0, 30).map((suite) => inlineCode(suite, 60))),
    reference: link('All about the commands', url),
  };
}

export function statusFields({ runs }: StatusMessage, view: View) {
  const { shown, more } = firstOf(runs, view.rows);
  const rows = shown.map(({ number, suite, sha, state, stage, since, url }) => {
    const where = stage === undefined ? '' : ` ${plain(stage, 40)}`;
    const now = `${state === 'finishing' ? 'cleaning up' : state.replace('_', ' ')}${where}`;
    return tableRow([
      isTerminal(state) ? VERDICT_ICONS[state] : state === 'queued' ? '🕒' : '🔄',
      runLink(number, url),
      cellCode(suite, 60),
      cellCode(shortSha(sha)),
      `${now} since ${clock(since)} UTC`,
    ]);
  });
  return {
    summary: runs.length === 0 ? null : summaryOf(runs),
    rows: [...rows, ...(more > 0 ? [tableRow(['', `… ${more} more`, '', '', ''])] : [])],
  };
}

function summaryOf(runs: StatusMessage['runs']): string {
  const count = (states: readonly string[]) =>
    runs.filter(({ state }) => states.includes(state)).length;
  const [running, queued] = [count(['running', 'finishing']), count(['queued'])];
  const over = runs.length - running - queued;
  const words = [
    ...(running > 0 ? [`${running} running`] : []),
    ...(queued > 0 ? [`${queued} queued`] : []),
    ...(over > 0 ? [`${over} over`] : []),
  ];
  return `**${plural(runs.length, 'run')}** on this pull request: ${words.join(', ')}`;
}

export function pingFields({ login, run, commentUrl }: PingMessage, view: View) {
  const verdict = run.verdict ?? 'errored';
  const stage = culprit(run)?.name;
  const took = tookMs(run);
  const words = {
    passed: 'passed',
    failed: 'failed',
    errored: 'hit an error',
    timed_out: 'timed out',
  };
  const what = verdict in words ? words[verdict as keyof typeof words] : 'ended';
  const subject = verdict === 'passed' || stage === undefined ? run.suite : stage;
  return {
    // The only mention there is; a login that could be anything else is shown, not called.
    login: /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,39}$/u.test(login)
      ? `@${login}`
      : plain(login, Math.min(view.room, 40)),
    icon: VERDICT_ICONS[verdict],
    what: `${plain(subject, Math.min(view.room, 30))} ${what}`,
    sha: inlineCode(shortSha(run.sha)),
    took: took === undefined ? null : about(took),
    headline:
      run.diagnosis === undefined || verdict === 'passed'
        ? null
        : prose(unstopped(run.diagnosis.headline), view.room + 10),
    details: link(verdict === 'passed' ? 'Details' : 'Details and retry', commentUrl),
  };
}
