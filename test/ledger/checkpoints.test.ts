import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSqliteLedger } from '../../src/ledger/database.ts';
import { createInbox } from '../../src/ledger/inbox.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { eventually } from '../support/eventually.ts';

const ROUNDS = 20;

test('checkpoints beside the writing keep the write-ahead log from growing', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'checkpoints-'));
  const file = join(directory, 'ledger.sqlite');
  const ledger = openSqliteLedger(file);
  // Also after a failure: the thread would keep this process.
  t.after(async () => {
    await ledger.close();
    rmSync(directory, { recursive: true });
  });
  await migrate(ledger);
  ledger.keepLogShort((error) => assert.fail(String(error)));
  const inbox = createInbox(ledger, { maxWaiting: 1_000, onRecorded: () => {} });
  const write = async (round: number) => {
    await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        inbox.record({
          id: `r${round}n${n}`,
          forge: 'acme',
          source: 'webhook',
          dedupeKey: `r${round}n${n}`,
          event: 'comment-created',
          repository: undefined,
          receivedAt: n,
          headersJson: '{}',
          body: Buffer.alloc(10_000),
          factJson: '{}',
        }),
      ),
    );
    const { size } = statSync(`${file}-wal`);
    await eventually('a checkpoint', () => statSync(file).size > round * 1_000_000);
    return size;
  };
  const first = await write(1);
  assert.ok(first > 1_000_000, 'the bodies went through the log');
  let last = first;
  for (let round = 2; round <= ROUNDS; round += 1) last = await write(round);
  // It begins anew when all of it is in the file as somebody writes, which is chance, and at the latest when it is large.
  assert.ok(last < (ROUNDS * first) / 2, `${last} bytes after ${ROUNDS} rounds of ${first}`);
  assert.ok(statSync(file).size > ROUNDS * 1_000_000, 'and are in the file');
});
