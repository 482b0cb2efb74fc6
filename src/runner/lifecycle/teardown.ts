import type { Cleanliness, Residual } from '../../domain/run.ts';
import type { Session } from './session.ts';

/** Removes everything and proves it, with its own budget: no signal stops this, whatever happened before. */
export async function tearDown(session: Session): Promise<void> {
  const { clock } = session.settings;
  const teardownAt = clock.now();
  session.enter('teardown');
  await session.recordStage({ name: 'teardown', state: 'running', startedAt: teardownAt });
  const removal = await destroy(session);
  await session.recordStage({
    name: 'teardown',
    state: removal.problem === undefined ? 'passed' : 'errored',
    startedAt: teardownAt,
    finishedAt: clock.now(),
    ...(removal.problem === undefined ? {} : { reason: removal.problem }),
  });
  const verifyAt = clock.now();
  session.enter('verify');
  await session.recordStage({ name: 'verify', state: 'running', startedAt: verifyAt });
  const residuals = await verify(session);
  await session.recordStage({
    name: 'verify',
    state: residuals.length === 0 ? 'passed' : 'failed',
    startedAt: verifyAt,
    finishedAt: clock.now(),
    ...(residuals.length === 0 ? {} : { reason: `${residuals.length} left` }),
  });
  const at = clock.now();
  const cleanliness: Cleanliness =
    residuals.length === 0
      ? { state: 'clean', at, removed: removal.removed }
      : { state: 'dirty', at, residuals };
  await session.record({ kind: 'torn-down', at, cleanliness });
}

/** Removes everything without a word to the ledger, which is no longer ours to write. */
export async function abandon(session: Session): Promise<void> {
  await session.deployer.destroy(session.recipe.timeouts.teardownMs);
}

type Removal = { readonly removed: Readonly<Record<string, number>>; readonly problem?: string };

async function destroy({ deployer, recipe, log }: Session): Promise<Removal> {
  try {
    const { removed } = await deployer.destroy(recipe.timeouts.teardownMs);
    const words = Object.entries(removed).map(([kind, count]) => `${count} ${kind}`);
    log(`removed ${words.join(', ')}`);
    return { removed };
  } catch (error) {
    // What it left is found by the verification, which decides.
    const problem = error instanceof Error ? error.message : String(error);
    log(`teardown: ${problem}`);
    return { removed: {}, problem };
  }
}

const VERIFY_MS = 5_000;

/** Clean is what was clean at both ends of a quiet window; a port may take a moment to close. */
async function verify({ deployer, settings, log }: Session): Promise<readonly Residual[]> {
  const { clock, limits } = settings;
  const end = clock.now() + VERIFY_MS;
  let before = await deployer.residuals();
  let left = before;
  do {
    await clock.sleep(limits.quietMs);
    before = left;
    left = await deployer.residuals();
  } while (before.length + left.length > 0 && clock.now() < end);
  for (const { kind, name, reason } of left) log(`left: ${kind} ${name}: ${reason}`);
  return left;
}
