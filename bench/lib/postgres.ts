import pg from 'pg';

let made = 0;

/** An empty database on the server at `url`; gone with the server. */
export async function freshDatabase(url: string): Promise<string> {
  made += 1;
  const name = `bench_${made}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('checkpoint');
  await client.query(`create database ${name}`);
  await client.end();
  return url.replace('/postgres?', `/${name}?`);
}
