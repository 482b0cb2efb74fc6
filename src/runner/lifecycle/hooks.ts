import type { Ending } from '../../domain/diagnosis.ts';
import type { Line } from '../../domain/recipe.ts';
import { type StageContext, serving } from './context.ts';
import type { Version } from './deployers/deployer.ts';
import { StageFailure } from './failure.ts';

/** Runs the commands of one hook one after the other. Throws `StageFailure` at the first that fails. */
export async function runHook(
  context: StageContext,
  name: string,
  lines: readonly Line[],
): Promise<void> {
  for (const argv of lines) {
    const ending = await runCommand(context, argv, serving(context));
    if (ending.code === 0 && ending.timedOut !== true) continue;
    const fact = { kind: 'command', role: 'hook', name, command: argv.join(' '), ending } as const;
    throw new StageFailure(fact, `${name} ${ending.words}`);
  }
}

/** Builds one checkout. */
export async function runBuild(context: StageContext, version: Version): Promise<void> {
  for (const argv of context.recipe.build) {
    const ending = await runCommand(context, argv, version);
    if (ending.code === 0 && ending.timedOut !== true) continue;
    throw new StageFailure(
      { kind: 'command', role: 'build', name: 'build', command: argv.join(' '), ending },
      `the build of ${version.label} ${ending.words}`,
    );
  }
}

/** Runs one command with the hook's time limit; what its exit code means is for the caller to say. */
export function runCommand(context: StageContext, argv: Line, version: Version): Promise<Ending> {
  context.log(`$ ${argv.join(' ')}`);
  const { hookMs: timeoutMs } = context.recipe.timeouts;
  return context.deployer.run({ argv, version, timeoutMs, signal: context.signal });
}
