import { type Selectable, sql } from 'kysely';
import type { Command, CommandName } from '../domain/command.ts';
import type { Account } from '../domain/forge-event.ts';
import type { Db, Tx } from './database.ts';
import { literal } from './literal.ts';
import type { CommandTable } from './schema.ts';

/** A command-like line of a comment. `command` is absent while the line is not understood. */
export type CommandRecord = {
  readonly id: string;
  readonly forge: string;
  readonly repository: string;
  readonly pull: number;
  readonly commentId: string;
  readonly commentUrl: string;
  readonly ordinal: number;
  readonly actor: Account;
  readonly prefix: string;
  readonly raw: string;
  readonly text: string;
  readonly command: Command | undefined;
  readonly problem: LineProblem | undefined;
  readonly deliveryId: string;
  readonly createdAt: number;
  readonly outcome: string;
  readonly detail: CommandDetail;
};

export type LineProblem = {
  readonly code: string;
  readonly message: string;
  readonly suggestion?: string;
};

/** What the answer to a command needs, by outcome. */
export type CommandDetail = {
  /** Runs this command made or joined. */
  readonly runs?: readonly string[];
  readonly required?: string;
  readonly present?: string;
  readonly ruleLine?: number;
  readonly branch?: string;
  readonly why?: string;
  readonly next?: string;
  readonly sha?: string;
  readonly origin?: 'fork' | 'agit';
  readonly configProblems?: readonly ConfigProblem[];
  /** The commit that could not be tested because of them. */
  readonly headSha?: string;
  /** The commit, when an earlier command on it met such problems and this one did not. */
  readonly configMended?: string;
  readonly suites?: readonly string[];
  /** Of `help`: what this person may do here by the repository's rules. */
  readonly rights?: readonly Right[];
  /** How much the repository wants to be told: `comments:` and `pings:` of its file. */
  readonly comments?: 'all' | 'outcomes' | 'failures' | 'off';
  readonly pings?: 'all' | 'failures' | 'off';
  /** A reaction only: the person was told the same thing today. */
  readonly silent?: boolean;
};

export type Right = {
  readonly name: CommandName;
  readonly allowed: boolean;
  /** Who may, in words. */
  readonly required: string;
};

type ConfigProblem = {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly source: string;
  readonly message: string;
  readonly suggestion?: string;
};

export type NewCommand = Omit<CommandRecord, 'outcome' | 'detail'>;

function toRow(command: NewCommand) {
  return {
    id: command.id,
    forge: command.forge,
    repository: command.repository,
    pull: command.pull,
    comment_id: command.commentId,
    comment_url: command.commentUrl,
    ordinal: command.ordinal,
    actor_id: command.actor.id,
    actor_login: command.actor.login,
    prefix: command.prefix,
    raw: command.raw,
    text: command.text,
    command_json: command.command ? JSON.stringify(command.command) : null,
    problem_json: command.problem ? JSON.stringify(command.problem) : null,
    delivery_id: command.deliveryId,
    created_at: command.createdAt,
    outcome: 'pending',
    detail_json: null,
  };
}

type Row = Selectable<CommandTable>;

function fromRow(row: Row): CommandRecord {
  return {
    id: row.id,
    forge: row.forge,
    repository: row.repository,
    pull: row.pull,
    commentId: row.comment_id,
    commentUrl: row.comment_url,
    ordinal: row.ordinal,
    actor: { id: row.actor_id, login: row.actor_login },
    prefix: row.prefix,
    raw: row.raw,
    text: row.text,
    command: row.command_json === null ? undefined : (JSON.parse(row.command_json) as Command),
    problem: row.problem_json === null ? undefined : (JSON.parse(row.problem_json) as LineProblem),
    deliveryId: row.delivery_id,
    createdAt: row.created_at,
    outcome: row.outcome,
    detail: row.detail_json === null ? {} : (JSON.parse(row.detail_json) as CommandDetail),
  };
}

/** True when the row is new: one comment line has one row, by whichever way it arrives. */
export async function recordCommand(tx: Tx, command: NewCommand): Promise<boolean> {
  const result = await tx
    .insertInto('commands')
    .values(toRow(command))
    .onConflict((conflict) => conflict.columns(['forge', 'comment_id', 'ordinal']).doNothing())
    .executeTakeFirstOrThrow();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** A line that was not understood was edited into this one. Keeps the row's id, so that the answer is edited too. */
export async function replaceMisunderstood(
  tx: Tx,
  known: CommandRecord,
  command: NewCommand,
): Promise<void> {
  const { id: _, ...row } = toRow(command);
  await tx
    .updateTable('commands')
    .set(row)
    .where('id', '=', known.id)
    .where('command_json', 'is', null)
    .execute();
}

export async function decideCommand(
  tx: Tx,
  id: string,
  outcome: string,
  detail: CommandDetail,
): Promise<void> {
  await tx
    .updateTable('commands')
    .set({ outcome, detail_json: JSON.stringify(detail) })
    .where('id', '=', id)
    .execute();
}

export async function loadCommand(db: Db, id: string): Promise<CommandRecord> {
  const { rows } = await sql<Row>`select * from commands where id = ${id}`.execute(db);
  if (rows[0] === undefined) throw new Error(`there is no command ${id}`);
  return fromRow(rows[0]);
}

export async function findCommand(db: Db, id: string): Promise<CommandRecord | undefined> {
  const row = await db.selectFrom('commands').selectAll().where('id', '=', id).executeTakeFirst();
  return row && fromRow(row);
}

/** All lines of one comment, in order. */
export async function commandsOfComment(
  db: Db,
  forge: string,
  commentId: string,
): Promise<readonly CommandRecord[]> {
  const { rows } = await sql<Row>`
    select * from commands where forge = ${forge} and comment_id = ${commentId}
    order by ordinal`.execute(db);
  return rows.map(fromRow);
}

export async function commandsOfDelivery(
  db: Db,
  deliveryId: string,
): Promise<readonly CommandRecord[]> {
  const rows = await db
    .selectFrom('commands')
    .selectAll()
    .where('delivery_id', '=', deliveryId)
    .orderBy('ordinal')
    .execute();
  return rows.map(fromRow);
}

/** Was a command refused on this commit because of the repository's configuration? */
export async function wasConfigInvalid(
  db: Db,
  at: Pick<CommandRecord, 'forge' | 'repository' | 'pull'>,
  sha: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('commands')
    .select('id')
    .where('forge', '=', at.forge)
    .where('repository', '=', at.repository)
    .where('pull', '=', at.pull)
    .where('outcome', '=', 'config_invalid')
    .where('detail_json', 'like', sql<string>`'%"headSha":"' || ${sha} || '"%'`)
    .limit(literal(1))
    .executeTakeFirst();
  return row !== undefined;
}

/** As `JSON.stringify` writes `CommandDetail.silent`. */
const SILENT = '%"silent":true%';

/** Was this person told the same thing about the same command here since `since`? */
export async function wasToldSince(
  db: Db,
  command: CommandRecord,
  outcome: string,
  since: number,
): Promise<boolean> {
  const row = await db
    .selectFrom('commands')
    .select('id')
    .where('forge', '=', command.forge)
    .where('repository', '=', command.repository)
    .where('actor_id', '=', command.actor.id)
    .where('outcome', '=', outcome)
    .where('created_at', '>=', since)
    .where('id', '<>', command.id)
    .where('command_json', 'like', literal(`{"name":"${command.command?.name ?? ''}"%`))
    // What was only reacted to has told nobody anything: else one try a day would keep us silent for ever.
    .where((eb) =>
      eb.or([eb('detail_json', 'is', null), eb('detail_json', 'not like', literal(SILENT))]),
    )
    .limit(literal(1))
    .executeTakeFirst();
  return row !== undefined;
}
