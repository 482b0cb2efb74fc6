import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTerminal, type Run } from '../../src/domain/run.ts';
import { type CommandRecord, loadCommand } from '../../src/ledger/commands.ts';
import type { Ledger } from '../../src/ledger/database.ts';
import { loadRun } from '../../src/ledger/runs.ts';
import { createMarkers, type Marker } from '../../src/report/marker.ts';
import type { FarSides } from './far-sides.ts';
import type { Acknowledged } from './proxy.ts';

/** A comment that a person wrote during the chaos. */
export type Said = { readonly commentId: number; readonly body: string };

export type Evidence = {
  readonly ledger: Ledger;
  readonly far: FarSides;
  readonly said: readonly Said[];
  readonly acknowledged: readonly Acknowledged[];
  /** The data directory. */
  readonly data: string;
};

/** Every broken promise in one line; empty when all were kept. To be called when all is quiet. */
export async function findViolations(evidence: Evidence): Promise<readonly string[]> {
  const { ledger } = evidence;
  const commands = await loadAll(ledger, 'commands', (id) => loadCommand(ledger.db, id));
  const runs = await loadAll(ledger, 'runs', (id) => loadRun(ledger.db, id));
  const settings = await ledger.db.selectFrom('settings').selectAll().execute();
  const setting = (name: string) => settings.find((row) => row.name === name)?.value ?? '';
  const own = ownComments(evidence.far, setting('marker_key'));
  return [
    ...evidence.said.flatMap((said) => commandProblems(said, commands, runs)),
    ...runs.flatMap((run) => runProblems(run, evidence.far)),
    ...commands.flatMap((command) => commentProblems(command, own)),
    ...pingProblems(own),
    ...(await deliveryProblems(evidence)),
    ...leftovers(evidence.data, setting('installation')),
  ];
}

async function loadAll<T>(
  ledger: Ledger,
  table: 'commands' | 'runs',
  load: (id: string) => Promise<T>,
): Promise<readonly T[]> {
  const rows = await ledger.db.selectFrom(table).select('id').execute();
  return Promise.all(rows.map((row) => load(row.id)));
}

/** What may become of what was said here by somebody who may say it. */
const OUTCOMES = new Set<string>(['accepted', 'joined', 'cancelled_run', 'nothing_to_cancel']);

function commandProblems(
  { commentId, body }: Said,
  commands: readonly CommandRecord[],
  runs: readonly Run[],
): readonly string[] {
  const what = `comment ${commentId} (${body})`;
  const found = commands.filter((command) => command.commentId === String(commentId));
  const [command] = found;
  if (command === undefined) return [`${what}: lost, there is no command`];
  if (found.length > 1) return [`${what}: ${found.length} commands`];
  if (!OUTCOMES.has(command.outcome)) return [`${what}: outcome ${command.outcome}`];
  if (command.outcome !== 'accepted' && command.outcome !== 'joined') return [];
  const own = runs.filter((run) => run.commandId === command.id);
  const shown = command.detail.runs ?? [];
  const wanted = command.outcome === 'accepted' ? 1 : 0;
  if (own.length !== wanted || shown.length !== 1 || !runs.some((run) => run.id === shown[0]))
    return [`${what}: ${command.outcome} with ${own.length} runs of its own`];
  return [];
}

function runProblems(run: Run, { drone }: FarSides): readonly string[] {
  const what = `run ${run.number} (${run.suite}, ${run.state})`;
  const builds = drone.buildsByRun().get(run.id)?.length ?? 0;
  const problems: string[] = [];
  if (!isTerminal(run.state)) problems.push(`${what}: never came to an end`);
  // Cancelled before anything was asked for, it has none.
  const wasAsked = run.plan.kind === 'remote' && run.remote.id !== undefined;
  const isRight = wasAsked ? builds === 1 : builds === 0;
  if (!isRight) problems.push(`${what}: ${builds} builds`);
  if (run.cleanliness.state === 'dirty') problems.push(`${what}: left something behind`);
  return problems;
}

type Own = { readonly marker: Marker; readonly body: string };

function ownComments({ forge, bot }: FarSides, key: string): readonly Own[] {
  const markers = createMarkers(key);
  return [...forge.world.comments.values()]
    .filter((comment) => forge.loginOf(comment.authorId) === bot)
    .flatMap(({ body }) => {
      const marker = markers.find(body);
      return marker === undefined ? [] : [{ marker, body }];
    });
}

function commentProblems(command: CommandRecord, own: readonly Own[]): readonly string[] {
  const what = `command ${command.text} of comment ${command.commentId} (${command.outcome})`;
  const answers = own.filter(({ marker }) => marker.kind !== 'ping' && marker.id === command.id);
  const wanted = command.outcome === 'cancelled_run' ? 0 : 1;
  if (answers.length !== wanted) return [`${what}: ${answers.length} comments`];
  const waits = answers.some(({ body }) => /^(🔄|🕒|🧹)/u.test(body));
  return waits && command.outcome === 'accepted'
    ? [`${what}: its comment does not show the end`]
    : [];
}

function pingProblems(own: readonly Own[]): readonly string[] {
  const pings = own.filter(({ marker }) => marker.kind === 'ping');
  const byRun = Map.groupBy(pings, ({ marker }) => marker.id);
  return [...byRun].flatMap(([run, some]) =>
    some.length > 1 ? [`run ${run}: ${some.length} pings`] : [],
  );
}

async function deliveryProblems(evidence: Evidence): Promise<readonly string[]> {
  const rows = await evidence.ledger.db
    .selectFrom('deliveries')
    .select(['id', 'outcome', 'fact_json'])
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  const pending = rows.filter((row) => row.outcome === 'pending');
  return [
    ...pending.map(({ id }) => `delivery ${id}: acknowledged and never dealt with`),
    ...evidence.acknowledged.flatMap(({ path, answer }) =>
      answer.outcome === 'accepted' && !byId.has(answer.id ?? '')
        ? [`delivery ${answer.id} to ${path}: acknowledged and gone`]
        : [],
    ),
  ];
}

function leftovers(data: string, installation: string): readonly string[] {
  const processes = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => readQuietly(`/proc/${pid}/environ`).includes(`=${installation}\0`))
    .map((pid) => `process ${pid} is left: ${readQuietly(`/proc/${pid}/cmdline`)}`);
  const workspaces = join(data, 'workspaces', 'local');
  const entries = listQuietly(workspaces).map((name) => `workspace ${name} is left`);
  return [...processes, ...entries];
}

function readQuietly(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function listQuietly(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
