import pg from 'pg';

let made = 0;

/** An empty database on the server at `url`; gone with the server. */
export async function freshDatabase(url: string): Promise<string> {
  made += 1;
  const name = `bench_${made}`;
  await ask(url, 'checkpoint', `create database ${name}`);
  return url.replace('/postgres?', `/${name}?`);
}

/** What its log was written to so far can be written over, as on any server that has run for a while. */
export const recycleLog = (url: string) => ask(url, 'checkpoint');

async function ask(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}
