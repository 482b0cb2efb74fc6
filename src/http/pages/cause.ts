import { html } from 'hono/html';
import type { Diagnosis, FailureClass } from '../../domain/run.ts';
import { clock } from '../../report/format.ts';
import type { Aspect } from './aspect.ts';
import { type Html, renderLink, renderText } from './format.ts';
import { visibleText } from './hostile-text.ts';
import type { RunView } from './run-view.ts';

const CLASSES: Readonly<Record<FailureClass, { aspect: Aspect; sentence: string }>> = {
  change: { aspect: 'danger', sentence: 'A problem in this change, not in the CI.' },
  infrastructure: { aspect: 'infra', sentence: 'A problem of the CI, not of this change.' },
  configuration: { aspect: 'danger', sentence: 'A problem in the configuration.' },
  flaky: { aspect: 'caution', sentence: 'Most likely a flaky test.' },
  unclear: { aspect: 'caution', sentence: 'It is not clear whose problem this is.' },
};

/** Why the run is as it is: diagnosis, leftovers, cancellation, interruption; nothing when all went well. */
export function renderCause(view: RunView): Html {
  const { row } = view;
  return html`${row.interruption === undefined ? '' : renderInterruption(view)}${
    row.cancellation === undefined ? '' : renderCancellation(view)
  }${row.diagnosis === undefined ? '' : renderDiagnosis(row.diagnosis, view)}${
    row.cleanliness.state === 'dirty' ? renderLeftovers(row.cleanliness.residuals.length) : ''
  }`;
}

function renderDiagnosis(diagnosis: Diagnosis, { help }: RunView): Html {
  const { aspect, sentence } = CLASSES[diagnosis.class];
  const headline = visibleText(diagnosis.headline);
  const advice = help.find(({ id }) => id === diagnosis.code);
  return html`<div class="cause ${aspect}"><span class="rule">${visibleText(diagnosis.code)}</span><strong><bdi>${headline.charAt(0).toUpperCase()}${headline.slice(1)}.</bdi></strong> ${sentence}<p><bdi>${visibleText(diagnosis.hint)}</bdi>${
    advice === undefined ? '' : html` <a href="/help#${advice.id}">What to check</a>`
  }</p>${renderFailedTests(diagnosis)}</div>`;
}

function renderFailedTests({ failedTests = [] }: Diagnosis): Html {
  if (failedTests.length === 0) return html``;
  const shown = failedTests.slice(0, 20);
  const more = failedTests.length - shown.length;
  return html`<ul class="tests">${shown.map(
    ({ name, message }) =>
      html`<li><code>${renderText(name, 300)}</code> <span>${renderText(message, 500)}</span></li>`,
  )}${more > 0 ? html`<li>and ${more} more, see the log</li>` : ''}</ul>`;
}

function renderLeftovers(count: number): Html {
  return html`<div class="cause caution"><strong>${count === 1 ? '1 thing is' : `${count} things are`} still there.</strong> The verdict stands; the leftovers are listed under <a href="#sb-teardown">Teardown</a> and are tried again by themselves.</div>`;
}

function renderCancellation({ row }: RunView): Html {
  const { cancellation } = row;
  if (cancellation === undefined) return html``;
  const { cause, by, url, during, sha } = cancellation;
  const why = {
    cancel: html`Stopped by ${renderText(by)} with ${renderLink(url, html`<code>/cancel</code>`)}`,
    superseded: html`Superseded${sha === undefined ? '' : html` by <code>${sha.slice(0, 7)}</code>`}`,
    pull_request_closed: html`Stopped because the pull request was closed`,
    comment_deleted: html`Stopped because the comment that asked for it was deleted`,
  }[cause];
  const stage = during === undefined ? '' : html`, during <b>${renderText(during)}</b>`;
  return html`<div class="cause lunar"><strong>No verdict.</strong> ${why}${stage}.<p>A new <code>!testme</code> on the pull request runs it again.</p></div>`;
}

function renderInterruption({ row }: RunView): Html {
  const { interruption } = row;
  if (interruption === undefined) return html``;
  const at = clock(interruption.at);
  const sentence = {
    reattached: `The bot restarted at ${at} UTC and took this run over again. It kept running; nothing was lost.`,
    requeued: `The bot's host went down at ${at} UTC. What it had started was removed, and the run was queued again, once.`,
    gave_up: `The bot's host went down at ${at} UTC, for the second time during this run.`,
  }[interruption.outcome];
  const aspect = interruption.outcome === 'reattached' ? 'lunar' : 'infra';
  return html`<div class="cause ${aspect}"><strong>Interrupted.</strong> ${sentence} This says nothing about the change.</div>`;
}
