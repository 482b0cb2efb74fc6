import { parseArgs } from 'node:util';
import { createDeliveries } from './lib/deliveries.ts';
import { openLoop } from './lib/load.ts';
import { residentMb } from './lib/processes.ts';
import { startIngress } from './lib/signalbox.ts';

/** Memory of `serve` after many deliveries: see README.md. */
const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '10000' },
    'per-second': { type: 'string', default: '500' },
  },
});
const total = Number(values.deliveries);
const LIMIT_MB = 150;
const STEPS = 5;

const server = await startIngress({ core: 0, role: 'all' });
const target = { host: '127.0.0.1', port: server.port, connections: 64 };
const make = createDeliveries('command', '/webhooks/bench');
const start = residentMb(server.pid);
const rows = [`| 0 | ${start.toFixed(0)} | |`];
let grown = 0;
for (let step = 1; step <= STEPS; step += 1) {
  await openLoop(target, make(total / STEPS), Number(values['per-second']));
  const now = residentMb(server.pid);
  grown = now - start;
  rows.push(`| ${(step * total) / STEPS} | ${now.toFixed(0)} | ${grown.toFixed(0)} |`);
}
await server.stop();
process.stdout.write(
  `| deliveries | RSS MB | over its start |\n| --- | --- | --- |\n${rows.join('\n')}\n`,
);
if (grown > LIMIT_MB) process.exitCode = 1;
