import { BOT, DEMO_REPOSITORY } from './demo-seed.ts';
import { paint, print } from './output.ts';

type Expectation = {
  readonly pull: number;
  readonly what: string;
  /** All of these stand in the final comment. */
  readonly says: readonly RegExp[];
};

const GOOD = 1;
const LOSES_DATA = 2;
const SLOW = 4;
const DEADLINE_MS = 60_000;
const LOOK_MS = 300;
const FINAL = /^(✅|❌|⚪|💥|⚠️|⏱️)/u;

const EXPECTED: readonly Expectation[] = [
  { pull: GOOD, what: 'the good one passes', says: [/^✅ \*\*Passed\*\*/u, /torn down clean/] },
  {
    pull: LOSES_DATA,
    what: 'the one that loses data fails in upgrade, and says why',
    says: [/^❌ \*\*Failed in upgrade\*\*/u, /data did not survive the upgrade/, /torn down clean/],
  },
  {
    pull: SLOW,
    what: 'the slow one is cancelled',
    says: [/^⚪ \*\*Cancelled\*\*/u, /What it had started is gone/],
  },
];

/** Plays a person on the playground's pages: comments, cancels, reads. True when everything went as expected. */
export async function checkDemo(forgeUrl: string): Promise<boolean> {
  const began = Date.now();
  for (const pull of [GOOD, LOSES_DATA, SLOW]) await say(forgeUrl, pull, '!testme');
  await until(began, async () => (await botComment(forgeUrl, SLOW))?.startsWith('🔄') ?? false);
  await say(forgeUrl, SLOW, '/cancel');
  let good = true;
  for (const expected of EXPECTED) {
    await until(began, async () => FINAL.test((await botComment(forgeUrl, expected.pull)) ?? ''));
    good =
      judge(expected, (await botComment(forgeUrl, expected.pull)) ?? 'no comment at all') && good;
  }
  print(
    `${good ? 'All as expected' : 'Not as expected'} after ${Math.round((Date.now() - began) / 1_000)} s.`,
  );
  return good;
}

function judge(expected: Expectation, comment: string): boolean {
  const missing = expected.says.filter((pattern) => !pattern.test(comment));
  const mark = missing.length === 0 ? paint('green', '✔') : paint('red', '✖');
  print(`\n${mark} pull request ${expected.pull}: ${expected.what}\n`);
  for (const line of comment.trimEnd().split('\n')) print(`    ${line}`);
  for (const pattern of missing) print(paint('red', `    MISSING: ${pattern.source}`));
  print('');
  return missing.length === 0;
}

async function until(began: number, isReached: () => Promise<boolean>): Promise<void> {
  while (Date.now() - began < DEADLINE_MS) {
    if (await isReached()) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function say(forgeUrl: string, pull: number, body: string): Promise<void> {
  const answer = await fetch(`${forgeUrl}/${DEMO_REPOSITORY}/pulls/${pull}/comments`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: forgeUrl },
    body: new URLSearchParams({ as: 'alice', body }),
  });
  if (answer.status !== 303) throw new Error(`the comment "${body}" was answered ${answer.status}`);
}

type ApiComment = { readonly body: string; readonly user: { readonly login: string } };

/** The living comment: the bot's first one on the pull request. */
async function botComment(forgeUrl: string, pull: number): Promise<string | undefined> {
  const answer = await fetch(`${forgeUrl}/api/v1/repos/${DEMO_REPOSITORY}/issues/${pull}/comments`);
  const comments = (await answer.json()) as readonly ApiComment[];
  return comments.find((comment) => comment.user.login === BOT)?.body;
}
