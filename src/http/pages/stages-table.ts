import { html } from 'hono/html';
import type { Stage } from '../../domain/run.ts';
import { duration } from '../../report/format.ts';
import { STAGE_LAMPS } from './aspect.ts';
import { type Html, renderText, renderTime } from './format.ts';
import type { RunView } from './run-view.ts';

/** The same as the track in numbers and words, folded. */
export function renderStages(view: RunView): Html {
  const { stages } = view.row;
  if (stages.length === 0) return html``;
  return html`<details class="stages"><summary>Stages as a table</summary><div class="card wide" role="region" aria-label="Stages" tabindex="0"><table><thead><tr><th scope="col">Stage</th><th scope="col">Outcome</th><th scope="col">Began</th><th scope="col" class="n">Took</th><th scope="col" class="n">Usual</th><th scope="col">Remarks</th></tr></thead><tbody>${stages.map((stage) => renderStage(stage, view))}</tbody></table></div></details>`;
}

function renderStage(stage: Stage, { row, now }: RunView): Html {
  const { aspect, glyph, word } = STAGE_LAMPS[stage.state];
  const usual = row.usual?.stages[stage.name];
  const began = stage.startedAt === undefined ? '' : renderTime(stage.startedAt, now);
  return html`<tr><th scope="row">${renderText(stage.name, 80)}</th><td class="word ${aspect}">${glyph} ${word}</td><td>${began}</td><td class="n">${tookOf(stage)}</td><td class="n">${usual === undefined ? '' : duration(usual)}</td><td>${renderRemarks(stage)}</td></tr>`;
}

function tookOf({ startedAt, finishedAt, state }: Stage): string {
  if (startedAt === undefined) return '';
  if (finishedAt !== undefined) return duration(finishedAt - startedAt);
  return state === 'running' ? 'not over' : '';
}

function renderRemarks({ detail, reason, tests }: Stage): Html {
  const counts =
    tests === undefined
      ? []
      : [
          `${tests.passed} passed`,
          ...(tests.failed > 0 ? [`${tests.failed} failed`] : []),
          ...(tests.skipped > 0 ? [`${tests.skipped} skipped`] : []),
        ];
  const remarks = [detail?.replaceAll('`', ''), reason, counts.join(', ')].filter(
    (remark) => remark !== undefined && remark !== '',
  );
  return renderText(remarks.join(' · '), 400);
}
