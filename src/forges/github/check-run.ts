import { z } from 'zod';
import { cutText } from '../../lib/cut-text.ts';
import {
  type Annotation,
  type CallOptions,
  type CommitStatus,
  ForgeError,
  type StatusDetails,
} from '../forge.ts';
import { type GithubClient, parse } from './client.ts';

/** GitHub's limits: characters of a summary, annotations in one request, buttons. */
const MAX_SUMMARY = 65_535;
const MAX_TITLE = 255;
const BATCH = 50;
const MAX_BUTTONS = 3;

const RUNS_OF_COMMIT = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs';
const CREATE = 'POST /repos/{owner}/{repo}/check-runs';
const UPDATE = 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}';

type Publishing = {
  readonly repository: string;
  readonly status: CommitStatus;
  readonly options: CallOptions | undefined;
};

/**
 * The check run that shows a status's details. It is looked for by our key before one is made, and annotations, which
 * GitHub adds to those it has, go on from as many as it has: so repeating it changes nothing. Without the right to
 * write checks there is none, and the commit status says it alone.
 */
export async function publishCheckRun(
  client: Pick<GithubClient, 'on' | 'pages'>,
  publishing: Publishing,
): Promise<void> {
  const { details } = publishing.status;
  if (details === undefined) return;
  try {
    await publish(client, publishing, { key: details.key, ...details.read() });
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code !== 'forbidden') throw error;
  }
}

async function publish(
  client: Pick<GithubClient, 'on' | 'pages'>,
  { repository, status, options }: Publishing,
  details: StatusDetails & { readonly key: string },
): Promise<void> {
  const name = nameOf(status);
  const known = await findRun(client, { repository, status, options }, details.key);
  const batches = batchesOf(details.annotations.slice(known?.annotations ?? 0));
  const [first = [], ...rest] = batches;
  const fields = fieldsOf(status, details);
  const output = outputOf(details);
  const whole = { ...fields, output: { ...output, annotations: first.map(annotationOf) } };
  let id = known?.id;
  if (id === undefined) {
    const created = { ...whole, name, head_sha: status.sha, external_id: details.key };
    const answer = await client.on(repository, { route: CREATE, parameters: created, options });
    id = parse(answer.data, z.object({ id: z.int() }), CREATE).id;
  } else {
    const parameters = { ...whole, check_run_id: id };
    await client.on(repository, { route: UPDATE, parameters, options });
  }
  for (const batch of rest) {
    const annotations = batch.map(annotationOf);
    const parameters = { check_run_id: id, output: { ...output, annotations } };
    await client.on(repository, { route: UPDATE, parameters, options });
  }
}

/** Beside the status of the same suite, and told apart from it. */
function nameOf({ context }: CommitStatus): string {
  return context.replace(/^signalbox\//, 'Signalbox ');
}

const listedSchema = z.object({
  id: z.int(),
  external_id: z.string().nullish(),
  output: z.object({ annotations_count: z.int().nullish() }).nullish(),
});

async function findRun(
  client: Pick<GithubClient, 'on' | 'pages'>,
  { repository, status, options }: Publishing,
  key: string,
): Promise<{ id: number; annotations: number } | undefined> {
  const parameters = { ref: status.sha, check_name: nameOf(status), filter: 'all' };
  const quiet = options?.signal ? { signal: options.signal } : {};
  const call = { route: RUNS_OF_COMMIT, parameters, options: quiet };
  const pick = (data: unknown) => (data as { check_runs?: unknown }).check_runs;
  const rows = client.pages(repository, call, { pick });
  let newest: z.output<typeof listedSchema> | undefined;
  for await (const row of rows) {
    const run = parse(row, listedSchema, RUNS_OF_COMMIT);
    if (run.id > (newest?.id ?? 0)) newest = run;
  }
  // Of several GitHub shows the newest. If that is an older run's, made by a request that got no answer and came late,
  // ours would stay hidden behind it whatever is said there: then another one is made.
  if (newest?.external_id !== key) return undefined;
  return { id: newest.id, annotations: newest.output?.annotations_count ?? 0 };
}

function fieldsOf(status: CommitStatus, details: StatusDetails) {
  const { phase, startedAt, endedAt, buttons } = details;
  const state =
    phase === 'queued'
      ? { status: 'queued' }
      : phase === 'running'
        ? { status: 'in_progress' }
        : { status: 'completed', conclusion: phase };
  return {
    ...state,
    ...(status.url === '' ? {} : { details_url: status.url }),
    ...(startedAt ? { started_at: toSeconds(startedAt) } : {}),
    ...(endedAt && 'conclusion' in state ? { completed_at: toSeconds(endedAt) } : {}),
    actions: buttons.slice(0, MAX_BUTTONS).map(({ action, label, description }) => ({
      identifier: action,
      label: cutText(label, 20),
      description: cutText(description, 40),
    })),
  };
}

function outputOf({ title, summary }: StatusDetails) {
  return { title: cutText(title, MAX_TITLE), summary: cutText(summary, MAX_SUMMARY) };
}

function annotationOf({ path, line, level, title, message }: Annotation) {
  return {
    path,
    start_line: line,
    end_line: line,
    annotation_level: level,
    title: cutText(title, MAX_TITLE),
    message: cutText(message, 60_000),
  };
}

function batchesOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / BATCH);
  return Array.from({ length: count }, (_, at) => items.slice(at * BATCH, (at + 1) * BATCH));
}

const toSeconds = (date: Date) => date.toISOString().replace(/\.\d{3}Z$/, 'Z');
