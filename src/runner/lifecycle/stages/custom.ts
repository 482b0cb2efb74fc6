import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ending } from '../../../domain/diagnosis.ts';
import type { CustomTest } from '../../../domain/recipe.ts';
import { type StageContext, type StageResult, serving } from '../context.ts';
import { StageFailure } from '../failure.ts';
import { isAppHealthy } from '../health.ts';
import { type JunitReport, parseJunit } from '../junit.ts';
import { readInside } from '../safe-read.ts';

const MAX_JUNIT_BYTES = 4 * 1024 * 1024;

/** Runs the recipe's own tests against the app, all of them whatever the first says. */
export async function custom(context: StageContext): Promise<StageResult> {
  const tests = context.recipe.stages.custom;
  if (tests.length === 0) return { state: 'not_applicable', reason: 'the recipe has no tests' };
  if (!(await isAppHealthy(context.deployer, context.recipe, context.signal))) {
    return { state: 'skipped', reason: 'the app is not running' };
  }
  const total = { passed: 0, failed: 0, skipped: 0 };
  const failed = [];
  const endings = [];
  for (const test of tests) {
    const { ending, report } = await runTest(context, test);
    endings.push(ending);
    failed.push(...report.failed);
    total.passed += report.counts.passed;
    total.failed += report.counts.failed;
    total.skipped += report.counts.skipped;
  }
  if (total.failed === 0) return { state: 'passed', tests: total };
  const count = total.passed + total.failed;
  throw new StageFailure(
    { kind: 'tests', failed, total: count, endings },
    `${total.failed} of ${count} tests failed`,
    total,
  );
}

async function runTest(
  context: StageContext,
  test: CustomTest,
): Promise<{ ending: Ending; report: JunitReport }> {
  const { deployer, signal } = context;
  const version = serving(context);
  context.log(`$ ${test.run.join(' ')}`);
  const { run: argv, timeoutMs } = test;
  const ending = await deployer.run({ argv, version, timeoutMs, signal });
  context.log(`${test.name} ${ending.words}`);
  const written = await readReport(context, test, version.directory);
  return { ending, report: judge(test, ending, written) };
}

/** A test that ends badly has failed, whatever its report says; one without a report is one test. */
function judge(test: CustomTest, ending: Ending, written: JunitReport | undefined): JunitReport {
  const isGood = ending.code === 0 && ending.timedOut !== true;
  const counts = written?.counts ?? { passed: isGood ? 1 : 0, failed: 0, skipped: 0 };
  if (isGood || counts.failed > 0) return { counts, failed: written?.failed ?? [] };
  return {
    counts: { ...counts, failed: 1 },
    failed: [{ name: test.name, message: `${test.name} ${ending.words}` }],
  };
}

async function readReport(
  context: StageContext,
  test: CustomTest,
  directory: string,
): Promise<JunitReport | undefined> {
  if (test.junit === undefined) return undefined;
  const xml = await readInside(directory, join(directory, test.junit), MAX_JUNIT_BYTES);
  if (xml === undefined) {
    context.log(`${test.name} wrote no ${test.junit}`);
    return undefined;
  }
  const masked = context.mask(xml);
  const name = test.name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 60);
  await writeFile(join(context.artifacts, `junit-${name}.xml`), masked);
  const report = parseJunit(masked);
  const { passed, failed, skipped } = report.counts;
  return passed + failed + skipped === 0 ? undefined : report;
}
