import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../database.ts';

/** The first tables. Types that differ: raw bodies are `bytea` stored externally on PostgreSQL, `blob` on SQLite. */
export async function up(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const bytes = dialect === 'postgres' ? sql`bytea` : sql`blob`;
  const serial =
    dialect === 'postgres'
      ? sql`bigint generated always as identity primary key`
      : sql`integer primary key autoincrement`;
  const statements = [
    sql`create table deliveries (
      id text primary key, forge text not null, source text not null, dedupe_key text not null,
      event text not null, repository text, received_at bigint not null, headers_json text not null,
      body ${bytes} not null, fact_json text not null, outcome text not null, reason text,
      unique (forge, dedupe_key))`,
    sql`create table commands (
      id text primary key, forge text not null, repository text not null, pull bigint not null,
      comment_id text not null, comment_url text not null, ordinal bigint not null,
      actor_id text not null, actor_login text not null, prefix text not null, raw text not null,
      text text not null, command_json text, problem_json text, delivery_id text not null,
      created_at bigint not null, outcome text not null, detail_json text,
      unique (forge, comment_id, ordinal))`,
    sql`create index commands_by_pull on commands (forge, repository, pull)`,
    sql`create table runs (
      id text primary key, number bigint not null unique, forge text not null, repository text not null,
      pull bigint not null, command_id text not null, suite text not null, runner text not null,
      sha text not null, head_ref text not null, plan_json text not null, state text not null,
      rev bigint not null, attempt bigint not null, queued_at bigint not null, started_at bigint,
      finished_at bigint, verdict text, cleanliness_json text not null, diagnosis_json text,
      cancellation_json text, interruption_json text, remote_json text not null, stages_json text not null,
      unique (command_id, suite))`,
    sql`create index runs_by_pull on runs (forge, repository, pull, suite)`,
    sql`create index runs_by_runner on runs (runner, state)`,
    sql`create table reports (
      command_id text primary key, comment_id text, comment_intent_at bigint, sent_digest text,
      sent_at bigint, edits bigint not null default 0, reaction text,
      statuses_json text not null default '{}', ping_intent_at bigint, ping_comment_id text,
      unsettled_until bigint, problem text)`,
    sql`create table work (
      kind text not null, subject text not null, due_at bigint, fence bigint not null default 0,
      owner text, lease_until bigint, attempts bigint not null default 0, dispatched_at bigint,
      dispatch_no bigint not null default 0, error text, primary key (kind, subject))`,
    sql`create index work_due on work (kind, due_at) where due_at is not null`,
    sql`create index work_leased on work (kind, lease_until) where lease_until is not null`,
    sql`create table operations (
      id ${serial}, at bigint not null, subject text not null, what text not null, source text not null,
      actor text, outcome text not null, fence bigint, detail text)`,
    sql`create index operations_by_subject on operations (subject)`,
    sql`create table counters (name text primary key, value bigint not null)`,
    sql`create table settings (name text primary key, value text not null)`,
    sql`create table watermarks (
      forge text not null, repository text not null, seen_until bigint not null,
      primary key (forge, repository))`,
  ];
  for (const statement of statements) await statement.execute(db);
  // 12 KB of JSON is not worth compressing on the way to a 2xx (reference measurements: lz4 halves nothing here).
  if (dialect === 'postgres') {
    await sql`alter table deliveries alter column body set storage external`.execute(db);
  }
}
