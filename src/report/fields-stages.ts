import type { Run, Stage } from '../domain/run.ts';
import { isTerminal } from '../domain/run.ts';
import { cellProse, plain, tableRow } from './escape.ts';
import type { View } from './fields-common.ts';
import { clock, duration, plural } from './format.ts';
import type { RunMessage } from './message.ts';
import { isServiceStage, STAGE_ICONS } from './words.ts';

type Medians = Readonly<Record<string, number>>;
type Style = 'usual' | 'outcome';

/** One row before it is text: several stages when nothing is to be told of each. */
type Row = { readonly stages: readonly Stage[]; readonly hidden?: number };

/** Above this many stages those that passed share rows, so that the comment stays short. */
const CALM_ROWS = 8;

/**
 * Rows of the stage table, as Markdown. `usual` compares each stage with its median, `outcome` says what went
 * wrong. The last row is the teardown, once the run is over.
 */
export function stageRows(message: RunMessage, style: Style, view: View): readonly string[] | null {
  const { run, usual } = message;
  const shown = run.stages.filter((stage) => isShown(run, stage));
  if (shown.length === 0) return null;
  const rows = windowOf(merge(shown, run, shown.length > CALM_ROWS), view.rows);
  return [
    ...rows.map((row) => rowText(row, { run, style, medians: usual?.stages ?? {} })),
    ...teardownRow(run, style),
  ];
}

function isShown(run: Run, stage: Stage): boolean {
  if (!isServiceStage(run, stage.name)) return true;
  // The teardown row says it better; the others are news only when they go wrong or are under way.
  if (isTerminal(run.state) && (stage.name === 'teardown' || stage.name === 'verify')) return false;
  return stage.state === 'running' || stage.state === 'failed' || stage.state === 'errored';
}

/** Neighbours of the same fate share a row, unless one has something of its own to tell. */
function merge(stages: readonly Stage[], run: Run, calm: boolean): readonly Row[] {
  const rows: { stages: Stage[] }[] = [];
  for (const stage of stages) {
    const last = rows.at(-1);
    const before = last?.stages.at(-1);
    const joins =
      before !== undefined &&
      before.state === stage.state &&
      before.reason === stage.reason &&
      [before, stage].every((one) => label(one, run) === '') &&
      (stage.state === 'pending' ||
        stage.state === 'skipped' ||
        (calm && stage.state === 'passed'));
    if (joins) last?.stages.push(stage);
    else rows.push({ stages: [stage] });
  }
  return rows;
}

/** At most `max` rows, around the one that matters. */
function windowOf(rows: readonly Row[], max: number): readonly Row[] {
  if (rows.length <= max) return rows;
  const matters = rows.findIndex(({ stages }) =>
    stages.some(({ state }) => state === 'running' || state === 'failed' || state === 'errored'),
  );
  const from = Math.max(0, Math.min(matters - Math.floor(max / 2), rows.length - max));
  const left = (part: readonly Row[]) => part.reduce((sum, row) => sum + row.stages.length, 0);
  const before = left(rows.slice(0, from));
  const after = left(rows.slice(from + max));
  return [
    ...(before > 0 ? [{ stages: [], hidden: before }] : []),
    ...rows.slice(from, from + max),
    ...(after > 0 ? [{ stages: [], hidden: after }] : []),
  ];
}

type RowContext = { readonly run: Run; readonly style: Style; readonly medians: Medians };

function rowText(row: Row, context: RowContext): string {
  const [first] = row.stages;
  if (first === undefined) return tableRow(['', `… ${row.hidden ?? 0} more`, '', '']);
  const last =
    context.style === 'usual' ? usualOf(row, context.medians) : noteOf(first, context.run);
  return tableRow([
    STAGE_ICONS[stateOf(first, context.run)],
    nameOf(row, context),
    tookOf(row),
    last,
  ]);
}

/** What never began counts as not run once the run is over. */
function stateOf(stage: Stage, run: Run): Stage['state'] {
  return stage.state === 'pending' && isTerminal(run.state) ? 'skipped' : stage.state;
}

function nameOf(row: Row, { run, style }: RowContext): string {
  const [first] = row.stages;
  if (first === undefined) return '';
  const names = row.stages.map((stage) => plain(stage.name, 40));
  const text =
    names.length > 6
      ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`
      : names.join(', ');
  const loud = first.state === 'running' || first.state === 'failed' || first.state === 'errored';
  const why = style === 'usual' ? noteOf(first, run) : '';
  return [loud ? `**${text}**` : text, label(first, run), why && `(${why})`]
    .filter(Boolean)
    .join(' ');
}

/** What stands beside the name: versions, or how many tests. */
function label(stage: Stage, run: Run): string {
  if (stage.detail !== undefined) return cellProse(stage.detail, 80);
  if (stage.name !== 'custom' || run.plan.kind !== 'lifecycle') return '';
  const { passed = 0, failed = 0, skipped = 0 } = stage.tests ?? {};
  const count = passed + failed + skipped || run.plan.recipe.stages.custom.length;
  return count === 0 || stage.state === 'skipped' ? '' : `(${plural(count, 'test')})`;
}

function tookOf({ stages }: Row): string {
  const [first] = stages;
  if (first?.state === 'running' && first.startedAt !== undefined) {
    return `since ${clock(first.startedAt)}`;
  }
  const took = stages.flatMap(({ startedAt, finishedAt }) =>
    startedAt === undefined || finishedAt === undefined ? [] : [finishedAt - startedAt],
  );
  return took.length === 0 ? '' : duration(took.reduce((sum, ms) => sum + ms, 0));
}

function usualOf({ stages }: Row, medians: Medians): string {
  const known = stages.flatMap(({ name }) => {
    const median = Object.hasOwn(medians, name) ? medians[name] : undefined;
    return median === undefined ? [] : [median];
  });
  // A sum with a hole in it would promise too little.
  return known.length < stages.length ? '' : duration(known.reduce((sum, ms) => sum + ms, 0));
}

function noteOf(stage: Stage, run: Run): string {
  const why = stage.reason === undefined ? '' : cellProse(stage.reason, 120);
  switch (stateOf(stage, run)) {
    case 'skipped':
      return why === '' ? 'not run' : `not run: ${why}`;
    case 'not_applicable':
      return why === '' ? 'not applicable' : `not applicable: ${why}`;
    case 'failed':
    case 'errored':
      return testsFailed(stage) || why;
    case 'pending':
    case 'running':
    case 'passed':
    case 'cancelled':
      return why;
  }
}

function testsFailed({ tests }: Stage): string {
  return tests === undefined || tests.failed === 0
    ? ''
    : `${tests.failed} of ${plural(tests.passed + tests.failed, 'test')} failed`;
}

function teardownRow(run: Run, style: Style): readonly string[] {
  const { cleanliness } = run;
  if (!isTerminal(run.state) || cleanliness.state === 'not_needed') return [];
  const took = tookOf({ stages: run.stages.filter(({ name }) => name === 'teardown') });
  if (cleanliness.state === 'dirty') {
    return [tableRow(['⚠️', 'teardown', took, `${cleanliness.residuals.length} left`])];
  }
  if (cleanliness.state === 'unknown') return [tableRow(['❔', 'teardown', took, 'not verified'])];
  const kinds = Object.keys(cleanliness.removed);
  const none = kinds.map((kind) => plain(plural(0, kind), 40)).join(', ');
  return [
    tableRow([
      '🧹',
      'teardown',
      took,
      style === 'usual' || none === '' ? '0 left' : `${none} left`,
    ]),
  ];
}
