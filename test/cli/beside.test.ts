import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { createInstallation, type Installation, processesOf, REPOSITORY } from './installation.ts';

const PULL = { repository: REPOSITORY, pull: 1 };

function query(place: Installation, text: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(join(place.directory, 'data/ledger.sqlite'), {
    readOnly: true,
  });
  try {
    return database.prepare(text).all();
  } finally {
    database.close();
  }
}

async function startStayingRun(place: Installation): Promise<string> {
  await place.cli('trigger', 'acme', `${REPOSITORY}#1`, '!testme stays');
  return eventually('the app of the run', () => {
    const [row] = query(place, 'select id from runs');
    const id = String(row?.id);
    return processesOf(id, 'sleep').length > 0 ? id : undefined;
  });
}

test('two processes give 200 commands beside a serving one, and webhooks come in: none is lost', async () => {
  await using place = await createInstallation();
  await place.serve();
  await place.cli('connect', 'acme', REPOSITORY);
  const hammers = [place.node('hammer.ts', '1', '100'), place.node('hammer.ts', '101', '200')];
  for (let n = 0; n < 20; n += 1) await place.forge.comment(PULL, 'alice', '!help');
  const ended = await Promise.all(hammers);
  assert.deepEqual(
    ended.map(({ code, stderr }) => [code, stderr]),
    [
      [0, ''],
      [0, ''],
    ],
  );
  const decided = () =>
    query(place, "select count(*) as n from commands where outcome = 'answered'");
  await eventually('all answers', () => Number(decided()[0]?.n) === 220);
  const rows = query(place, 'select source, outcome, count(*) as n from deliveries group by 1, 2');
  assert.deepEqual(
    rows.map(({ source, outcome, n }) => [source, outcome, n]),
    [
      ['cli', 'accepted', 200],
      ['webhook', 'accepted', 20],
    ],
  );
});

test('SIGTERM while deliveries come in and a run is on: it ends with 0, and nothing is lost', async () => {
  await using place = await createInstallation();
  const first = await place.serve('--drain', '1');
  await place.cli('connect', 'acme', REPOSITORY);
  const run = await startStayingRun(place);
  for (let n = 0; n < 40; n += 1) {
    await place.forge.comment(PULL, 'alice', '!help');
    if (n !== 20) continue;
    await eventually('an answer', () => place.answers().some((body) => body.includes('!help')));
    first.signal('SIGTERM');
  }
  assert.equal(await first.ended, 0);
  assert.match(first.log(), /signalbox has stopped/);
  assert.match(
    first.log(),
    new RegExp(`"run":"${run}","what":"started","outcome":"queued → running`),
  );
  assert.deepEqual(processesOf(run), []);
  await place.forge.idle();
  // The bot's own answers come in as well; they are ignored, which is a 200.
  const taken = place.forge.deliveries.filter((one) => one.status === 202);
  assert.ok(taken.length > 20 && taken.length < 40, `${taken.length} were taken`);
  const kept = query(place, "select id from deliveries where source = 'webhook'");
  assert.equal(kept.length, taken.length);
  const second = await place.serve('--drain', '1');
  await eventually('all answers', () => place.answers().length === 41);
  assert.equal(
    new Set(query(place, 'select comment_id from commands').map((row) => row.comment_id)).size,
    41,
  );
  await eventually('the second attempt', () => processesOf(run).length > 0);
  second.signal('SIGINT');
  assert.equal(await second.ended, 0);
});

test('a second signal ends the process at once, and the next start finds what it left', async () => {
  await using place = await createInstallation();
  const first = await place.serve('--drain', '600');
  const run = await startStayingRun(place);
  first.signal('SIGTERM');
  await eventually('the first signal', () => /is stopping/.test(first.log()));
  first.signal('SIGTERM');
  assert.equal(await first.ended, 143);
  const left = processesOf(run);
  assert.notDeepEqual(left, []);
  const second = await place.serve('--drain', '1');
  assert.deepEqual(
    processesOf(run).filter((pid) => left.includes(pid)),
    [],
  );
  second.signal('SIGTERM');
  assert.equal(await second.ended, 0);
});
