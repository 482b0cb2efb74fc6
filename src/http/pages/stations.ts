import { isTerminal, type Stage } from '../../domain/run.ts';
import { duration, plural } from '../../report/format.ts';
import { type Aspect, describeRun, STAGE_LAMPS } from './aspect.ts';

import { visibleTitle } from './hostile-text.ts';
import type { RunRow } from './source.ts';

/** A stretch of the track: waiting, or one stage that has begun. Times are ms since the epoch. */
export type Station = {
  readonly name: string;
  readonly kind: 'waiting' | 'stage';
  readonly aspect: Aspect;
  readonly from: number;
  readonly until: number;
  readonly running: boolean;
  /** It ended in something other than success. */
  readonly broken: boolean;
  /** e.g. "4m 02s, failed" */
  readonly note: string;
  /** e.g. "upgrade failed after 4m 02s, usually 3m 10s" */
  readonly sentence: string;
  readonly usualMs?: number;
};

/** What a run went through so far, by time of start. The first is always the wait for a slot. */
export function listStations(row: RunRow, now: number): readonly Station[] {
  const begun = row.stages
    .filter((stage) => stage.startedAt !== undefined)
    .sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
  const stages = begun.map((stage) => toStation(row, stage, now));
  return [
    waiting(row, begun[0]?.startedAt, now),
    ...(stages.length > 0 ? stages : whole(row, now)),
  ];
}

function waiting(row: RunRow, firstStage: number | undefined, now: number): Station {
  const left = firstStage ?? (row.state === 'queued' ? undefined : row.startedAt);
  const until = Math.max(row.queuedAt, left ?? row.finishedAt ?? now);
  const took = duration(until - row.queuedAt);
  const still = row.state === 'queued';
  const again = row.attempt > 1 ? ', interrupted once' : '';
  return {
    name: 'waiting',
    kind: 'waiting',
    aspect: still ? 'caution' : 'lunar',
    from: row.queuedAt,
    until,
    running: still,
    broken: false,
    note: `${took}${again}`,
    sentence: `${still ? 'Waiting for' : 'Waited'} ${took}${again}`,
  };
}

/** A run whose far side names no stages yet is one stretch. */
function whole(row: RunRow, now: number): readonly Station[] {
  if (row.startedAt === undefined || row.state === 'queued') return [];
  const running = !isTerminal(row.state);
  const until = Math.max(row.startedAt, row.finishedAt ?? now);
  const took = duration(until - row.startedAt);
  const { aspect, headline } = describeRun(row);
  return [
    {
      name: 'build',
      kind: 'stage',
      aspect,
      from: row.startedAt,
      until,
      running,
      broken: !running && row.state !== 'passed',
      note: took,
      sentence: `build ${headline.toLowerCase()}, ${took}`,
    },
  ];
}

function toStation(row: RunRow, stage: Stage, now: number): Station {
  const from = stage.startedAt ?? now;
  const running = stage.state === 'running';
  const until = Math.max(from, stage.finishedAt ?? (running ? now : (row.finishedAt ?? now)));
  const took = duration(until - from);
  const lamp = STAGE_LAMPS[stage.state];
  const name = visibleTitle(stage.name, 40);
  const usualMs = row.usual?.stages[stage.name];
  const passed = stage.state === 'passed';
  const usually = usualMs === undefined ? '' : `, usually ${duration(usualMs)}`;
  const left = stage.name === 'teardown' ? leftovers(row) : undefined;
  return {
    name,
    kind: 'stage',
    aspect: left?.dirty ? 'caution' : lamp.aspect,
    from,
    until,
    running,
    broken: !passed && !running,
    note: `${took}${passed || running ? '' : `, ${lamp.word}`}${left ? `, ${left.text}` : ''}`,
    sentence: `${name} ${lamp.word} ${running ? 'for' : passed ? 'in' : 'after'} ${took}${usually}${left ? `, ${left.text}` : ''}`,
    ...(usualMs === undefined ? {} : { usualMs }),
  };
}

function leftovers({ cleanliness }: RunRow): { dirty: boolean; text: string } | undefined {
  if (cleanliness.state === 'clean') return { dirty: false, text: 'nothing left' };
  if (cleanliness.state !== 'dirty') return undefined;
  return { dirty: true, text: `${plural(cleanliness.residuals.length, 'leftover')}` };
}

/** Stages that have not begun, grouped by what is said of them, e.g. "not run, upgrade failed". */
export function listNotBegun(
  row: RunRow,
): readonly { readonly why: string; readonly names: readonly string[] }[] {
  const groups = new Map<string, string[]>();
  for (const stage of row.stages) {
    if (stage.startedAt !== undefined) continue;
    const reason = stage.reason === undefined ? '' : `, ${visibleTitle(stage.reason)}`;
    const why = `${STAGE_LAMPS[stage.state].word}${reason}`;
    groups.set(why, [...(groups.get(why) ?? []), visibleTitle(stage.name, 60)]);
  }
  return [...groups].map(([why, names]) => ({ why, names }));
}

/** The whole track in one sentence, for those who do not see it. */
export function describeTrack(row: RunRow, now: number): string {
  const begun = listStations(row, now).map(({ sentence }) => sentence);
  const rest = listNotBegun(row).map(({ why, names }) => `${names.join(', ')}: ${why}`);
  return [...begun, ...rest].join('; ');
}
