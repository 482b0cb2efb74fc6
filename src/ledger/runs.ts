import { type Selectable, sql } from 'kysely';
import { isTerminal, RUN_STATES, type Run, type RunState } from '../domain/run.ts';
import { type RunEvent, transition } from '../domain/run-machine.ts';
import type { Db, Tx } from './database.ts';
import { literal } from './literal.ts';
import { type Operation, recordOperation } from './operations.ts';
import type { RunTable } from './schema.ts';
import { arm } from './work.ts';

export type NewRun = Omit<
  Run,
  'number' | 'state' | 'rev' | 'attempt' | 'cleanliness' | 'remote' | 'stages'
>;

const LIVE_STATES = RUN_STATES.filter((state) => !isTerminal(state));

/** @internal */
export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';
}

function toRow(run: Run) {
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  return {
    state: run.state,
    rev: run.rev,
    attempt: run.attempt,
    started_at: run.startedAt ?? null,
    finished_at: run.finishedAt ?? null,
    verdict: run.verdict ?? null,
    cleanliness_json: JSON.stringify(run.cleanliness),
    diagnosis_json: json(run.diagnosis),
    cancellation_json: json(run.cancellation),
    interruption_json: json(run.interruption),
    remote_json: JSON.stringify(run.remote),
    stages_json: JSON.stringify(run.stages),
  };
}

function optional<K extends string>(key: K, text: string | number | null) {
  return text === null
    ? {}
    : { [key]: typeof text === 'number' ? text : (JSON.parse(text) as unknown) };
}

function fromRow(row: Selectable<RunTable>): Run {
  return {
    id: row.id,
    number: row.number,
    forge: row.forge,
    repository: row.repository,
    pull: row.pull,
    commandId: row.command_id,
    suite: row.suite,
    runner: row.runner,
    sha: row.sha,
    headRef: row.head_ref,
    plan: JSON.parse(row.plan_json) as Run['plan'],
    state: row.state as RunState,
    rev: row.rev,
    attempt: row.attempt,
    queuedAt: row.queued_at,
    cleanliness: JSON.parse(row.cleanliness_json) as Run['cleanliness'],
    remote: JSON.parse(row.remote_json) as Run['remote'],
    stages: JSON.parse(row.stages_json) as Run['stages'],
    ...optional('startedAt', row.started_at),
    ...optional('finishedAt', row.finished_at),
    ...(row.verdict === null ? {} : { verdict: row.verdict as NonNullable<Run['verdict']> }),
    ...optional('diagnosis', row.diagnosis_json),
    ...optional('cancellation', row.cancellation_json),
    ...optional('interruption', row.interruption_json),
  };
}

/** The one right before this, of the same suite on the same pull request. */
export async function previousRun(db: Db, run: Run): Promise<Run | undefined> {
  const { forge, repository, pull, suite, number } = run;
  const [found] = await listRuns(db, { forge, repository, pull, suite, before: number, limit: 1 });
  return found;
}

/** Makes the run of (command, suite), or returns the one that is already there. */
export async function createRun(tx: Tx, run: NewRun): Promise<Run> {
  const known = await tx
    .selectFrom('runs')
    .selectAll()
    .where('command_id', '=', run.commandId)
    .where('suite', '=', run.suite)
    .executeTakeFirst();
  if (known) return fromRow(known);
  const whole: Run = {
    ...run,
    number: await nextNumber(tx),
    state: 'queued',
    rev: 1,
    attempt: 1,
    cleanliness: { state: 'unknown' },
    remote: {},
    stages: [],
  };
  await tx
    .insertInto('runs')
    .values({
      ...toRow(whole),
      id: whole.id,
      number: whole.number,
      forge: whole.forge,
      repository: whole.repository,
      pull: whole.pull,
      command_id: whole.commandId,
      suite: whole.suite,
      runner: whole.runner,
      sha: whole.sha,
      head_ref: whole.headRef,
      plan_json: JSON.stringify(whole.plan),
      queued_at: whole.queuedAt,
    })
    .execute();
  // What was said of the run before it is outdated now.
  const previous = await previousRun(tx, whole);
  if (previous) await arm(tx, `report:${run.forge}`, previous.commandId, run.queuedAt);
  return whole;
}

/** The row's lock makes numbers unique and gapless among committed runs. */
async function nextNumber(tx: Tx): Promise<number> {
  const row = await tx
    .insertInto('counters')
    .values({ name: 'run_number', value: 1 })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((eb) => ({ value: eb('counters.value', '+', 1) })),
    )
    .returning('value')
    .executeTakeFirstOrThrow();
  return row.value;
}

export type Origin = Pick<Operation, 'source'> & {
  readonly actor?: string;
  readonly fence?: number;
};

const MAX_RACES = 20;

/**
 * The one chokepoint through which a run changes: applies the fact by compare-and-set on (state, rev), writes the
 * operation, and wakes the reports of every command that shows this run. Returns the run as it is afterwards.
 * Throws `IllegalTransition` for a fact that must never happen in that state.
 */
export async function advanceRun(
  tx: Tx,
  runId: string,
  event: RunEvent,
  origin: Origin & { at: number },
): Promise<Run> {
  for (let race = 0; race < MAX_RACES; race += 1) {
    const run = await loadRun(tx, runId);
    const result = transition(run, event);
    if (result.outcome === 'unchanged') return run;
    if (result.outcome === 'illegal')
      throw new IllegalTransition(`run ${run.number}: ${result.why}`);
    const { numUpdatedRows } = await tx
      .updateTable('runs')
      .set(toRow(result.run))
      .where('id', '=', runId)
      .where('rev', '=', run.rev)
      .where('state', '=', run.state)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) continue;
    await recordAdvance(tx, { before: run, after: result.run, event, origin });
    return result.run;
  }
  throw new Error(`run ${runId}: lost ${MAX_RACES} races in a row`);
}

async function recordAdvance(
  tx: Tx,
  change: { before: Run; after: Run; event: RunEvent; origin: Origin & { at: number } },
): Promise<void> {
  const { before, after, event, origin } = change;
  await recordOperation(tx, {
    at: origin.at,
    subject: `run:${after.id}`,
    what: event.kind,
    source: origin.source,
    outcome: `${before.state} → ${after.state} rev ${after.rev}`,
    ...(origin.actor === undefined ? {} : { actor: origin.actor }),
    ...(origin.fence === undefined ? {} : { fence: origin.fence }),
  });
  for (const commandId of await commandsShowing(tx, after))
    await arm(tx, `report:${after.forge}`, commandId, origin.at);
}

/** The command that made the run, those that joined it, and those that cancelled it. */
export async function commandsShowing(db: Db, run: Run): Promise<readonly string[]> {
  const others = await db
    .selectFrom('commands')
    .select('id')
    .where('forge', '=', run.forge)
    .where('repository', '=', run.repository)
    .where('pull', '=', run.pull)
    .where('outcome', 'in', ['joined', 'cancelled_run'])
    .where('detail_json', 'like', sql<string>`'%"' || ${run.id} || '"%'`)
    .execute();
  return [run.commandId, ...others.map((row) => row.id)];
}

export async function loadRun(db: Db, id: string): Promise<Run> {
  const run = await findRun(db, id);
  if (run === undefined) throw new Error(`there is no run ${id}`);
  return run;
}

export async function findRun(db: Db, id: string): Promise<Run | undefined> {
  const { rows } = await sql<Selectable<RunTable>>`select * from runs where id = ${id}`.execute(db);
  return rows[0] && fromRow(rows[0]);
}

export async function findRunByNumber(db: Db, number: number): Promise<Run | undefined> {
  const row = await db
    .selectFrom('runs')
    .selectAll()
    .where('number', '=', number)
    .executeTakeFirst();
  return row && fromRow(row);
}

export type RunFilter = {
  readonly forge?: string;
  readonly repository?: string;
  readonly pull?: number;
  readonly suite?: string;
  readonly sha?: string;
  readonly runner?: string;
  readonly state?: string;
  readonly live?: boolean;
  /** Over, and its teardown left something that nobody has removed since. */
  readonly dirty?: boolean;
  readonly commandId?: string;
  /** Run number, as the next one. */
  readonly before?: number;
  readonly after?: number;
  readonly limit?: number;
};

/** Newest first. */
export async function listRuns(db: Db, filter: RunFilter): Promise<readonly Run[]> {
  let query = db
    .selectFrom('runs')
    .selectAll()
    .orderBy('number', 'desc')
    .limit(literal(filter.limit ?? 100));
  if (filter.forge !== undefined) query = query.where('forge', '=', filter.forge);
  if (filter.repository !== undefined) query = query.where('repository', '=', filter.repository);
  if (filter.pull !== undefined) query = query.where('pull', '=', filter.pull);
  if (filter.suite !== undefined) query = query.where('suite', '=', filter.suite);
  if (filter.sha !== undefined) query = query.where('sha', '=', filter.sha);
  if (filter.runner !== undefined) query = query.where('runner', '=', filter.runner);
  if (filter.state !== undefined) query = query.where('state', '=', filter.state);
  if (filter.live) query = query.where('state', 'in', LIVE_STATES);
  if (filter.dirty) query = query.where('cleanliness_json', 'like', literal('{"state":"dirty"%'));
  if (filter.commandId !== undefined) query = query.where('command_id', '=', filter.commandId);
  if (filter.before !== undefined) query = query.where('number', '<', filter.before);
  if (filter.after !== undefined) query = query.where('number', '>', filter.after);
  return (await query.execute()).map(fromRow);
}
