import { argv, env, stdout } from 'node:process';

/** `signalbox serve` as it is; says `listening` once it answers, which the benchmarks wait for. */
argv.splice(2, argv.length, 'serve');
// It ends when the service does.
void import('../../src/main.ts');
const address = env.SIGNALBOX_LISTEN ?? '';
for (;;) {
  const isUp = await fetch(`http://${address}/healthz`).then(({ ok }) => ok).catch(() => false);
  if (isUp) break;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
stdout.write(`listening ${address.split(':')[1]}\n`);
