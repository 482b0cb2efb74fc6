import { parseArgs } from 'node:util';
import { simulateAll } from './pool.ts';
import { type SimulationOptions, simulate, type Variant } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    variant: { type: 'string', default: 'sound' },
    deaf: { type: 'boolean', default: false },
  },
});
const variant = values.variant as Variant;
const print = (line: string) => void process.stdout.write(`${line}\n`);
const optionsOf = (seed: number): SimulationOptions => ({ seed, variant, deaf: values.deaf });

if (values.seed === undefined) {
  const from = Number(values.from);
  const seeds = Array.from({ length: Number(values.seeds) }, (_, n) => optionsOf(from + n));
  const began = performance.now();
  const total = { seeds: 0, bad: 0, commands: 0, crashes: 0, runs: 0, builds: 0, repairs: 0 };
  await simulateAll(seeds, ({ seed, violations, stats }) => {
    total.seeds += 1;
    total.commands += stats.commands;
    total.crashes += stats.crashes;
    total.runs += stats.runs;
    total.builds += stats.builds;
    total.repairs += stats.repairs;
    if (violations.length > 0) {
      total.bad += 1;
      print(`seed ${seed}: ${violations.join(' | ')}`);
    }
    return true;
  });
  print(
    `${JSON.stringify(total)} in ${Math.round((performance.now() - began) / 1_000)} s, CPU ${Math.round(process.cpuUsage().user / 1e6)} s`,
  );
  if (total.bad > 0) process.exitCode = 1;
} else {
  const result = await simulate({ ...optionsOf(Number(values.seed)), traced: true });
  for (const line of result.trace) print(line);
  print(JSON.stringify(result.stats));
  for (const line of result.violations) print(`VIOLATION ${line}`);
  if (result.violations.length > 0) process.exitCode = 1;
}
