import { isTerminal } from '../domain/run.ts';
import { fitsLine1 } from './escape.ts';
import {
  cancelledFields,
  dirtyFields,
  failedFields,
  outdatedFields,
  passedFields,
  supersededFields,
} from './fields-closed.ts';
import type { RichRunMessage, View } from './fields-common.ts';
import { configFields } from './fields-config.ts';
import { interruptedFields, queuedFields, runningFields } from './fields-open.ts';
import {
  approvalFields,
  deniedFields,
  helpFields,
  joinedFields,
  notUnderstoodFields,
  pingFields,
  refusedFields,
  statusFields,
} from './fields-reply.ts';
import { runsFields } from './fields-runs.ts';
import type { Message } from './message.ts';
import type { Templates } from './templates.ts';

/** Longest comment, in characters; the marker has a few hundred besides. */
const MAX_LENGTH = 19_700;

const ROOMS = [60, 40, 30, 24, 18, 14, 10] as const;
const SIZES = [
  { rows: 20, logLines: 60, logCharacters: 6_000 },
  { rows: 12, logLines: 30, logCharacters: 2_000 },
  { rows: 8, logLines: 12, logCharacters: 800 },
  { rows: 5, logLines: 0, logCharacters: 0 },
  { rows: 2, logLines: 0, logCharacters: 0 },
] as const;

type Rendering = { readonly templates: Templates; readonly now: number };

/**
 * The comment for a message: a pure function, so that the same row of the ledger always reads the same.
 * `marker` becomes the last line. `now` (ms) only decides whether an expected end has passed. @internal
 */
export function renderMessage(
  message: Message | RichRunMessage,
  { marker, ...options }: Rendering & { marker: string },
): string {
  return withMarker(renderText(message, options), marker);
}

/** The last line, by which we know our own again. */
export function withMarker(text: string, marker: string): string {
  return `${text}\n\n${marker}\n`;
}

/** The same without the marker. Nearly always the first try fits. */
export function renderText(
  message: Message | RichRunMessage,
  { templates, now }: Rendering,
): string {
  const draw = (room: number, size: (typeof SIZES)[number]) =>
    fill(message, templates, { now, room, ...size });
  const first = draw(ROOMS[0], SIZES[0]);
  const room = fitsLine1(first)
    ? ROOMS[0]
    : (ROOMS.find((width) => fitsLine1(draw(width, SIZES[4]))) ?? 10);
  if (room === ROOMS[0] && first.length <= MAX_LENGTH) return first;
  const texts = SIZES.values().map((size) => draw(room, size));
  return texts.find((text) => text.length <= MAX_LENGTH) ?? draw(10, SIZES[4]);
}

function fill(message: Message | RichRunMessage, templates: Templates, view: View): string {
  switch (message.kind) {
    case 'run':
      return fillRun(message, templates, view);
    case 'runs':
      return templates.fill('runs', runsFields(message, view));
    case 'joined':
      return templates.fill('joined', joinedFields(message, view));
    case 'superseded':
      return templates.fill('superseded', supersededFields(message, view));
    case 'outdated':
      return templates.fill('outdated', outdatedFields(message, view));
    case 'denied':
      return templates.fill('denied', deniedFields(message, view));
    case 'approval':
      return templates.fill('approval', approvalFields(message));
    case 'not_understood':
      return templates.fill('not-understood', notUnderstoodFields(message, view));
    case 'refused':
      return templates.fill('refused', refusedFields(message, view));
    case 'config':
      return templates.fill('config', configFields(message, view));
    case 'help':
      return templates.fill('help', helpFields(message, view));
    case 'status':
      return templates.fill('status', statusFields(message, view));
    case 'ping':
      return templates.fill('ping', pingFields(message, view));
  }
}

function fillRun(message: RichRunMessage, templates: Templates, view: View): string {
  const { run } = message;
  if (!isTerminal(run.state)) {
    if (run.state !== 'queued' || run.cancellation !== undefined) {
      return templates.fill('running', runningFields(message, view));
    }
    return run.interruption?.outcome === 'requeued'
      ? templates.fill('interrupted', interruptedFields(message, view))
      : templates.fill('queued', queuedFields(message, view));
  }
  switch (run.state) {
    case 'passed':
      return run.cleanliness.state === 'dirty'
        ? templates.fill('dirty', dirtyFields(message, view))
        : templates.fill('passed', passedFields(message, view));
    case 'failed':
    case 'errored':
    case 'timed_out':
      return templates.fill('failed', failedFields(message, view));
    case 'cancelled':
    case 'superseded':
      return templates.fill('cancelled', cancelledFields(message, view));
  }
}
