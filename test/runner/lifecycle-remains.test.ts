import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import type { Run } from '../../src/domain/run.ts';
import type { RunEvent } from '../../src/domain/run-machine.ts';
import { scanProcesses } from '../../src/runner/lifecycle/processes.ts';
import {
  APP_LAYER,
  createLab,
  createRecipe,
  createRun,
  execute,
  type Lab,
} from './lifecycle-support.ts';

/** A test of the recipe that sleeps for a number of seconds that no other process sleeps. */
function sleeper(seconds: number) {
  return { name: 'sleeper', run: ['sleep', String(seconds)], timeoutMs: 60_000 };
}

function sleepers(seconds: number): number {
  return scanProcesses().filter(({ command }) => command === `sleep ${seconds}`).length;
}

/** A process that is none of the run's, though it looks like one. */
function startVictim(t: TestContext, env: Record<string, string>): ChildProcess {
  const child = spawn('sleep', ['86397'], { env, stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

const NOBODY = 65_534;

function startWorker(lab: Lab, url: string, run: Run, user?: number): ChildProcess {
  const path = join(lab.directory, 'bin');
  const { directory, installation } = lab;
  const order = JSON.stringify({ directory, installation, path, url, run });
  const script = join(import.meta.dirname, 'lifecycle-worker.ts');
  const who = user === undefined ? {} : { uid: user, gid: user };
  return spawn(join(path, 'node'), [script, order], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...who,
  });
}

async function* eventsOf(worker: ChildProcess): AsyncGenerator<RunEvent> {
  assert.ok(worker.stdout);
  for await (const line of createInterface({ input: worker.stdout })) {
    yield JSON.parse(line) as RunEvent;
  }
}

/** Lets a worker of its own get as far as the custom tests and kills it there, once the test really runs. */
async function killWorkerInCustom(lab: Lab, seconds: number) {
  const { url, shas } = lab.repository([{ layers: [APP_LAYER], files: {} }]);
  const recipe = createRecipe({ stages: { expectedNa: {}, custom: [sleeper(seconds)] } });
  const run = createRun(shas[0] ?? '', recipe);
  const worker = startWorker(lab, url, run);
  const exit = once(worker, 'exit');
  for await (const event of eventsOf(worker)) {
    if (event.kind === 'stage-changed' && event.stage.name === 'custom') break;
  }
  while (sleepers(seconds) === 0) await new Promise((resolve) => setImmediate(resolve));
  worker.kill('SIGKILL');
  const [, killed] = (await exit) as [number | null, string | null];
  return { run, url, killed };
}

const ESCAPES = [
  // Twice forked, own session, no environment, no directory of ours, no pipe of ours.
  `setsid env -i /bin/sh -c "cd /; (exec sleep 86391) >/dev/null 2>&1 </dev/null &"`,
  `sh -c "trap '' TERM; sleep 86391 & wait" >/dev/null 2>&1 &`,
  `nohup setsid sleep 86391 >/dev/null 2>&1 &`,
  `mkdir -p $APP_STATE/closed/inner; touch $APP_STATE/closed/inner/file; chmod 500 $APP_STATE/closed/inner $APP_STATE/closed`,
].join('\n');

test('nothing outlives a run whatever its processes do to get away, and no stranger is touched', async (t) => {
  const lab = createLab(t);
  const outside = join(lab.directory, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'precious'), 'x');
  chmodSync(outside, 0o777);
  const { url, shas } = lab.repository([
    {
      layers: [APP_LAYER],
      files: { 'escape.sh': `${ESCAPES}\nln -s ${outside} $APP_STATE/link\n` },
    },
  ]);
  const breakout = { name: 'escape', run: ['sh', 'escape.sh'], timeoutMs: 20_000 };
  const recipe = createRecipe({ stages: { expectedNa: {}, custom: [breakout] } });
  const run = createRun(shas[0] ?? '', recipe);
  const victims = [
    startVictim(t, { SIGNALBOX_RUN: run.id, SIGNALBOX_ATTEMPT: '1', SIGNALBOX_INSTALLATION: 'x' }),
    startVictim(t, { SIGNALBOX_RUN: run.id, SIGNALBOX_ATTEMPT: '1' }),
    startVictim(t, { SIGNALBOX_INSTALLATION: lab.installation }),
  ];
  let escaped = 0;
  const done = await execute(lab, url, run, {
    onEvent: ({ kind }) => {
      if (kind === 'concluded') escaped = sleepers(86391);
    },
  });
  assert.equal(escaped, 2, 'the two that left the process group were still there');
  assert.equal(done.state, 'passed', JSON.stringify(done.diagnosis));
  assert.equal(done.cleanliness.state, 'clean', JSON.stringify(done.cleanliness));
  assert.deepEqual(done.cleanliness.removed, { processes: 3, directories: 1 });
  assert.equal(sleepers(86391), 0);
  assert.deepEqual(readdirSync(lab.workspaces), []);
  assert.ok(existsSync(join(outside, 'precious')));
  for (const victim of victims) assert.equal(victim.exitCode ?? victim.signalCode, null);
});

test('a fork bomb stays within its limit and is gone after the run', async (t) => {
  const lab = createLab(t);
  const bomb = 'bomb() { bomb | bomb & sleep 86392; }; bomb';
  const { url, shas } = lab.repository([{ layers: [APP_LAYER], files: { 'bomb.sh': bomb } }]);
  const custom = [{ name: 'bomb', run: ['sh', 'bomb.sh'], timeoutMs: 1_000 }];
  const recipe = createRecipe({ stages: { expectedNa: {}, custom } });
  const limited = { ...recipe, resources: { ...recipe.resources, pids: 60 } };
  let most = 0;
  const look = setInterval(() => (most = Math.max(most, sleepers(86392))), 100);
  t.after(() => clearInterval(look));
  const done = await execute(lab, url, createRun(shas[0] ?? '', limited));
  assert.equal(done.state, 'failed');
  assert.ok(most <= 60, `${most} processes at once`);
  assert.equal(done.cleanliness.state, 'clean', JSON.stringify(done.cleanliness));
  assert.equal(sleepers(86392), 0);
});

test('what a killed worker left is found by the next sweep, and only by its own installation', async (t) => {
  const lab = createLab(t);
  const { run, killed } = await killWorkerInCustom(lab, 86393);
  assert.equal(killed, 'SIGKILL');
  assert.equal(sleepers(86393), 1);
  const stranger = createLab(t, { installation: 'another' });
  assert.deepEqual(await stranger.runner.sweep(() => Promise.resolve(false)), []);
  assert.deepEqual(await lab.runner.sweep(() => Promise.resolve(true)), []);
  assert.equal(sleepers(86393), 1);
  const [swept, ...more] = await lab.runner.sweep(() => Promise.resolve(false));
  assert.deepEqual(more, []);
  assert.equal(swept?.runId, run.id);
  assert.deepEqual(swept.residuals, []);
  assert.equal(swept.removed.directories, 1);
  assert.ok((swept.removed.processes ?? 0) >= 2);
  assert.equal(sleepers(86393), 0);
  assert.deepEqual(readdirSync(lab.workspaces), []);
  assert.equal((await lab.runner.remove(run.id)).state, 'clean');
});

test('the second attempt of a run removes what the first left before it begins', async (t) => {
  const lab = createLab(t);
  const { run, url } = await killWorkerInCustom(lab, 86394);
  const again = createRecipe({ stages: { expectedNa: {}, custom: [] } });
  const second = { ...createRun(run.sha, again), id: run.id, attempt: 2 };
  const done = await execute(lab, url, second);
  assert.equal(done.state, 'passed', JSON.stringify(done.diagnosis));
  assert.equal(sleepers(86394), 0);
  assert.deepEqual(readdirSync(lab.workspaces), []);
});

test('an unprivileged worker proves the same for its own children', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can become somebody else');
  const lab = createLab(t);
  const { url, shas } = lab.repository([
    { layers: [APP_LAYER], files: {}, tag: '1.0.0' },
    { files: { 'escape.sh': ESCAPES.replaceAll('86391', '86395') } },
  ]);
  for (const name of ['workspaces', 'logs']) {
    mkdirSync(join(lab.directory, name), { recursive: true });
    execFileSync('chown', [String(NOBODY), join(lab.directory, name)]);
  }
  const breakout = { name: 'escape', run: ['sh', 'escape.sh'], timeoutMs: 20_000 };
  const run = createRun(
    shas[1] ?? '',
    createRecipe({ stages: { expectedNa: {}, custom: [breakout] } }),
  );
  execFileSync('chown', ['-R', String(NOBODY), new URL(url).pathname]);
  const events = await Array.fromAsync(eventsOf(startWorker(lab, url, run, NOBODY)));
  const last = events.at(-1);
  assert.ok(last?.kind === 'torn-down', JSON.stringify(last));
  assert.equal(last.cleanliness.state, 'clean', JSON.stringify(last.cleanliness));
  const concluded = events.find(({ kind }) => kind === 'concluded');
  assert.ok(concluded?.kind === 'concluded');
  assert.equal(concluded.verdict, 'passed', JSON.stringify(concluded));
  assert.equal(sleepers(86395), 0);
  assert.deepEqual(readdirSync(lab.workspaces), []);
});
