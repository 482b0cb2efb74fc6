import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { startPostgres } from '../test/support/services.ts';
import { createDeliveries, type DeliveryKind } from './lib/deliveries.ts';
import { closedLoop, type LoadResult, median, openLoop } from './lib/load.ts';
import {
  cpuSeconds,
  pin,
  residentMb,
  type ServerProcess,
  startServer,
} from './lib/processes.ts';
import { freshDatabase, recycleLog } from './lib/postgres.ts';
import { startIngress } from './lib/signalbox.ts';

/** Durable acknowledgement beside its peers: see README.md. */
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string' },
    parts: { type: 'string', default: 'closed,open,overload' },
  },
});

const SERVER_CORE = 0;
const LOAD_CORE = 1;
const CONNECTIONS = 64;
const PATH = '/webhooks/bench';
const OPEN_PER_SECOND = 500;
const OVERLOAD_SECONDS = 40;

type Subject = {
  readonly name: string;
  readonly kind: DeliveryKind;
  readonly target: string;
  start(): Promise<ServerProcess>;
};

pin(process.pid, LOAD_CORE);
const postgres = await startPostgres();
if (postgres) pin(postgres.pid, SERVER_CORE);
else process.stdout.write('PostgreSQL is not installed: its rows are missing\n');

const peer = (file: string) => () =>
  startServer([join(import.meta.dirname, 'servers', file)], { core: SERVER_CORE });
const onSqlite = () => startIngress({ core: SERVER_CORE });
const onGithub = () => startIngress({ core: SERVER_CORE, forge: 'github' });
const onPostgres = async () =>
  startIngress({ core: SERVER_CORE, database: await freshDatabase(postgres?.url ?? '') });

const subjects: readonly Subject[] = [
  { name: 'bare node:http + HMAC + JSON.parse', kind: 'command', target: '', start: peer('bare.ts') },
  { name: 'Probot 14, empty handler', kind: 'command', target: '', start: peer('probot.ts') },
  { name: 'Signalbox, SQLite', kind: 'command', target: '0.62', start: onSqlite },
  { name: 'Signalbox, SQLite, GitHub', kind: 'github', target: '0.62', start: onGithub },
  ...(postgres
    ? [{ name: 'Signalbox, PostgreSQL', kind: 'command', target: '0.50', start: onPostgres } as const]
    : []),
  { name: 'Signalbox, concerns nobody', kind: 'noise', target: '1.00', start: onSqlite },
].filter(({ name }, index) => index === 0 || !options.only || name.includes(options.only)) as Subject[];

type Measured = LoadResult & { readonly cpuMicros: number };

const parts = options.parts.split(',');
if (parts.includes('closed')) await closed();
if (parts.includes('open')) await open();
if (parts.includes('overload')) await overload();
await postgres?.stop();

async function closed(): Promise<void> {
  const results = new Map<string, Measured[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 1; round <= Number(options.rounds); round += 1) {
    for (const subject of subjects) {
      const result = await measure(subject);
      results.get(subject.name)?.push(result);
      progress(`round ${round}: ${subject.name}: ${result.perSecond.toFixed(0)}/s ${JSON.stringify(result.statuses)}`);
    }
  }
  const bare = median((results.get(subjects[0]?.name ?? '') ?? []).map((one) => one.perSecond));
  const bareCpu = median((results.get(subjects[0]?.name ?? '') ?? []).map((one) => one.cpuMicros));
  const rows = subjects.map(({ name, target }) => {
    const all = results.get(name) ?? [];
    const of = (pick: (one: Measured) => number) => median(all.map(pick));
    const perSecond = of((one) => one.perSecond);
    const cpu = of((one) => one.cpuMicros);
    return [
      name,
      perSecond.toFixed(0),
      (perSecond / bare).toFixed(2),
      target,
      of((one) => one.p50).toFixed(1),
      of((one) => one.p99).toFixed(1),
      cpu.toFixed(0),
      (bareCpu / cpu).toFixed(2),
    ];
  });
  table(`closed loop, ${CONNECTIONS} connections`, [
    ['', 'req/s', 'of bare', 'target', 'p50 ms', 'p99 ms', 'CPU µs/req', 'of bare by CPU'],
    ...rows,
  ]);
}

async function measure(subject: Subject): Promise<Measured> {
  const server = await subject.start();
  const pids = subject.name.includes('PostgreSQL') && postgres ? [server.pid, postgres.pid] : [server.pid];
  const seconds = Number(options.seconds);
  const make = createDeliveries(subject.kind, PATH);
  const target = { host: '127.0.0.1', port: server.port, connections: CONNECTIONS };
  // Until everything is compiled.
  await closedLoop(target, make(40_000), 2);
  const requests = make(Math.ceil(20_000 * seconds));
  const before = cpuSeconds(pids);
  const result = await closedLoop(target, requests, seconds);
  const cpu = cpuSeconds(pids) - before;
  await server.stop();
  return { ...result, cpuMicros: (cpu * 1e6) / (result.perSecond * result.seconds) };
}

async function open(): Promise<void> {
  const rows: string[][] = [];
  for (const subject of subjects) {
    const server = await subject.start();
    const make = createDeliveries(subject.kind, PATH);
    const target = { host: '127.0.0.1', port: server.port, connections: CONNECTIONS };
    await openLoop(target, make(2_000), OPEN_PER_SECOND);
    if (postgres && subject.start === onPostgres) await recycleLog(postgres.url);
    const result = await openLoop(target, make(OPEN_PER_SECOND * 10), OPEN_PER_SECOND);
    await server.stop();
    rows.push([subject.name, result.p50.toFixed(2), result.p99.toFixed(2), JSON.stringify(result.statuses)]);
    progress(`open loop: ${subject.name}: p99 ${result.p99.toFixed(2)} ms`);
  }
  table(`open loop, ${OPEN_PER_SECOND}/s for 10 s (p99 wanted: 10 ms)`, [['', 'p50 ms', 'p99 ms', 'answers'], ...rows]);
}

/** Nobody works what is taken: past the bound everything must be refused, and memory must stay where it was. */
async function overload(): Promise<void> {
  const server = await startIngress({ core: SERVER_CORE, maxUnfinished: 2_000 });
  const make = createDeliveries('command', PATH);
  const target = { host: '127.0.0.1', port: server.port, connections: CONNECTIONS };
  const rows: string[][] = [['0', '', '', residentMb(server.pid).toFixed(0)]];
  for (let second = 1; second <= OVERLOAD_SECONDS; second += 1) {
    const { statuses } = await closedLoop(target, make(15_000), 1);
    if (second > 2 && second % 5 > 0) continue;
    rows.push([String(second), String(statuses[202] ?? 0), String(statuses[503] ?? 0), residentMb(server.pid).toFixed(0)]);
  }
  await server.stop();
  table('overload, bound of 2,000 unfinished, worker off', [['second', '202', '503', 'RSS MB'], ...rows]);
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

function table(title: string, rows: readonly (readonly string[])[]): void {
  const [head = [], ...body] = rows;
  const lines = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`);
  process.stdout.write(`\n${title}\n\n${lines.join('\n')}\n`);
}
