import type { StoredLine } from '../../lib/log-store.ts';
import type { Look } from '../live-events.ts';
import { visibleText, visibleTitle } from './hostile-text.ts';
import type { PagesSource } from './source.ts';

const CHUNK = 5_000;

/** A whole log as text, read in chunks; with `stage` only that stage's lines. */
export async function* renderRawLog(
  source: Pick<PagesSource, 'readLog'>,
  runId: string,
  stage: string | undefined,
): AsyncGenerator<string, void> {
  let after = 0;
  for (;;) {
    const lines = await source.readLog(runId, after, CHUNK);
    after = lines.at(-1)?.n ?? after;
    yield renderText(lines, stage);
    if (lines.length < CHUNK) return;
  }
}

/** The same, going on until the run has ended. */
export async function* renderFollowedLog(
  looks: AsyncIterable<Look>,
  stage: string | undefined,
): AsyncGenerator<string, void> {
  for await (const { lines } of looks) yield renderText(lines, stage);
}

/** "2311  upgrade  text": the form of the excerpt in a comment. Escape sequences would reach a terminal. */
function renderText(lines: readonly StoredLine[], stage: string | undefined): string {
  return lines
    .filter((line) => stage === undefined || line.stage === stage)
    .map((line) => `${line.n}  ${visibleTitle(line.stage, 60)}  ${visibleText(line.text)}\n`)
    .join('');
}
