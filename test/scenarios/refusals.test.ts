import assert from 'node:assert/strict';
import {
  DRONE_SUITE,
  type Harness,
  headOf,
  PULL,
  REPOSITORY,
  startHarness,
} from '../support/harness.ts';
import { GITEA_FAMILY, scenario } from '../support/scenario.ts';

async function refused(app: Harness, command: string, by = 'alice'): Promise<string> {
  const comment = await app.say(by, command);
  await app.settle();
  assert.deepEqual(await app.runs(), []);
  assert.equal(app.drone.calls.length, 0);
  assert.equal(app.answers().length, 1);
  assert.deepEqual(app.statuses(), {});
  assert.ok(['confused', 'eyes'].includes(app.reactions(comment)[0] ?? ''));
  return app.answers()[0] ?? '';
}

scenario('nothing is started on a closed pull request, and it is told', async () => {
  await using app = await startHarness();
  await app.forge.closePull(PULL, 'bob');
  assert.match(await refused(app, '!testme'), /^🚫 `!testme`: This pull request is closed/u);
});

scenario('nothing is started on a merged pull request, and it is told', async () => {
  await using app = await startHarness();
  await app.forge.mergePull(PULL, 'alice');
  assert.match(await refused(app, '!testme'), /This pull request is merged/u);
});

scenario('an unknown suite is answered with those that there are', async () => {
  await using app = await startHarness();
  assert.match(await refused(app, '!testme nosuch'), /no suite `nosuch`[\s\S]*It has `testme`/u);
});

scenario('the name of a property that every object has is no suite', async () => {
  await using app = await startHarness();
  assert.match(await refused(app, '!testme constructor'), /no suite `constructor`/u);
});

scenario('a runner that the operator has not set up is named', async () => {
  await using app = await startHarness({
    signalboxYml: 'suites:\n  testme: { runner: jenkins }\n',
  });
  assert.match(await refused(app, '!testme'), /`jenkins`, which is not set up here/u);
});

scenario('a suite without a recipe cannot run on a lifecycle runner', async () => {
  await using app = await startHarness({ signalboxYml: 'suites:\n  testme: { runner: local }\n' });
  assert.match(await refused(app, '!testme'), /needs a `recipe` for the runner `local`/u);
});

scenario('stages of a suite that another system runs are refused', async () => {
  await using app = await startHarness();
  assert.match(await refused(app, '!testme stages=install'), /`drone`, which knows no stages/u);
});

scenario('a repository without .signalbox.yml is told where an example is', async () => {
  await using app = await startHarness({ signalboxYml: false });
  assert.match(
    await refused(app, '!testme'),
    /^🚫 `!testme`: There is no `\.signalbox\.yml` on `main`[\s\S]*\/help#repository shows an example/u,
  );
});

scenario(
  'a broken .signalbox.yml on the default branch starts nothing and is shown with place and caret',
  async () => {
    const signalboxYml = DRONE_SUITE.replace('runner', 'runer');
    await using app = await startHarness({ signalboxYml });
    const answer = await refused(app, '!testme');
    assert.match(
      answer,
      /^⚠️ \*\*`\.signalbox\.yml` has \d problems?\*\* .* on `main` — nothing starts/u,
    );
    assert.match(
      answer,
      /\[line 3, column 5\]\(\S+\/(?:src\/branch|blob)\/main\/\.signalbox\.yml#L3\)/u,
    );
    assert.match(answer, /^ {2}3 \| {5}runer: drone\n {4}\| {5}\^{5}$/mu);
  },
);

scenario(
  'a broken .signalbox.yml in the pull request changes nothing: the default branch is obeyed',
  async () => {
    await using app = await startHarness({ headFiles: { '.signalbox.yml': 'suites: [' } });
    await app.say('alice', '!testme');
    await app.settle();
    assert.equal(app.drone.builds().length, 1);
  },
);

scenario('a pull request cannot give itself rights or other suites', async () => {
  const own =
    'suites:\n  testme: { runner: drone, params: { RECIPE: evil } }\ncommands:\n  testme: { allow: read }\n';
  await using app = await startHarness({ headFiles: { '.signalbox.yml': own } });
  await app.say('carol', '!testme');
  await app.settle();
  assert.equal(app.drone.builds().length, 0);
  await app.say('bob', '!testme');
  await app.settle();
  assert.equal(app.drone.builds()[0]?.params.RECIPE, 'shop');
});

scenario('a commit that is not the head is not run', async () => {
  await using app = await startHarness();
  const head = headOf(app.forge, 1);
  const answer = await refused(app, `!testme sha=${'a'.repeat(40)}`);
  assert.ok(answer.includes(head));
});

scenario('the head named by its full sha is run', async () => {
  await using app = await startHarness();
  const head = headOf(app.forge, 1);
  await app.say('alice', `!testme sha=${head}`);
  await app.settle();
  assert.equal(app.drone.builds()[0]?.sha, head);
});

scenario('nothing of a fork runs without approval, not even for an admin', async () => {
  await using app = await startHarness();
  await app.forge.fork(REPOSITORY, 'mallory');
  const change = { files: { 'app.js': 'evil\n' }, message: 'Evil', by: 'mallory' };
  const sha = await app.forge.commit('mallory/shop', { branch: 'evil', ...change });
  const fork = { repository: REPOSITORY, title: 'Evil', author: 'mallory', fork: 'mallory/shop' };
  await app.forge.openPull({ ...fork, head: 'evil' });
  const comment = await app.say('alice', '!testme', 2);
  await app.settle();
  assert.equal(app.drone.calls.length, 0);
  const [answer = ''] = app.answers(2);
  assert.match(answer, /^✋ \*\*Waiting for approval\*\* — this pull request comes from a fork/u);
  assert.ok(answer.includes(`/approve ${sha}`));
  assert.deepEqual(app.reactions(comment), ['eyes']);
  await app.say('alice', `/approve ${sha}`, 2);
  await app.settle();
  assert.deepEqual(await app.runs(), [], 'approvals are not in this version');
});

scenario(
  'a head that was pushed by AGit is treated as a stranger’s',
  async () => {
    await using app = await startHarness();
    const agit = { 'app.js': 'evil\n' };
    await app.forge.openPull({ repository: REPOSITORY, title: 'Evil', author: 'mallory', agit });
    await app.say('alice', '!testme', 2);
    await app.settle();
    assert.equal(app.drone.calls.length, 0);
    assert.match(app.answers(2)[0] ?? '', /^✋ .* was pushed by AGit from outside/u);
  },
  GITEA_FAMILY,
);

scenario(
  'an archived repository starts nothing, and that it takes no answer is on record',
  async () => {
    await using app = await startHarness();
    const [repository] = app.forge.world.repositories.values();
    assert.ok(repository);
    repository.archived = true;
    await app.say('alice', '!testme');
    await app.settle();
    assert.deepEqual(await app.runs(), []);
    assert.deepEqual(app.answers(), []);
    assert.match((await app.problems())[0] ?? '', /: (423|403 Repository was archived)/u);
    const { length } = app.forge.history;
    await app.later(3_600_000);
    const writes = app.forge.history.slice(length).filter(({ method }) => method !== 'GET');
    assert.deepEqual(writes, [], 'it is not tried again');
  },
);

scenario(
  'a locked conversation takes no answer, the run and its status are there all the same',
  async () => {
    await using app = await startHarness();
    const pull = [...app.forge.world.repositories.values()][0]?.pulls.get(1);
    assert.ok(pull);
    await app.say('alice', '!testme');
    await app.settle();
    app.forge.faults.next(
      { method: 'PATCH' },
      { kind: 'before', status: 403, times: Number.POSITIVE_INFINITY },
    );
    await app.drone.finish(1, 'success');
    await app.settle();
    assert.match(app.statuses()['signalbox/testme'] ?? '', /^success/u);
    assert.match((await app.problems())[0] ?? '', /403/u);
  },
);

scenario('a deleted repository is asked for once and not for ever', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme');
  await app.settle();
  await app.forge.deleteRepository(REPOSITORY, 'alice');
  await app.drone.finish(1, 'success');
  await app.settle();
  assert.equal((await app.runs())[0]?.state, 'passed');
  assert.match((await app.problems())[0] ?? '', /404/u);
  const { length } = app.forge.history;
  await app.later(3_600_000);
  assert.ok(app.forge.history.length - length < 40);
});

scenario(
  'a renamed repository loses nothing: the run ends, the refusal is on record, the new name works',
  async () => {
    await using app = await startHarness();
    await app.say('alice', '!testme');
    await app.settle();
    app.forge.rename(REPOSITORY, 'store');
    await app.drone.finish(1, 'success');
    await app.settle();
    assert.equal((await app.runs())[0]?.state, 'passed');
    assert.match((await app.problems())[0] ?? '', /moved to \S+(demo\/store|repositories\/\d+)/u);
    const { length } = app.forge.history;
    await app.later(600_000);
    const moved = app.forge.history.slice(length).filter(({ status }) => status === 301);
    assert.ok(moved.length < 20, 'it is not tried in a loop');
    await app.forge.comment({ repository: 'demo/store', pull: 1 }, 'alice', '!status');
    await app.settle();
    const said = app.forge.commentsOn({ repository: 'demo/store', pull: 1 }).at(-1)?.body ?? '';
    assert.match(said, /^📋|on this pull request/u);
  },
);
