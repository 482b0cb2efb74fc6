import { parseComment } from '../../src/domain/parse-comment.ts';
import { isTerminal, type RunState } from '../../src/domain/run.ts';
import type { Forge } from '../../src/forges/forge.ts';
import { type CommandRecord, loadCommand } from '../../src/ledger/commands.ts';
import type { Ledger } from '../../src/ledger/database.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { composeAnswer } from '../../src/report/compose.ts';
import type { Markers } from '../../src/report/marker.ts';
import { DEFAULT_PACE } from '../../src/report/reporter-options.ts';
import type { Templates } from '../../src/report/templates.ts';
import { URL } from './app-life.ts';
import type { SimDrone } from './sim-drone.ts';
import { BOT, type SimComment, type SimForge } from './sim-forge.ts';
import type { SimGithub } from './sim-github.ts';
import type { SimHost } from './sim-host.ts';
import type { Disk } from './sim-ledger.ts';

export type Evidence = {
  readonly ledger: Ledger;
  readonly disk: Disk;
  readonly forge: SimForge;
  readonly port: Forge;
  readonly github: SimGithub | undefined;
  readonly drone: SimDrone;
  readonly host: SimHost;
  readonly markers: Markers;
  readonly templates: Templates;
  readonly clock: Clock;
  readonly quiet: boolean;
};

/** What the product promises, checked in the ledger and at the far sides after everything came to rest. */
export async function findViolations(evidence: Evidence): Promise<readonly string[]> {
  return [
    ...(evidence.quiet ? [] : [`never came to rest: ${unfinished(evidence).join(', ')}`]),
    ...lost(evidence),
    ...unheard(evidence),
    ...twice(evidence),
    ...(await unanswered(evidence)),
    ...left(evidence),
    ...illegal(evidence),
  ];
}

function unfinished({ disk }: Evidence): string[] {
  const rows = disk.all(
    'select kind, subject, due_at, lease_until, error from work where due_at is not null or lease_until is not null limit 5',
  );
  return rows.map((row) => JSON.stringify(row));
}

const parsed = new Map<string, ReturnType<typeof parseComment>>();

/** People say few different things, and reading Markdown takes time. */
export function linesOf(body: string): ReturnType<typeof parseComment> {
  const lines = parsed.get(body) ?? parseComment(body, { botLogin: BOT.login });
  parsed.set(body, lines);
  return lines;
}

/** Every line that is a command has one row, and it is decided. */
function lost({ disk, forge }: Evidence): string[] {
  const rows = disk.all('select comment_id, ordinal, raw, command_json, outcome from commands');
  const found: string[] = [];
  for (const row of rows)
    if (row.outcome === 'pending')
      found.push(`lost: comment ${String(row.comment_id)} was never decided`);
  for (const comment of forge.comments) {
    if (comment.author.id === BOT.id || comment.deleted) continue;
    const known = rows.filter((row) => row.comment_id === comment.id);
    for (const why of missing(comment, known)) found.push(`lost: comment ${comment.id} ${why}`);
  }
  return found;
}

/** Every pressed button was heard, once, and decided. */
function unheard({ disk, github }: Evidence): string[] {
  const rows = disk.all(
    `select dedupe_key, outcome from deliveries where event = 'button-pressed'`,
  );
  return (github?.presses ?? []).flatMap(({ guid }) => {
    const known = rows.filter((row) => row.dedupe_key === `button-pressed:${guid}`);
    if (known.length !== 1) return [`lost: the press ${guid} was heard ${known.length} times`];
    return known[0]?.outcome === 'pending' ? [`lost: the press ${guid} was never decided`] : [];
  });
}

function missing(comment: SimComment, known: readonly Record<string, unknown>[]): string[] {
  const first = linesOf(comment.bodies[0] ?? '');
  const last = linesOf(comment.body);
  const isEdited = comment.bodies.length > 1;
  // Which text was seen first is chance, once there are two; a text without a command may have been seen first.
  if (isEdited && comment.bodies.some((body) => linesOf(body).length === 0)) return [];
  if (!isEdited && known.length !== first.length)
    return [`has ${first.length} commands, the ledger ${known.length}`];
  return last.flatMap((line) => {
    const row = known.find((one) => one.ordinal === line.ordinal);
    if (!row) return isEdited && first.length > 0 ? [] : [`line ${line.ordinal} has no row`];
    const understood = 'command' in line;
    return understood && row.command_json === null
      ? [`line ${line.ordinal} was mended, the ledger has ${String(row.raw)}`]
      : [];
  });
}

/** One command, one decision; one run, one build; one answer, one comment. */
function twice({ disk, forge, drone, markers }: Evidence): string[] {
  const found: string[] = [];
  const count = (names: readonly string[]) => {
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts].filter(([, n]) => n > 1).map(([name, n]) => `${name} ×${n}`);
  };
  for (const name of count(drone.builds.map((build) => build.runId)))
    found.push(`twice: builds of run ${name}`);
  const own = forge.comments.filter((one) => one.author.id === BOT.id && !one.deleted);
  const marked = own.map((one) => {
    const marker = markers.find(one.body);
    if (!marker) found.push(`comment ${one.id} carries no marker`);
    return marker ? `${marker.kind === 'ping' ? 'ping' : 'answer'} ${marker.id}` : one.id;
  });
  for (const name of count(marked)) found.push(`twice: ${name}`);
  const decided = disk.all(
    `select subject, count(*) as n from operations where subject like 'command:%' group by subject having count(*) > 1`,
  );
  for (const { subject, n } of decided) {
    const id = String(subject).slice('command:'.length);
    const row = disk.all(`select comment_id from commands where id = '${id}'`)[0];
    const comment = forge.comments.find((one) => one.id === row?.comment_id);
    if (Number(n) > (comment?.bodies.length ?? 1))
      found.push(`twice: decided ${String(subject)} ×${String(n)}`);
  }
  return found;
}

/** The forge shows what the ledger says now. */
async function unanswered(evidence: Evidence): Promise<string[]> {
  const { ledger, disk, forge, port, markers, templates, clock } = evidence;
  const options = { ledger, clock, forge: port, url: URL, markers, templates, pace: DEFAULT_PACE };
  const found: string[] = [];
  const own = forge.comments
    .filter((one) => one.author.id === BOT.id && !one.deleted)
    .map((one) => ({ comment: one, marker: markers.find(one.body) }));
  const pings = new Set<string>();
  for (const { id } of disk.all('select id from commands')) {
    const command = await loadCommand(ledger.db, String(id));
    const answer = await composeAnswer(options, command);
    if (answer.ping) pings.add(answer.ping.run.id);
    const shownThere = own.find(
      ({ marker }) => marker?.kind !== 'ping' && marker?.id === command.id,
    );
    const what = `command ${command.id} (${command.outcome}, comment ${command.commentId})`;
    if (answer.comment && !shownThere) found.push(`unanswered: ${what} has no comment`);
    if (
      answer.comment?.kind === 'status' &&
      shownThere &&
      shownThere.marker?.rev !== answer.comment.rev
    )
      found.push(
        `stale: ${what} shows rev ${shownThere.marker?.rev}, the ledger has ${answer.comment.rev}`,
      );
    found.push(...wrongReaction(evidence, command, answer.reaction));
    if (
      answer.ping &&
      !own.some(({ marker }) => marker?.kind === 'ping' && marker.id === answer.ping?.run.id)
    )
      found.push(`unanswered: ${what} has no ping`);
  }
  for (const { marker } of own)
    if (marker?.kind === 'ping' && !pings.has(marker.id))
      found.push(`stale: the ping of run ${marker.id} is still there`);
  found.push(...(await staleStatuses(evidence, options)));
  return found;
}

/** A comment with several commands carries several reactions. */
function wrongReaction(
  { forge }: Evidence,
  command: CommandRecord,
  wanted: string | undefined,
): string[] {
  const comment = forge.comments.find((one) => one.id === command.commentId);
  if (!comment || comment.deleted || wanted === undefined) return [];
  return comment.reactions.has(wanted)
    ? []
    : [
        `stale: comment ${comment.id} shows ${[...comment.reactions].join(' ')}, not ${wanted} (${command.outcome})`,
      ];
}

/** Of several runs of a suite on one commit the newest speaks. */
async function staleStatuses(
  { disk, forge, ledger, github }: Evidence,
  options: Parameters<typeof composeAnswer>[0],
): Promise<string[]> {
  const wanted = new Map<string, string>();
  const checks = new Map<string, string>();
  for (const { command_id: id } of disk.all('select command_id from runs order by number')) {
    const answer = await composeAnswer(options, await loadCommand(ledger.db, String(id)));
    for (const status of answer.statuses) {
      wanted.set(`${status.context} ${status.sha}`, `${status.state} ${status.url}`);
      const name = status.context.replace('signalbox/', 'Signalbox ');
      if (github && status.details)
        checks.set(`${name} ${status.sha}`, `${status.details.key} ${status.details.read().phase}`);
    }
  }
  const staleChecks = [...checks].flatMap(([at, value]) => {
    const check = github?.checks.findLast((one) => `${one.name} ${one.sha}` === at);
    const shown = check && `${check.key} ${check.phase}`;
    return shown === value ? [] : [`stale: check ${at} is ${shown}, not ${value}`];
  });
  const staleLines = [...wanted].flatMap(([key, value]) => {
    const status = forge.statuses.get(key);
    const shown = status && `${status.state} ${status.url}`;
    return shown === value ? [] : [`stale: status ${key} is ${shown}, not ${value}`];
  });
  return [...staleLines, ...staleChecks];
}

function left({ disk, host, drone }: Evidence): string[] {
  const found = [...host.things.keys()].map((key) => `left behind: ${key}`);
  for (const { id, state, remote_json: remote } of disk.all(
    'select id, state, remote_json from runs',
  )) {
    if (!isTerminal(state as RunState)) found.push(`run ${String(id)} is still ${String(state)}`);
    const live = drone.builds.filter((build) => build.runId === id && build.state !== 'finished');
    if (live.length > 0)
      found.push(`left behind: build ${live[0]?.number} of run ${String(id)} ${String(remote)}`);
  }
  return found;
}

const NEXT: Readonly<Record<string, readonly string[]>> = {
  queued: ['queued', 'running', 'finishing', 'cancelled', 'superseded'],
  running: ['running', 'queued', 'finishing'],
  finishing: ['finishing', 'passed', 'failed', 'errored', 'cancelled', 'timed_out', 'superseded'],
};

/** Every step of a run follows from the one before, and no fence is ever given out twice. */
function illegal({ disk }: Evidence): string[] {
  const found: string[] = [];
  const last = new Map<string, { state: string; rev: number }>();
  for (const row of disk.all(
    `select subject, what, outcome from operations where subject like 'run:%' order by id`,
  )) {
    const [, from = '', to = '', rev = ''] =
      /^(\w+) → (\w+) rev (\d+)$/.exec(String(row.outcome)) ?? [];
    const subject = String(row.subject);
    const before = last.get(subject) ?? { state: 'queued', rev: 1 };
    const fits = from === before.state && Number(rev) === before.rev + 1;
    const may = NEXT[from]?.includes(to) ?? (from === to && row.what === 'cleaned');
    if (!fits || !may)
      found.push(
        `illegal: ${subject} ${String(row.what)} ${String(row.outcome)} after ${before.state} rev ${before.rev}`,
      );
    last.set(subject, { state: to, rev: Number(rev) });
  }
  for (const { id, state, rev } of disk.all('select id, state, rev from runs')) {
    const logged = last.get(`run:${String(id)}`);
    if (logged && (logged.state !== state || logged.rev !== rev))
      found.push(
        `illegal: run ${String(id)} is ${String(state)} rev ${String(rev)}, the log ends with ${logged.state} rev ${logged.rev}`,
      );
  }
  const fences = new Map<string, number>();
  for (const { kind, subject, fence } of disk.all(
    'select kind, subject, fence from claims order by id',
  )) {
    const key = `${String(kind)} ${String(subject)}`;
    if (Number(fence) <= (fences.get(key) ?? 0))
      found.push(`illegal: fence ${String(fence)} again for ${key}`);
    fences.set(key, Number(fence));
  }
  return found;
}
