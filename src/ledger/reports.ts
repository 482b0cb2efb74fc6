import type { Selectable, Updateable } from 'kysely';
import type { Db, Tx } from './database.ts';
import type { ReportTable } from './schema.ts';

/** What the forge shows of a command's answer, as far as we know. */
export type Report = Selectable<ReportTable>;

export async function findReport(db: Db, commandId: string): Promise<Report | undefined> {
  return db
    .selectFrom('reports')
    .selectAll()
    .where('command_id', '=', commandId)
    .executeTakeFirst();
}

export async function saveReport(
  tx: Tx,
  commandId: string,
  fields: Updateable<ReportTable>,
): Promise<void> {
  await tx
    .insertInto('reports')
    .values({ command_id: commandId })
    .onConflict((conflict) => conflict.column('command_id').doNothing())
    .execute();
  await tx.updateTable('reports').set(fields).where('command_id', '=', commandId).execute();
}
