// A worker of its own, to be killed or to be run as another user: executes one run, prints each event.
import { writeSync } from 'node:fs';
import type { Run } from '../../src/domain/run.ts';
import { createLedger, createRunner } from './lifecycle-support.ts';

type Order = { directory: string; installation: string; path: string; url: string; run: Run };

const order = JSON.parse(process.argv[2] ?? '') as Order;
const ledger = createLedger(order.run, (event) => writeSync(1, `${JSON.stringify(event)}\n`));
await createRunner(order).execute({
  run: order.run,
  source: { cloneUrl: order.url, gitEnvironment: {} },
  record: ledger.record,
  signal: new AbortController().signal,
});
