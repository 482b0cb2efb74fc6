import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSqliteLedger } from '../../src/ledger/database.ts';
import { createInbox } from '../../src/ledger/inbox.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { eventually } from '../support/eventually.ts';

test('checkpoints beside the writing keep the write-ahead log from growing', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'checkpoints-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'ledger.sqlite');
  const ledger = openSqliteLedger(file);
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
  assert.ok((await write(2)) < 1.5 * first);
  assert.ok((await write(3)) < 1.5 * first);
  await ledger.close();
  assert.ok(statSync(file).size > 3_000_000, 'and are in the file');
});
