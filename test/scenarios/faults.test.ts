import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import { DRONE_SUITE, type Harness, PULL, startHarness } from '../support/harness.ts';
import { scenario } from '../support/scenario.ts';

/** Longer than any pause before a second try of a write. */
const LATER_MS = 61_000;

/** Everything that a `!testme` which passes leaves behind, once each. */
async function assertOneOfEach(app: Harness, comment: number): Promise<void> {
  assert.equal((await app.runs()).length, 1);
  assert.equal(app.drone.builds().length, 1);
  assert.equal(app.answers().length, 1, app.answers().join('\n---\n'));
  assert.match(app.lines()[0] ?? '', /^✅ \*\*Passed\*\*/u);
  assert.deepEqual(app.reactions(comment), ['rocket']);
  assert.match(app.statuses()['signalbox/testme'] ?? '', /^success/u);
}

async function passEventually(app: Harness): Promise<void> {
  for (let tries = 0; tries < 4; tries += 1) await app.later(LATER_MS);
  await app.drone.finish(1, 'success');
  for (let tries = 0; tries < 4; tries += 1) await app.later(LATER_MS);
}

const FORGE_WRITES = [
  ['the reaction', { method: 'POST', path: /reactions$/ }],
  ['taking the reaction away', { method: 'DELETE', path: /reactions$/ }],
  ['the commit status', { method: 'POST', path: /statuses\// }],
  ['the first comment', { method: 'POST', path: /issues\/1\/comments$/ }],
  ['the edit of the comment', { method: 'PATCH', path: /issues\/comments\// }],
] as const;

for (const kind of ['before', 'after', 'reset-before', 'reset-after'] as const) {
  for (const [what, match] of FORGE_WRITES) {
    scenario(
      `${what} is there once although the forge fails ${kind.replace('-', ' ')} it`,
      async () => {
        await using app = await startHarness();
        app.forge.faults.next(match, { kind, times: 2 });
        const comment = await app.say('alice', '!testme');
        await app.settle();
        await passEventually(app);
        await assertOneOfEach(app, comment);
      },
    );
  }
  scenario(
    `there is one build although Drone fails ${kind.replace('-', ' ')} making it`,
    async () => {
      await using app = await startHarness();
      app.drone.faults.next({ method: 'POST', path: /builds/ }, { kind });
      const comment = await app.say('alice', '!testme');
      await app.settle();
      await passEventually(app);
      await assertOneOfEach(app, comment);
    },
  );
  scenario(`a cancel gets through although Drone fails ${kind.replace('-', ' ')} it`, async () => {
    await using app = await startHarness();
    await app.say('alice', '!testme');
    await app.settle();
    app.drone.faults.next({ method: 'DELETE' }, { kind });
    await app.say('alice', '!cancel');
    await app.settle();
    await app.later(LATER_MS);
    assert.equal(app.drone.builds()[0]?.status, 'killed');
    assert.match(app.lines()[0] ?? '', /^⚪/u);
    assert.equal(app.answers().length, 1);
  });
}

const OVERTAKEN = [
  ['reaction', { method: 'POST', path: /reactions$/ }],
  ['commit status', { method: 'POST', path: /statuses\// }],
  ['edit of the comment', { method: 'PATCH', path: /issues\/comments\// }],
] as const;

for (const [what, match] of OVERTAKEN) {
  scenario(`a ${what} that got no answer and happens after a newer one is put right`, async () => {
    await using app = await startHarness({ pace: { settleMs: 15_000 } });
    app.forge.faults.next(match, { kind: 'overtaken', delayMs: 5_000 });
    const comment = await app.say('alice', '!testme');
    await app.settle();
    await app.drone.finish(1, 'success');
    for (let seconds = 0; seconds < 6; seconds += 1) await app.later(1_000);
    await eventually('the late effect', () =>
      app.forge.history.some((entry) => entry.fault === 'overtaken'),
    );
    for (let seconds = 0; seconds < 15; seconds += 1) await app.later(1_000);
    await assertOneOfEach(app, comment);
  });
}

scenario(
  'a commit status that happens late does not stand over the one of a newer run',
  async () => {
    await using app = await startHarness({ pace: { settleMs: 15_000 } });
    await app.say('alice', '!testme');
    await app.settle();
    const late = { kind: 'overtaken', delayMs: 9_000 } as const;
    app.forge.faults.next({ method: 'POST', path: /statuses\// }, late);
    await app.drone.finish(1, 'failure', { step: 'test', log: ['boom'] });
    await app.settle();
    await app.say('alice', '!testme');
    await app.settle();
    await app.drone.finish(2, 'success');
    for (let seconds = 0; seconds < 10; seconds += 1) await app.later(1_000);
    await eventually('the late effect', () =>
      app.forge.history.some((entry) => entry.fault === 'overtaken'),
    );
    for (let seconds = 0; seconds < 40; seconds += 1) await app.later(1_000);
    assert.match(app.statuses()['signalbox/testme'] ?? '', /^success/u);
  },
);

scenario('a token that is wrong for a while delays the answers and loses none', async () => {
  await using app = await startHarness();
  const comment = await app.say('alice', '!testme');
  await app.settle();
  const wrong = { kind: 'before', status: 401, times: Infinity } as const;
  for (const method of ['POST', 'PATCH', 'DELETE'])
    app.forge.faults.next({ method, path: /^\/api\/v\d\/repos\// }, wrong);
  await app.drone.finish(1, 'success');
  await app.settle();
  app.forge.faults.clear();
  for (let tries = 0; tries < 6; tries += 1) await app.later(LATER_MS);
  await assertOneOfEach(app, comment);
});

scenario('every webhook doubled and shuffled has the effect of one', async () => {
  await using app = await startHarness();
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  app.forge.faults.webhooks({ duplicate: 1, shuffle: true, random });
  const comment = await app.say('alice', '!testme');
  await app.settle();
  await app.drone.finish(1, 'success');
  await app.settle();
  await assertOneOfEach(app, comment);
});

scenario(
  'a cancel that overtakes the command it was for cancels nothing and is answered',
  async () => {
    await using app = await startHarness();
    app.forge.faults.webhooks({ lose: 1, random: () => 0 });
    await app.say('alice', '!testme');
    await app.say('alice', '!cancel');
    const [testme, cancel] = app.sent();
    assert.ok(testme && cancel);
    app.forge.faults.clear();
    app.replay(cancel);
    await app.settle();
    app.replay(testme);
    await app.settle();
    assert.match(app.lines()[0] ?? '', /Nothing is running/u);
    assert.match(app.lines()[1] ?? '', /^🔄/u);
  },
);

scenario(
  'while the forge is down the run goes on, and afterwards only the last state is told',
  async () => {
    await using app = await startHarness({ signalboxYml: `${DRONE_SUITE}pings: "off"\n` });
    const comment = await app.say('alice', '!testme');
    await app.settle();
    await app.forge.refuse();
    await app.drone.advance(1);
    await app.later(600_000);
    await app.drone.finish(1, 'success');
    await app.later(1_000_000);
    await app.forge.accept();
    const edits = () => app.forge.commentsOn(PULL).reduce((sum, one) => sum + one.edits, 0);
    const before = edits();
    await app.later(600_000);
    assert.equal(edits() - before, 1, 'states in between are skipped');
    assert.match(app.lines()[0] ?? '', /^✅/u);
    assert.deepEqual(app.reactions(comment), ['rocket']);
  },
);

scenario(
  'a command that arrives while the forge answers nothing else is decided when it does',
  async () => {
    await using app = await startHarness();
    app.forge.faults.unavailable = true;
    await app.say('alice', '!testme');
    await app.settle();
    assert.equal(app.drone.builds().length, 0);
    app.forge.faults.clear();
    await app.later(LATER_MS);
    assert.equal(app.drone.builds().length, 1);
    assert.match(app.lines()[0] ?? '', /^🔄/u);
  },
);

scenario('a forge that lists comments late does not make us post twice', async () => {
  await using app = await startHarness({ pace: { settleMs: 5_000 } });
  app.forge.faults.listLagMs = 4_000;
  app.forge.faults.next(
    { method: 'POST', path: /issues\/1\/comments$/ },
    { kind: 'after', status: 502 },
  );
  await app.say('alice', '!testme');
  await app.settle();
  for (let tries = 0; tries < 8; tries += 1) await app.later(1_000);
  assert.equal(app.answers().length, 1);
});

scenario('a Drone that is away for an hour delays the run and does not lose it', async () => {
  await using app = await startHarness({ signalboxYml: `${DRONE_SUITE}pings: "off"\n` });
  app.drone.faults.next({}, { kind: 'before', status: 502, times: 8 });
  const comment = await app.say('alice', '!testme');
  await app.settle();
  for (let minutes = 0; minutes < 60; minutes += 5) await app.later(300_000);
  assert.equal(app.drone.builds().length, 1);
  await app.drone.finish(1, 'success');
  await app.settle();
  await assertOneOfEach(app, comment);
});

const MOMENTS: readonly (readonly [string, (app: Harness) => Promise<unknown>])[] = [
  ['nothing was looked at', () => Promise.resolve()],
  ['the run was queued', (app) => app.settle()],
  [
    'the build was running',
    async (app) => {
      await app.settle();
      await app.drone.advance(1);
      await app.settle();
    },
  ],
];

for (const [moment, reach] of MOMENTS) {
  scenario(`a restart after ${moment} loses nothing and doubles nothing`, async () => {
    await using app = await startHarness();
    const comment = await app.say('alice', '!testme');
    await app.forge.idle();
    await reach(app);
    await app.restart();
    await app.settle();
    // A build that was perhaps asked for already is looked for before another is made.
    await app.later(LATER_MS);
    await app.drone.finish(1, 'success');
    await app.settle();
    await app.later(LATER_MS);
    await assertOneOfEach(app, comment);
  });
}

scenario('a build that ends while the bot is down is told when it is back', async () => {
  await using app = await startHarness();
  const comment = await app.say('alice', '!testme');
  await app.settle();
  await app.stop();
  await app.drone.finish(1, 'success');
  await app.start();
  await app.later(LATER_MS);
  await assertOneOfEach(app, comment);
});

scenario('a cancel that was asked for before a restart is carried out after it', async () => {
  await using app = await startHarness();
  await app.say('alice', '!testme');
  await app.settle();
  app.drone.faults.next({ method: 'DELETE' }, { kind: 'before', status: 502 });
  await app.say('alice', '!cancel');
  await app.settle();
  await app.restart();
  await app.later(LATER_MS);
  assert.equal(app.drone.builds()[0]?.status, 'killed');
  assert.match(app.lines()[0] ?? '', /^⚪/u);
});

scenario(
  'an answer in a thread that we may not write to does not hold up other answers',
  async () => {
    await using app = await startHarness();
    app.forge.faults.next(
      { method: 'POST', path: /issues\/1\/comments$/ },
      { kind: 'before', status: 403 },
    );
    await app.say('alice', '!status');
    await app.settle();
    await app.say('alice', '!status');
    await app.settle();
    assert.equal(app.forge.commentsOn(PULL).length, 3);
  },
);

scenario(
  'a build that went on while the bot was away is taken over, and the comment says so',
  async () => {
    await using app = await startHarness();
    await app.say('alice', '!testme');
    await app.settle();
    await app.stop();
    app.clock.pass(LATER_MS);
    await app.drone.advance(1);
    await app.start();
    await app.settle();
    const [comment = ''] = app.answers();
    assert.match(comment, /^🔄 \*\*Running\*\*/u);
    assert.match(
      comment,
      /> \[!NOTE\]\n> The bot restarted and took this run over again at \d\d:\d\d UTC/,
    );
    await app.drone.finish(1, 'success');
    await app.later(LATER_MS);
    assert.match(app.lines()[0] ?? '', /^✅/u);
    assert.equal(app.drone.builds().length, 1);
  },
);

scenario('a forge that refuses our commit statuses gets the comment all the same', async () => {
  await using app = await startHarness();
  app.forge.faults.next(
    { method: 'POST', path: /statuses\// },
    { kind: 'before', status: 403, times: 50 },
  );
  await app.say('alice', '!testme');
  await app.settle();
  await app.drone.finish(1, 'success');
  await app.settle();
  assert.match(app.lines()[0] ?? '', /^✅ \*\*Passed\*\*/u);
  assert.equal((await app.problems()).length, 1);
});
