import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSqliteLedger } from '../../src/ledger/database.ts';
import { migrate } from '../../src/ledger/migrate.ts';

const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);

test('the ledger and its log are for nobody but us', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ledger-mode-'));
  const before = process.umask(0o022);
  try {
    const data = join(directory, 'data');
    const file = join(data, 'ledger.sqlite');
    const ledger = openSqliteLedger(file);
    await migrate(ledger);
    assert.equal(modeOf(data), '711');
    assert.equal(modeOf(file), '600');
    assert.equal(modeOf(`${file}-wal`), '600');
    await ledger.close();
  } finally {
    process.umask(before);
    rmSync(directory, { recursive: true });
  }
});
