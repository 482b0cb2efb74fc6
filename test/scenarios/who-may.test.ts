import assert from 'node:assert/strict';
import { DRONE_SUITE, PULL, REPOSITORY, startHarness } from '../support/harness.ts';
import { GITEA_FAMILY, scenario } from '../support/scenario.ts';

const HOUR_MS = 3_600_000;
const withRule = (allow: string) => `${DRONE_SUITE}commands:\n  testme: { allow: ${allow} }\n`;

scenario('a reader is refused with the role that is needed and the one that is there', async () => {
  await using app = await startHarness();
  const comment = await app.say('carol', '!testme');
  await app.settle();
  const [answer = ''] = app.answers();
  assert.match(
    answer,
    /^⛔ `!testme` needs the \*\*write\*\* role here; \[carol\]\(\S+\/carol\) has \*\*read\*\*\. Nothing was started\.\n\nSomeone with write access can post the same line\. This is the default rule/u,
  );
  assert.deepEqual(app.reactions(comment), ['confused']);
  assert.equal(app.drone.builds().length, 0);
});

scenario('the same refusal is told once a day, after that there is only a reaction', async () => {
  await using app = await startHarness();
  await app.say('carol', '!testme');
  await app.settle();
  await app.later(12 * HOUR_MS);
  const second = await app.say('carol', '/testme');
  await app.settle();
  await app.later(18 * HOUR_MS);
  assert.equal(app.answers().length, 1);
  assert.deepEqual(app.reactions(second), ['confused']);
  await app.say('carol', '!testme');
  await app.settle();
  assert.equal(app.answers().length, 2, 'a day after the first telling it is told again');
});

scenario('the rule of the repository is named by its line when it decides', async () => {
  await using app = await startHarness({ signalboxYml: withRule('maintain') });
  await app.say('bob', '!testme');
  await app.settle();
  assert.match(
    app.answers()[0] ?? '',
    /needs the \*\*maintain\*\* role here; \[bob\]\S+ has \*\*write\*\*[\s\S]*\[`\.signalbox\.yml`, line 6\]\(\S+\/demo\/shop\/(?:src\/branch|blob)\/main\/\.signalbox\.yml#L6\)/u,
  );
  assert.equal(app.drone.builds().length, 0);
});

scenario('a person whom a rule names may, whatever their role', async () => {
  await using app = await startHarness({ signalboxYml: withRule('[admin, "user:carol"]') });
  await app.say('bob', '!testme');
  await app.settle();
  assert.equal(app.drone.builds().length, 0);
  assert.match(app.lines()[0] ?? '', /needs \*\*admin or carol\*\* here/u);
  await app.say('carol', '!testme');
  await app.settle();
  assert.equal(app.drone.builds().length, 1);
});

scenario('an account without any role may do nothing on a private repository', async () => {
  await using app = await startHarness();
  const [repository] = app.forge.world.repositories.values();
  assert.ok(repository);
  repository.isPrivate = true;
  for (const command of ['!testme', '!cancel', '!status', '!help'])
    await app.say('mallory', command);
  await app.settle();
  assert.equal(app.drone.builds().length, 0);
  assert.equal(app.lines().filter((line) => /has \*\*no role\*\*/u.test(line)).length, 4);
});

scenario('an outsider may read the help of a public repository and start nothing', async () => {
  await using app = await startHarness();
  const help = await app.say('mallory', '!help');
  await app.settle();
  await app.say('mallory', '!testme');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^📖 /u);
  assert.deepEqual(app.reactions(help), ['+1']);
  assert.match(app.lines()[1] ?? '', /^⛔ .*mallory.* has \*\*read\*\*/u);
  assert.equal(app.drone.builds().length, 0);
});

scenario('a name that was given up and taken by somebody else has no rights', async () => {
  await using app = await startHarness();
  app.forge.faults.webhooks({ lose: 1, random: () => 0 });
  await app.say('bob', '!testme');
  const posted = app.sent().at(-1);
  assert.ok(posted);
  app.forge.deleteUser('bob');
  app.forge.addUser({ login: 'bob', token: 'another', roles: { [REPOSITORY]: 'admin' } });
  app.forge.faults.clear();
  app.replay(posted);
  await app.settle();
  assert.equal(app.drone.builds().length, 0);
  assert.match(app.lines()[0] ?? '', /^⛔ .* has \*\*no role\*\*/u);
});

scenario('the bot does not obey itself', async () => {
  await using app = await startHarness();
  await app.forge.comment(PULL, app.bot, '!testme');
  await app.settle();
  await app.service.catchUpNow();
  await app.settle();
  assert.equal(app.drone.builds().length, 0);
  assert.deepEqual(app.answers(), ['!testme']);
});

scenario(
  'a bot that may not ask for roles says so and starts nothing',
  async () => {
    await using app = await startHarness();
    app.forge.setRole(REPOSITORY, app.bot, 'write');
    const comment = await app.say('alice', '!testme');
    await app.settle();
    assert.match(app.answers()[0] ?? '', /^🚫 `!testme`: .*[\s\S]*admin/u);
    assert.deepEqual(app.reactions(comment), ['confused']);
    assert.equal(app.drone.builds().length, 0);
  },
  GITEA_FAMILY,
);

scenario('who asked for a run may cancel it without being a writer', async () => {
  await using app = await startHarness({ signalboxYml: withRule('read') });
  await app.say('carol', '!testme');
  await app.settle();
  const cancel = await app.say('carol', '/cancel');
  await app.settle();
  assert.equal(app.drone.builds()[0]?.status, 'killed');
  assert.match(app.lines()[0] ?? '', /^⚪ \*\*Cancelled\*\* .* by \[carol\]/u);
  assert.deepEqual(app.reactions(cancel), ['+1']);
});

scenario('a writer may cancel the run of somebody else, a reader may not', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme');
  await app.settle();
  await app.say('carol', '!cancel');
  await app.settle();
  assert.equal(app.drone.builds()[0]?.status, 'pending');
  assert.match(app.lines()[1] ?? '', /^⛔ `!cancel` needs the \*\*write\*\* role/u);
  await app.say('bob', '!cancel');
  await app.settle();
  assert.equal(app.drone.builds()[0]?.status, 'killed');
});

scenario('a reader who cancels stops only what they asked for themselves', async () => {
  const signalboxYml = `${withRule('read').replace('suites:\n', 'suites:\n  smoke: { runner: drone }\n')}`;
  await using app = await startHarness({ signalboxYml });
  await app.say('alice', '!testme');
  await app.say('carol', '!testme smoke');
  await app.settle();
  await app.say('carol', '!cancel');
  await app.settle();
  const states = Object.fromEntries((await app.runs()).map((run) => [run.suite, run.state]));
  assert.deepEqual(states, { testme: 'running', smoke: 'cancelled' });
});

scenario('the help tells what the person may by the rules of this repository', async () => {
  await using app = await startHarness({ signalboxYml: withRule('[maintain, "user:carol"]') });
  await app.say('bob', '!help');
  await app.settle();
  await app.say('carol', '!help');
  await app.settle();
  const [bob = '', carol = ''] = app.answers();
  assert.match(bob, /^\| `!testme .*\| no, needs maintain or carol \|$/mu);
  assert.match(bob, /^\| `!cancel .*\| yes \|$/mu);
  assert.match(carol, /^\| `!testme .*\| yes \|$/mu);
  assert.match(carol, /^\| `!cancel .*\| no, needs write, or a run of your own \|$/mu);
});
