import assert from 'node:assert/strict';
import test from 'node:test';
import type { Run } from '../../src/domain/run.ts';
import { namedSteps } from '../../src/runner/drone/steps.ts';
import { plain } from '../../src/runner/drone/text.ts';
import { observationOf } from '../../src/runner/drone/translate.ts';
import { buildSchema, buildsSchema, type DroneBuild } from '../../src/runner/drone/wire.ts';
import type { Observation } from '../../src/runner/runner.ts';
import { aDroneRun } from '../support/fake-drone/a-run.ts';
import { recordedBody, recordedCases, recordedDeliveries } from '../support/fake-drone/recorded.ts';

function recordedBuild(name: string, index: number): DroneBuild {
  return buildSchema.parse(recordedBody(name, index));
}

function observe(build: DroneBuild, fields: Partial<Run> = {}): Observation {
  return observationOf(build, { run: aDroneRun(fields), publicUrl: 'https://drone.example.org' });
}

function names(build: DroneBuild): string[] {
  return observe(build).stages.map(({ name, state }) => `${name} ${state}`);
}

test('every recorded build, list and delivery of Drone 2.0.4 can be translated', () => {
  const states = new Map<string, number>();
  let builds = 0;
  const check = (build: DroneBuild) => {
    const seen = observe(build);
    builds += 1;
    states.set(seen.state, (states.get(seen.state) ?? 0) + 1);
    assert.equal(seen.state === 'finished', seen.verdict !== undefined);
    assert.equal(seen.state === 'queued', seen.waitsFor !== undefined);
    const needsWords = seen.verdict !== undefined && seen.verdict !== 'passed';
    assert.equal(seen.diagnosis !== undefined, needsWords);
    assert.equal(new Set(seen.stages.map(({ name }) => name)).size, seen.stages.length);
    assert.equal(seen.url, `https://drone.example.org/acme/app/${build.number}`);
  };
  for (const { exchanges } of recordedCases()) {
    for (const { kind, request, response, server } of exchanges) {
      const isBuilds = /\/builds(\/(latest|\d+))?(\?.*)?$/.test(request.path);
      if (kind !== 'api' || server || !isBuilds || response.status !== 200) continue;
      const body: unknown = JSON.parse(response.body);
      for (const build of (Array.isArray(body) ? buildsSchema.parse(body) : [body]) ?? []) {
        if (build !== null) check(buildSchema.parse(build));
      }
    }
  }
  assert.ok(builds > 60, `only ${builds} builds were found in the answers`);
  const told = recordedDeliveries()
    .map(({ body }) => (JSON.parse(body) as { build?: unknown }).build)
    .filter((build) => build !== undefined);
  assert.equal(told.length, 93);
  for (const build of told) check(buildSchema.parse(build));
  assert.deepEqual([...states.keys()].toSorted(), ['finished', 'queued', 'running']);
});

test('a passed build shows its steps in order with their times', () => {
  const seen = observe(recordedBuild('build-get-success', 0));
  assert.equal(seen.id, '2');
  assert.equal(seen.verdict, 'passed');
  assert.deepEqual(names(recordedBuild('build-get-success', 0)), [
    'clone passed',
    'greet passed',
    'test passed',
  ]);
  assert.equal(seen.stages[0]?.startedAt, seen.startedAt);
  assert.equal(seen.startedAt, recordedBuild('build-get-success', 0).started * 1000);
});

test('a failed build names the step and its exit code, though the stage says 0', () => {
  const build = recordedBuild('build-get-failure', 0);
  const seen = observe(build);
  assert.equal(seen.verdict, 'failed');
  assert.equal(seen.diagnosis?.class, 'change');
  assert.equal(seen.diagnosis?.headline, 'test failed with exit code 3');
  assert.deepEqual(names(build), ['clone passed', 'test failed', 'never skipped', 'report passed']);
  assert.equal(seen.stages[1]?.reason, 'exit code 3');
});

test('steps of several pipelines carry the name of theirs, and a skipped pipeline stands for itself', () => {
  assert.deepEqual(names(recordedBuild('build-get-multi-stage', 1)), [
    'build/clone passed',
    'build/one passed',
    'build/two passed',
    'ship/clone passed',
    'ship/ship passed',
    'mourn skipped',
  ]);
});

test('steps that share a name are told apart', () => {
  const build = recordedBuild('build-get-success', 0);
  const twins = structuredClone(build);
  for (const step of twins.stages?.[0]?.steps ?? []) step.name = 'clone';
  assert.deepEqual(
    namedSteps(twins).map(({ name }) => name),
    ['clone', 'clone (2)', 'clone (3)'],
  );
});

test('a build that waits for approval says so, though Drone calls it pending', () => {
  const build = recordedBuild('build-get-blocked', 0);
  assert.equal(build.status, 'pending');
  const seen = observe(build);
  assert.deepEqual([seen.state, seen.waitsFor], ['queued', 'waits for approval in Drone']);
});

test('a build that no runner has taken waits for a free Drone runner', () => {
  const seen = observe(recordedBuild('build-get-pending', 1));
  assert.deepEqual([seen.state, seen.waitsFor], ['queued', 'waits for a free Drone runner']);
  assert.deepEqual(seen.stages, []);
});

test('a build whose .drone.yml is broken is born finished and says what the server said', () => {
  const seen = observe(recordedBuild('build-create-yaml-error', 0));
  assert.deepEqual([seen.state, seen.verdict], ['finished', 'errored']);
  assert.equal(seen.diagnosis?.code, 'drone.pipeline_refused');
  assert.equal(seen.diagnosis?.class, 'configuration');
  assert.match(seen.diagnosis?.hint ?? '', /yaml: line 2: did not find expected node content/);
  assert.equal(
    seen.diagnosis?.evidence?.lines[0]?.text,
    'yaml: line 2: did not find expected node content',
  );
});

test('an error that only the runner finds is read from the stage, as the build has none', () => {
  const build = recordedBuild('build-create-runner-refuses', 1);
  assert.equal(build.error, undefined);
  const seen = observe(build);
  assert.equal(seen.verdict, 'errored');
  assert.equal(seen.diagnosis?.class, 'configuration');
  assert.match(seen.diagnosis?.hint ?? '', /Linter: duplicate step name/);
  assert.deepEqual(names(build), ['default errored']);
});

test('an error of the runner that has nothing to do with the file is called infrastructure', () => {
  const build = structuredClone(recordedBuild('build-create-runner-refuses', 1));
  for (const stage of build.stages ?? []) stage.error = 'Cannot connect to the Docker daemon';
  const { diagnosis, verdict } = observe(build);
  assert.deepEqual([verdict, diagnosis?.class], ['errored', 'infrastructure']);
  assert.match(diagnosis?.hint ?? '', /Cannot connect to the Docker daemon/);
});

test('a commit that Drone cannot check out is no failure of the tested code', () => {
  for (const name of ['build-create-sha-of-fork', 'build-create-pull-ref']) {
    const { verdict, diagnosis } = observe(recordedBuild(name, 1));
    assert.deepEqual([verdict, diagnosis?.code], ['errored', 'drone.clone_failed']);
    assert.equal(diagnosis?.headline, 'Drone could not check out the commit (exit code 128)');
  }
});

test('a step whose failure is ignored is not the one that failed the build', () => {
  const build = structuredClone(recordedBuild('build-get-failure', 0));
  const [, test_, never] = build.stages?.[0]?.steps ?? [];
  assert.ok(test_ && never);
  test_.errignore = true;
  Object.assign(never, { status: 'failure', exit_code: 4 });
  assert.equal(observe(build).diagnosis?.headline, 'never failed with exit code 4');
});

test('a step that was killed for want of memory is not blamed on the change', () => {
  const build = structuredClone(recordedBuild('build-get-failure', 0));
  const failing = build.stages?.[0]?.steps?.[1];
  assert.ok(failing);
  failing.exit_code = 137;
  const { diagnosis } = observe(build);
  assert.equal(diagnosis?.class, 'unclear');
  assert.match(diagnosis?.hint ?? '', /memory/);
});

test('a killed build is cancelled when we asked for it, by whatever cause', () => {
  const build = recordedBuild('build-get-killed', 0);
  const cancellation = { at: 1, by: 'alice' };
  const cancelled = observe(build, { cancellation: { ...cancellation, cause: 'cancel' } });
  const superseded = observe(build, { cancellation: { ...cancellation, cause: 'superseded' } });
  const timedOut = observe(build, { remote: { id: '26', cancelSentAt: 1 } });
  assert.deepEqual(
    [cancelled.verdict, superseded.verdict, timedOut.verdict],
    ['cancelled', 'superseded', 'cancelled'],
  );
  assert.equal(cancelled.diagnosis, undefined);
});

test('a build that somebody else killed in Drone is errored and says so', () => {
  const { verdict, diagnosis } = observe(recordedBuild('build-get-killed', 0));
  assert.equal(verdict, 'errored');
  assert.equal(diagnosis?.headline, 'killed in Drone by somebody else');
});

test('cancelled builds are judged by words alone, as their exit codes are a race', () => {
  assert.deepEqual(names(recordedBuild('cancel-running', 1)), [
    'clone passed',
    'tick cancelled',
    'after skipped',
  ]);
  assert.deepEqual(
    names(recordedBuild('cancel-runner-gone', 1)),
    names(recordedBuild('cancel-running', 1)),
  );
});

test('a declined build is errored and asks for the one who declined it', () => {
  const { verdict, diagnosis, state } = observe(recordedBuild('protected-decline', 2));
  assert.deepEqual(
    [state, verdict, diagnosis?.headline],
    ['finished', 'errored', 'declined in Drone'],
  );
});

test('the words of hostile step names and errors stay one line without markup, links or mentions', () => {
  const hostile = '<img src=x> @everyone [x](http://evil) `id` |\n# H1 #12 \u202eabc';
  assert.equal(plain(hostile), 'img src=x everyone x (http evil) id H1 12 abc');
  assert.equal([...plain('ü'.repeat(500)).matchAll(/./gu)].length, 200);
  const build = structuredClone(recordedBuild('build-get-failure', 0));
  for (const step of build.stages?.[0]?.steps ?? []) step.name = hostile;
  const seen = observe(build);
  assert.doesNotMatch(JSON.stringify(seen), /[<@`#]|evil\)?"|:\/\/evil/);
});

test('a status that Drone does not have is not guessed at', () => {
  const body = { ...recordedBuild('build-get-success', 0), status: 'exploded' };
  assert.equal(buildSchema.safeParse(body).success, false);
});
