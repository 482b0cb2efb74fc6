import assert from 'node:assert/strict';
import { type Harness, headOf, PULL, REPOSITORY, startHarness } from '../support/harness.ts';
import { githubScenario } from '../support/scenario.ts';
import { githubOf } from '../support/scenario-forge.ts';

/** What only GitHub has: check runs with buttons, three kinds of comments, an App that can lose its rights. */

const LATER_MS = 61_000;

const testme = async (app: Harness, body = '!testme') => {
  const comment = await app.say('bob', body);
  await app.settle();
  return comment;
};
const head = (app: Harness) => headOf(app.forge, 1);
const check = (app: Harness, name = 'Signalbox testme') =>
  githubOf(app)
    .checksOn(REPOSITORY, head(app))
    .findLast((one) => one.name === name);

githubScenario(
  'a run shows as a check run: queued, in progress, and with its conclusion',
  async () => {
    await using app = await startHarness();
    await testme(app);
    const begun = check(app);
    assert.match(begun?.status ?? '', /^(queued|in_progress)$/u);
    assert.deepEqual(
      begun?.actions.map(({ identifier }) => identifier),
      ['cancel'],
    );
    await app.drone.advance(1);
    await app.settle();
    await app.drone.finish(1, 'success');
    await app.settle();
    const over = check(app);
    assert.equal(over?.id, begun?.id, 'the same one all the way');
    assert.equal(over?.conclusion, 'success');
    assert.match(over?.title ?? '', /^Passed/u);
    assert.match(over?.summary ?? '', /\*\*Passed\*\*/u);
    assert.ok(!/<!-- signalbox/u.test(over?.summary ?? ''), 'the marker is for comments');
    assert.deepEqual(
      over?.actions.map(({ identifier }) => identifier),
      ['retry', 'all'],
    );
    assert.match(app.statuses()['signalbox/testme'] ?? '', /^success/u, 'beside the commit status');
  },
);

githubScenario('without the right to write checks there is the commit status alone', async () => {
  await using app = await startHarness();
  githubOf(app).setPermissions({ checks: undefined });
  await testme(app);
  await app.drone.finish(1, 'success');
  await app.settle();
  assert.equal(check(app), undefined);
  assert.match(app.statuses()['signalbox/testme'] ?? '', /^success/u);
  assert.match(app.lines()[0] ?? '', /^✅/u);
  assert.deepEqual(await app.problems(), []);
});

for (const kind of ['before', 'after', 'reset-before', 'reset-after'] as const)
  githubScenario(`there is one check run although GitHub fails ${kind} it`, async () => {
    await using app = await startHarness();
    app.forge.faults.next({ method: 'POST', path: /check-runs$/ }, { kind, times: 2 });
    await testme(app);
    for (let tries = 0; tries < 4; tries += 1) await app.later(LATER_MS);
    await app.drone.finish(1, 'failure', { step: 'test', log: ['boom'] });
    for (let tries = 0; tries < 4; tries += 1) await app.later(LATER_MS);
    assert.equal(githubOf(app).checksOn(REPOSITORY, head(app)).length, 1);
    assert.equal(check(app)?.conclusion, 'failure');
  });

githubScenario('the button to retry runs the suite again on that commit', async () => {
  await using app = await startHarness();
  await testme(app);
  await app.drone.finish(1, 'failure');
  await app.settle();
  const pressed = check(app);
  assert.ok(pressed);
  githubOf(app).pressButton(pressed.id, 'alice', 'retry');
  await app.settle();
  assert.equal(app.drone.builds().length, 2);
  await app.drone.finish(2, 'success');
  await app.settle();
  assert.equal(check(app)?.conclusion, 'success');
  assert.match(app.lines().at(-1) ?? '', /^✅ \*\*Passed\*\* — `!testme testme sha=[0-9a-f]{40}`/u);
});

githubScenario('the button to cancel stops the run', async () => {
  await using app = await startHarness();
  await testme(app);
  githubOf(app).pressButton(check(app)?.id ?? 0, 'alice', 'cancel');
  await app.settle();
  assert.equal((await app.runs())[0]?.state, 'cancelled');
  assert.equal(check(app)?.conclusion, 'cancelled');
});

githubScenario('a button is a command: who may not comment it may not press it', async () => {
  await using app = await startHarness();
  await testme(app);
  await app.drone.finish(1, 'failure');
  await app.settle();
  githubOf(app).pressButton(check(app)?.id ?? 0, 'carol', 'retry');
  await app.settle();
  assert.equal(app.drone.builds().length, 1);
  assert.match(app.lines().at(-1) ?? '', /carol/u);
});

githubScenario('GitHub’s own buttons run one check or all of the commit again', async () => {
  const two = 'suites:\n  testme: { runner: drone }\n  smoke: { runner: drone }\n';
  await using app = await startHarness({ signalboxYml: two });
  await testme(app, '!testme testme smoke');
  await app.drone.finish(1, 'failure');
  await app.drone.finish(2, 'failure');
  await app.settle();
  githubOf(app).rerequestCheck(check(app)?.id ?? 0, 'alice');
  await app.settle();
  assert.equal(app.drone.builds().length, 3);
  await app.drone.finish(3, 'success');
  await app.settle();
  githubOf(app).rerequestSuite(REPOSITORY, head(app), 'alice');
  await app.settle();
  assert.equal(app.drone.builds().length, 5);
});

githubScenario(
  'a button pressed after a push says that the commit is no longer the head',
  async () => {
    await using app = await startHarness();
    await testme(app);
    await app.drone.finish(1, 'failure');
    await app.settle();
    const pressed = check(app)?.id ?? 0;
    await app.forge.pushToPull(PULL, {
      files: { 'app.js': 'three\n' },
      message: 'Three',
      by: 'bob',
    });
    githubOf(app).pressButton(pressed, 'alice', 'retry');
    await app.settle();
    assert.equal(app.drone.builds().length, 1);
    assert.match(app.answers().at(-1) ?? '', /not the commit you named/u);
  },
);

githubScenario('a button whose delivery came twice has the effect of one', async () => {
  await using app = await startHarness();
  await testme(app);
  await app.drone.finish(1, 'failure');
  await app.settle();
  app.forge.faults.webhooks({ duplicate: 1, random: () => 0.1 });
  githubOf(app).pressButton(check(app)?.id ?? 0, 'alice', 'retry');
  await app.settle();
  assert.equal(app.drone.builds().length, 2);
});

githubScenario('a button pressed while the bot was down is asked for again', async () => {
  await using app = await startHarness();
  await testme(app);
  await app.drone.finish(1, 'failure');
  await app.settle();
  const pressed = check(app)?.id ?? 0;
  await app.stop();
  githubOf(app).pressButton(pressed, 'alice', 'retry');
  await app.forge.idle();
  await app.start();
  await app.service.catchUpNow();
  await app.settle();
  await app.service.catchUpNow();
  await app.settle();
  assert.equal(app.drone.builds().length, 2);
});

githubScenario('the text of a review and a comment on a line are obeyed and answered', async () => {
  await using app = await startHarness();
  githubOf(app).review(PULL, 'bob', '!testme', 'commented');
  await app.settle();
  assert.equal(app.drone.builds().length, 1);
  await app.drone.finish(1, 'success');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^✅/u);
  githubOf(app).reviewComment(PULL, 'bob', '!status');
  await app.settle();
  assert.equal(app.answers().length, 2);
  githubOf(app).review(PULL, 'alice', null, 'approved');
  await app.settle();
  assert.equal(app.answers().length, 2, 'a review without a word asks for nothing');
  assert.deepEqual(await app.problems(), []);
});

githubScenario('all three kinds of comments are found when no webhook came', async () => {
  await using app = await startHarness();
  app.forge.faults.webhooks({ lose: 1, random: () => 0 });
  await app.say('bob', '!testme');
  githubOf(app).review(PULL, 'bob', '!status', 'commented');
  githubOf(app).reviewComment(PULL, 'bob', '!help');
  await app.service.catchUpNow();
  await app.settle();
  assert.equal(app.drone.builds().length, 1);
  assert.equal(app.answers().length, 3);
  await app.service.catchUpNow();
  await app.settle();
  assert.equal(app.answers().length, 3);
});

githubScenario('the comment of an outdated run is folded away', async () => {
  await using app = await startHarness();
  await testme(app);
  await app.drone.finish(1, 'failure');
  await app.settle();
  await testme(app);
  await app.drone.finish(2, 'success');
  await app.settle();
  const [first, ...others] = app.forge
    .commentsOn(PULL)
    .filter(({ authorId }) => app.forge.loginOf(authorId) === app.bot);
  assert.equal(githubOf(app).isMinimized(first?.id ?? 0), 'OUTDATED');
  for (const { id } of others) assert.equal(githubOf(app).isMinimized(id), undefined);
});

githubScenario('an installation token that runs out in the middle is replaced', async () => {
  await using app = await startHarness();
  await testme(app);
  githubOf(app).expireTokens();
  await app.drone.finish(1, 'success');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^✅/u);
  await app.later(2 * 3_600_000);
  await testme(app);
  assert.equal(app.drone.builds().length, 2);
});

for (const kind of ['primary', 'secondary'] as const)
  githubScenario(`a ${kind} limit delays the answer and loses nothing of it`, async () => {
    await using app = await startHarness();
    githubOf(app).limit(kind, { method: 'POST', path: /comments$/, times: 1, retryAfter: 30 });
    await testme(app);
    assert.deepEqual(app.answers(), []);
    await app.drone.finish(1, 'success');
    for (let tries = 0; tries < 3; tries += 1) await app.later(LATER_MS);
    assert.match(app.lines()[0] ?? '', /^✅/u);
    assert.equal(app.answers().length, 1);
    assert.deepEqual(await app.problems(), []);
  });

githubScenario(
  'a suspended installation delays the answers, and they come when it is back',
  async () => {
    await using app = await startHarness();
    await testme(app);
    githubOf(app).suspend('demo');
    await app.drone.finish(1, 'success');
    await app.settle();
    assert.ok(!app.answers().some((answer) => answer.startsWith('✅')));
    githubOf(app).unsuspend('demo');
    for (let tries = 0; tries < 6; tries += 1) await app.later(LATER_MS);
    assert.match(app.lines()[0] ?? '', /^✅/u);
    assert.deepEqual(await app.problems(), []);
  },
);

githubScenario('an App that was removed and installed again answers what it owes', async () => {
  await using app = await startHarness();
  await testme(app);
  githubOf(app).uninstall('demo');
  await app.drone.finish(1, 'success');
  await app.settle();
  githubOf(app).install('demo', 'all');
  for (let tries = 0; tries < 6; tries += 1) await app.later(LATER_MS);
  assert.match(app.lines()[0] ?? '', /^✅/u);
});

githubScenario(
  'maintain and triage are told apart, and custom roles count as the operator says',
  async () => {
    const rule = 'commands:\n  testme: { allow: maintain }\n';
    const suites = 'suites:\n  testme: { runner: drone }\n';
    await using app = await startHarness({ signalboxYml: suites + rule });
    await testme(app);
    assert.equal(app.drone.builds().length, 0, 'write is not maintain');
    githubOf(app).setRoleName(REPOSITORY, 'bob', 'maintain');
    await testme(app);
    assert.equal(app.drone.builds().length, 1);
    githubOf(app).setRoleName(REPOSITORY, 'carol', 'release-captain');
    await app.say('carol', '!testme');
    await app.settle();
    assert.match(app.lines().at(-1) ?? '', /carol|Joined|already/u);
  },
);

githubScenario(
  'problems of the configuration stand at their lines, until they are mended',
  async () => {
    await using app = await startHarness({ signalboxYml: 'suites:\n  testme: { runer: drone }\n' });
    await testme(app);
    const broken = check(app, 'Signalbox config');
    assert.equal(broken?.conclusion, 'failure');
    const notes = broken?.annotations ?? [];
    assert.ok(notes.some(({ path, start_line: line }) => path === '.signalbox.yml' && line === 2));
    const files = { '.signalbox.yml': 'suites:\n  testme: { runner: drone }\n' };
    await app.forge.commit(REPOSITORY, { branch: 'main', files, message: 'Mend', by: 'alice' });
    githubOf(app).rerequestCheck(broken?.id ?? 0, 'bob');
    await app.settle();
    assert.equal(app.drone.builds().length, 1);
    assert.equal(check(app, 'Signalbox config')?.conclusion, 'success');
  },
);

const RECIPE = `suites:
  testme:
    runner: local
    stages: [install, custom]
    recipe:
      version: 1
      app: notes
      deploy: process
      services: { web: { run: [node, app.js], stop_grace: 1s } }
      health: { http: { service: web, path: /health }, stable_for: 50ms }
      versions: { previous: none }
      stages:
        custom: [{ name: many, run: [node, test.js], junit: report.xml, timeout: 20s }]
`;
const APP = `import { createServer } from 'node:http';
createServer((request, response) => response.end('ok')).listen(Number(process.env.APP_PORT), '127.0.0.1');
`;
const SIXTY_FAIL = `import { writeFileSync } from 'node:fs';
const one = (n) => '<testcase name="adds ' + n + '" file="test/sum.test.js" line="' + n + '"><failure message="off by ' + n + '"/></testcase>';
const cases = Array.from({ length: 60 }, (_, at) => one(at + 1));
writeFileSync('report.xml', '<testsuite>' + cases.join('') + '</testsuite>');
process.exit(1);
`;

githubScenario(
  'sixty failing tests are sixty remarks at their lines, in at most three requests',
  async () => {
    const files = { 'app.js': APP, 'package.json': '{"type":"module"}\n', 'test.js': SIXTY_FAIL };
    await using app = await startHarness({ signalboxYml: RECIPE, files, headFiles: files });
    await testme(app);
    const notes = check(app)?.annotations ?? [];
    assert.equal(notes.length, 60);
    assert.deepEqual(
      notes.slice(0, 2).map(({ path, start_line: line, message }) => [path, line, message]),
      [
        ['test/sum.test.js', 1, 'off by 1'],
        ['test/sum.test.js', 2, 'off by 2'],
      ],
    );
    const withRemarks = githubOf(app).requestsWithAnnotations();
    assert.ok(withRemarks <= 3, `${withRemarks} requests`);
  },
);

githubScenario('remarks whose answer got lost in the middle are each there once', async () => {
  const files = { 'app.js': APP, 'package.json': '{"type":"module"}\n', 'test.js': SIXTY_FAIL };
  await using app = await startHarness({ signalboxYml: RECIPE, files, headFiles: files });
  for (const kind of ['after', 'reset-after', 'before'] as const)
    app.forge.faults.next(
      { method: 'PATCH', path: /check-runs\/\d+$/ },
      { kind, chance: () => (check(app)?.annotations.length ?? 0) >= 50 },
    );
  await testme(app);
  for (let tries = 0; tries < 6; tries += 1) await app.later(LATER_MS);
  const lines = (check(app)?.annotations ?? []).map(({ start_line: line }) => line);
  assert.deepEqual(
    lines,
    Array.from({ length: 60 }, (_, at) => at + 1),
  );
  assert.ok(
    app.forge.history.some(({ fault }) => fault === 'after'),
    'it was in the middle',
  );
});
