import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { sql } from 'kysely';
import { openSqliteLedger } from '../../src/ledger/database.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { eventually } from '../support/eventually.ts';
import { createInstallation, type Installation, processesOf, REPOSITORY } from './installation.ts';

const PULL = { repository: REPOSITORY, pull: 1 };

/** `serve` that must not come up. */
async function refused(place: Installation, ...argv: string[]) {
  const ended = await place.cli('serve', ...argv);
  assert.equal(ended.code, 2, ended.stderr);
  return ended.stderr;
}

const isReady = async (place: Installation) => (await fetch(`${place.url}/readyz`)).status === 200;

test('a file that is no ledger ends the start, and is left as it is', async () => {
  await using place = await createInstallation();
  await mkdir(join(place.directory, 'data'));
  const file = join(place.directory, 'data/ledger.sqlite');
  await writeFile(file, 'my diary\n'.repeat(500));
  assert.match(
    await refused(place),
    /file is not a database\n→ Nothing was changed\. .*signalbox migrate\n$/,
  );
  assert.match((await place.cli('runs')).stderr, /file is not a database/);
  assert.equal(readFileSync(file, 'utf8'), 'my diary\n'.repeat(500));
});

test('a ledger of a newer version ends the start, and is left as it is', async () => {
  await using place = await createInstallation();
  const file = join(place.directory, 'data/ledger.sqlite');
  const ledger = openSqliteLedger(file);
  await migrate(ledger);
  await sql`insert into migrations values ('0999-from-the-future', 'x')`.execute(ledger.db);
  await sql`drop table runs`.execute(ledger.db);
  await ledger.close();
  const schema = () => {
    const database = new DatabaseSync(file, { readOnly: true });
    const rows = database.prepare('select * from sqlite_master').all();
    database.close();
    return rows;
  };
  const before = schema();
  assert.match(await refused(place), /newer Signalbox/);
  assert.match((await place.cli('runs')).stderr, /newer Signalbox\n→ .*signalbox --version/);
  assert.match((await place.cli('migrate')).stderr, /newer Signalbox/);
  assert.deepEqual(schema(), before);
});

test('a port that is taken ends the start before any work is begun', async () => {
  await using place = await createInstallation();
  await place.cli('migrate');
  await place.cli('trigger', 'acme', `${REPOSITORY}#1`, '!testme');
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(place.port, '127.0.0.1', resolve));
  const words = await refused(place);
  assert.match(words, new RegExp(`127\\.0\\.0\\.1:${place.port} is taken by another program\n→ `));
  await new Promise((resolve) => other.close(resolve));
  assert.deepEqual(place.drone.builds(), []);
});

test('a second serve on one data directory is refused, until the first is gone, however it went', async () => {
  await using place = await createInstallation();
  const first = await place.serve();
  assert.match(await refused(place), /another Signalbox serves from .*\n→ Stop that one, or /);
  assert.match(await refused(place, '--role', 'worker'), /needs PostgreSQL/);
  first.signal('SIGKILL');
  assert.equal(await first.ended, 'SIGKILL');
  const second = await place.serve();
  second.signal('SIGTERM');
  assert.equal(await second.ended, 0);
});

test('a forge that is away at start does not end the start: it is said, and made up for', async () => {
  await using place = await createInstallation();
  await place.configure({ catchUpSeconds: 5 });
  const earlier = await place.serve();
  await place.cli('connect', 'acme', REPOSITORY);
  earlier.signal('SIGTERM');
  await earlier.ended;
  await place.forge.comment(PULL, 'alice', '!testme');
  await place.forge.idle();
  await place.forge.refuse();
  const serving = await place.serve();
  assert.match(serving.log(), /catch-up with forge acme failed, will be tried again/);
  assert.equal(await isReady(place), false);
  await place.forge.accept();
  await eventually('the build', () => place.drone.builds().length === 1);
});

test('a PostgreSQL that is away ends the start with what to look at', async () => {
  await using place = await createInstallation();
  await place.configure({ database: 'postgres://nobody@127.0.0.1:1/none' });
  const next = /cannot be reached: .*ECONNREFUSED.*\n→ Is PostgreSQL up, and `database:` right\?/;
  assert.match(await refused(place), next);
  assert.match((await place.cli('runs')).stderr, next);
});

test('after kill -9 the leftovers of a run are gone before the listener opens, and it begins again', async () => {
  await using place = await createInstallation();
  const first = await place.serve();
  await place.cli('connect', 'acme', REPOSITORY);
  await place.forge.comment(PULL, 'alice', '!testme stays');
  const run = await eventually('the app of the run', async () => {
    const [row] = JSON.parse((await place.cli('runs', '--json')).stdout) as { id: string }[];
    return row && processesOf(row.id, 'sleep').length > 0 ? row : undefined;
  });
  const left = processesOf(run.id);
  first.signal('SIGKILL');
  await first.ended;
  assert.deepEqual(processesOf(run.id), left);
  const starting = place.serve();
  const alive = await eventually('the listener', async () => {
    const isOpen = await fetch(`${place.url}/healthz`).then(
      () => true,
      () => false,
    );
    return isOpen ? processesOf(run.id).filter((pid) => left.includes(pid)) : undefined;
  });
  assert.deepEqual(alive, []);
  const second = await starting;
  await eventually('the second attempt', () => processesOf(run.id).length > 0);
  await eventually('the comment', () =>
    /host went down during \*\*install/.test(place.answers()[0] ?? ''),
  );
  assert.equal(place.answers().length, 1);
  const { run: again } = JSON.parse((await place.cli('show', '1', '--json')).stdout) as {
    run: { attempt: number; state: string };
  };
  assert.deepEqual([again.attempt, again.state], [2, 'running']);
  await place.cli('cancel', '1');
  await eventually('the end', () => place.answers()[0]?.startsWith('⚪ **Cancelled'));
  assert.deepEqual(processesOf(run.id), []);
  second.signal('SIGTERM');
  assert.equal(await second.ended, 0);
});
