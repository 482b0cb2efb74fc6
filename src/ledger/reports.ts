import { type Insertable, type Selectable, sql } from 'kysely';
import type { Db, Tx } from './database.ts';
import type { ReportTable } from './schema.ts';

/** What the forge shows of a command's answer, as far as we know. */
export type Report = Selectable<ReportTable>;

export async function findReport(db: Db, commandId: string): Promise<Report | undefined> {
  const { rows } = await sql<Report>`select * from reports where command_id = ${commandId}`.execute(
    db,
  );
  return rows[0];
}

type Statuses = Readonly<Record<string, string>>;

/**
 * Changes what is known of the statuses by compare-and-set: the reports of two commands may have a word on the same
 * one at the same time.
 */
export async function changeStatuses(
  tx: Tx,
  commandId: string,
  change: (known: Statuses) => Statuses,
): Promise<void> {
  for (;;) {
    const report = await findReport(tx, commandId);
    if (report === undefined) {
      await saveReport(tx, commandId, {});
      continue;
    }
    const { statuses_json: before } = report;
    const after = JSON.stringify(change(JSON.parse(before) as Statuses));
    const { numAffectedRows } = await sql`
      update reports set statuses_json = ${after}
      where command_id = ${commandId} and statuses_json = ${before}`.execute(tx);
    if (numAffectedRows === 1n) return;
  }
}

/** In place of a status's digest: to be sent again, whatever was sent before. */
export const AGAIN = 'again';

/** Nobody knows any more what the forge shows: the comment and the statuses will be sent again. */
export async function forgetSent(tx: Tx, commandId: string): Promise<void> {
  await changeStatuses(tx, commandId, (known) =>
    Object.fromEntries(Object.keys(known).map((key) => [key, AGAIN])),
  );
  await saveReport(tx, commandId, { sent_digest: null, unsettled_until: null });
}

/** What the answers to the other commands of a comment have set as its reactions. */
export async function reactionsOfSiblings(
  db: Db,
  command: { readonly id: string; readonly forge: string; readonly commentId: string },
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('reports')
    .innerJoin('commands', 'commands.id', 'reports.command_id')
    .select('reaction')
    .where('commands.forge', '=', command.forge)
    .where('commands.comment_id', '=', command.commentId)
    .where('commands.id', '!=', command.id)
    .execute();
  return rows.flatMap(({ reaction }) => reaction ?? []);
}

export async function saveReport(
  tx: Tx,
  commandId: string,
  fields: Partial<Insertable<ReportTable>>,
): Promise<void> {
  const row = tx.insertInto('reports').values({ ...fields, command_id: commandId });
  await row
    .onConflict((conflict) =>
      Object.keys(fields).length === 0
        ? conflict.column('command_id').doNothing()
        : conflict.column('command_id').doUpdateSet(fields),
    )
    .execute();
}
