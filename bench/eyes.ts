import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { quantile } from './lib/load.ts';
import { residentMb } from './lib/processes.ts';
import { REPOSITORY, startScene } from './lib/scene.ts';

/** From the comment to 👀: see README.md. */
const { values } = parseArgs({
  options: {
    'per-second': { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
    pulls: { type: 'string', default: '20' },
  },
});
const perSecond = Number(values['per-second']);
const total = perSecond * Number(values.seconds);
const pulls = Number(values.pulls);
const PATIENCE_MS = 20_000;

await using scene = await startScene({ pulls });
const { forge, signalbox } = scene;
const saidAt = new Map<number, number>();
const latencies: number[] = [];

/** The playground is in this process: what it has is what people would see. */
const look = () => {
  const now = performance.now();
  for (const [id, at] of saidAt) {
    if (forge.reactionsOn(id).length === 0) continue;
    latencies.push(now - at);
    saidAt.delete(id);
  }
};
const looking = setInterval(look, 20);
const startedAt = performance.now();
for (let n = 0; n < total; n += 1) {
  await sleep(Math.max(0, startedAt + (n * 1_000) / perSecond - performance.now()));
  const on = { repository: REPOSITORY, pull: 1 + (n % pulls) };
  const at = performance.now();
  const { id } = await forge.comment(on, 'alice', '!testme');
  saidAt.set(id, at);
}
const said = performance.now();
while (saidAt.size > 0 && performance.now() < said + PATIENCE_MS) await sleep(50);
clearInterval(looking);
latencies.sort((a, b) => a - b);
const ms = (share: number) => quantile(latencies, share).toFixed(0);
process.stdout.write(
  `| commands | a second | 👀 | p50 ms | p95 ms | max ms | RSS MB |\n| --- | --- | --- | --- | --- | --- | --- |\n` +
    `| ${total} | ${perSecond} | ${latencies.length} | ${ms(0.5)} | ${ms(0.95)} | ${ms(1)} | ${residentMb(signalbox.pid).toFixed(0)} |\n`,
);
if (latencies.length < total) process.exitCode = 1;
