import { type RawBuilder, sql } from 'kysely';

/**
 * A limit or a pattern as part of the statement's text. SQLite plans by what these are: given as parameters they make
 * it prepare the statement anew each time one is bound, which takes ten times as long as running it. Only for values
 * of which there are few: each makes a statement of its own.
 */
export function literal<T extends number | string>(value: T): RawBuilder<T> {
  return sql.lit(value);
}
