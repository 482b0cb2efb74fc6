import { accountOf, BOT, PEOPLE, type SimForge } from './sim-forge.ts';
import type { SimGithub } from './sim-github.ts';
import type { World } from './world.ts';

const LINES: readonly (readonly [number, string])[] = [
  [18, '!testme'],
  [6, '!testme smoke'],
  [3, '!testme testme smoke'],
  [10, '/cancel'],
  [3, '!cancel\n!testme'],
  [3, '!testme smoke\n!status'],
  [10, '!status'],
  [10, '!help'],
  [10, '!testme nosuch'],
  [6, '!cancel 3'],
  [3, '@signalbox testme'],
];
const TYPO = '!testmee';
const CHATTER = 'Looks good to me.\n\n```\n!testme\n```';

/** What people do to a repository while the bot has its accidents. Counts the lines that are commands. */
export function createPeople(world: World, forge: SimForge, github?: SimGithub) {
  const { random } = world;
  const total = LINES.reduce((sum, [weight]) => sum + weight, 0);
  const line = () => {
    let left = random.between(0, total);
    for (const [weight, text] of LINES) {
      left -= weight;
      if (left < 0) return text;
    }
    return '!testme';
  };
  const author = () =>
    accountOf(random.chance(0.85) ? random.pick(['alice', 'bob']) : random.pick(PEOPLE));
  const say = (body: string) => {
    const who = author();
    const pull = random.pick(forge.pulls).number;
    const comment = forge.write(who, pull, body);
    world.note(() => `${who.login} on ${pull}: ${JSON.stringify(body)} (${comment.id})`);
    return comment;
  };
  const written = () => forge.comments.filter((one) => one.author.id !== BOT.id && !one.deleted);

  const edit = () => {
    const mine = written();
    if (mine.length === 0) return;
    const comment = random.pick(mine);
    const body = line();
    world.note(() => `edited ${comment.id}: ${JSON.stringify(body)}`);
    forge.edit(comment.id, body);
  };
  const remove = () => {
    const mine = written();
    if (mine.length === 0) return;
    const comment = random.pick(mine.slice(-3));
    world.note(() => `deleted ${comment.id}`);
    forge.remove(comment);
  };
  const push = () => {
    const pull = random.pick(forge.pulls);
    world.note(() => `pushed to ${pull.number}`);
    forge.push(pull);
  };
  const close = () => {
    const pull = random.pick(forge.pulls);
    if (pull.state !== 'open') return;
    world.note(() => `closed ${pull.number}`);
    forge.close(pull);
    world.after(random.between(1_000, 30_000), () => {
      world.note(() => `reopened ${pull.number}`);
      forge.reopen(pull);
    });
  };
  const typo = () => {
    const comment = say(TYPO);
    if (random.chance(0.3)) return;
    const body = line();
    world.after(random.between(500, 90_000), () => {
      if (comment.deleted) return;
      world.note(() => `mended ${comment.id}: ${JSON.stringify(body)}`);
      forge.edit(comment.id, body);
    });
  };

  const press = () => {
    if (!github || github.checks.length === 0) return;
    const check = random.pick(github.checks);
    const action = random.pick(['retry', 'all', 'cancel'] as const);
    const who = author();
    world.note(() => `${who.login} presses ${action} on the check of ${check.key.slice(-6)}`);
    github.press(check, who, action);
  };
  const suspend = () => github?.suspend(random.between(2_000, 30_000), accountOf('alice'));

  return {
    /** Spreads the acts over the time; every one of them is planned at once. */
    act: (withinMs: number) => {
      const plan = (count: number, action: () => unknown) => {
        for (let n = 0; n < count; n += 1)
          world.after(random.between(5_000, withinMs), () => void action());
      };
      plan(20, () => say(line()));
      plan(random.whole(1, 3), typo);
      plan(2, () => say(CHATTER));
      plan(random.whole(0, 3), edit);
      plan(random.whole(0, 2), remove);
      plan(random.whole(0, 4), push);
      plan(random.whole(0, 2), close);
      if (!github) return;
      plan(random.whole(1, 5), press);
      plan(random.whole(0, 1), suspend);
    },
  };
}
