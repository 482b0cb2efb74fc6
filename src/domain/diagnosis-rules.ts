import type { Ending, Failure, FailureFact } from './diagnosis.ts';
import type { FailureClass, LogLine } from './run.ts';

type Match = {
  readonly line?: LogLine;
  readonly class?: FailureClass;
  /** A detail for the sentences, e.g. the first fatal line. */
  readonly said?: string;
};

export type Rule = {
  readonly code: string;
  readonly class: FailureClass;
  match(failure: Failure): Match | undefined;
  headline(match: Match, failure: Failure): string;
  hint(match: Match, failure: Failure): string;
};

const NO_SPACE = /ENOSPC|no space left on device|disk quota exceeded|EDQUOT/i;
const FILE_TOO_LARGE = /EFBIG|file too large|file size limit exceeded/i;
const OUT_OF_MEMORY =
  /JavaScript heap out of memory|out of memory|cannot allocate memory|\bENOMEM\b|\bMemoryError\b|\bbad_alloc\b/i;
const PROCESS_LIMIT =
  /fork: .*resource temporarily unavailable|spawn\b.*\bEAGAIN\b|can't start new thread|cannot fork/i;
const PORT_TAKEN = /EADDRINUSE|address already in use|port is already allocated/i;
const NOT_FOUND = /failed to execute (.+?): (No such file or directory|Permission denied)/;

/** First match wins, so the order is part of the meaning: structure first, then causes seen in the log. */
export const DIAGNOSIS_RULES: readonly Rule[] = [
  {
    code: 'source.unavailable',
    class: 'infrastructure',
    match: ({ fact }) => (fact.kind === 'source' ? { said: fact.message } : undefined),
    headline: () => 'the source could not be fetched',
    hint: (match) =>
      `${sentence(match.said)} This says nothing about your change: ask for a new run once the forge answers.`,
  },
  {
    code: 'no_space',
    class: 'infrastructure',
    match: (failure) => inLog(failure, NO_SPACE),
    headline: () => 'the disk of the test host is full',
    hint: () => 'This says nothing about your change. The operator has to free space on the host.',
  },
  {
    code: 'oom',
    class: 'change',
    match: (failure) => {
      const over = endings(failure.fact).some((ending) => ending.overMemory === true);
      return over ? {} : inLog(failure, OUT_OF_MEMORY);
    },
    headline: () => 'it ran out of memory',
    hint: () => 'The run used more memory than `resources.memory` of the recipe grants.',
  },
  {
    code: 'process.limit',
    class: 'change',
    match: (failure) => inLog(failure, PROCESS_LIMIT),
    headline: () => 'it started too many processes',
    hint: () =>
      'The run reached `resources.pids` of the recipe, so that no process could be added.',
  },
  {
    code: 'file.limit',
    class: 'change',
    match: (failure) => inLog(failure, FILE_TOO_LARGE),
    headline: () => 'it wrote a file that is too large',
    hint: () => 'A file grew over `resources.file` of the recipe.',
  },
  {
    code: 'port.conflict',
    class: 'change',
    match: (failure) => portTaken(failure),
    headline: () => 'a port that the app wants is taken',
    hint: (match) =>
      match.class === 'infrastructure'
        ? 'Another program took the port that was set aside for this run. Ask for a new run.'
        : 'The app has to listen on the port in `APP_PORT` instead of a fixed one.',
  },
  {
    code: 'command.missing',
    class: 'configuration',
    match: (failure) => commandMissing(failure),
    headline: (match) => `the command ${code(match.said)} cannot be executed`,
    hint: () =>
      'It is not on the `PATH` of the test host, or it is not executable. Check the recipe and what the host has installed.',
  },
  {
    code: 'upgrade.data_survival',
    class: 'change',
    match: ({ fact }) => (fact.kind === 'marker-lost' && fact.at === 'upgrade' ? {} : undefined),
    headline: () => 'data did not survive the upgrade',
    hint: () =>
      'The marker row written before the upgrade was gone after it, while the app was healthy. Most often the new version reads its data from another place or in another format and does not take over the old.',
  },
  {
    code: 'backup.marker_missing',
    class: 'change',
    match: ({ fact }) => (fact.kind === 'marker-lost' && fact.at === 'backup' ? {} : undefined),
    headline: () => 'the app lost data before the backup',
    hint: () => 'The marker row was just written and is already gone. Check `data.marker`.',
  },
  {
    code: 'restore.no_post_hook',
    class: 'change',
    match: ({ fact }) =>
      fact.kind === 'marker-lost' && fact.dumps && !fact.replays ? {} : undefined,
    headline: () => 'the backup is never replayed',
    hint: () =>
      'A hook in `data.backup.pre` dumps the data, but no hook in `data.restore.post` reads that dump back in.',
  },
  {
    code: 'restore.incomplete',
    class: 'change',
    match: ({ fact }) => (fact.kind === 'marker-lost' ? {} : undefined),
    headline: () => 'the restore did not bring the data back',
    hint: () =>
      'Backup and restore ended without an error, and the marker row is still missing. Check that `data.backup.paths` covers all data, and what the restore hooks really do.',
  },
  {
    code: 'restore.marker_kept',
    class: 'configuration',
    match: ({ fact }) => (fact.kind === 'marker-kept' ? {} : undefined),
    headline: () => 'the marker could not be removed before the restore',
    hint: () =>
      'The marker row was still there after `data.marker.drop`, so that a restore would prove nothing.',
  },
  {
    code: 'backup.empty',
    class: 'change',
    match: ({ fact }) => (fact.kind === 'archive' ? { said: fact.problem } : undefined),
    headline: () => 'the backup is not usable',
    hint: (match) => sentence(match.said),
  },
  {
    code: 'upgrade.identity',
    class: 'change',
    match: ({ fact }) => (fact.kind === 'wrong-version' ? { said: fact.problem } : undefined),
    headline: () => 'the upgrade did not take effect',
    hint: (match) => sentence(match.said),
  },
  {
    code: 'crash.loop',
    class: 'change',
    match: ({ fact, lines }) =>
      fact.kind === 'service-ended' ? firstFatal(lines, fact.service) : undefined,
    headline: (_match, { fact }) =>
      fact.kind === 'service-ended'
        ? `the app crashes at start: \`${fact.service}\` ${fact.ending.words}`
        : 'the app crashes at start',
    hint: (match) =>
      match.said === undefined
        ? 'It wrote nothing that reads like an error.'
        : `The first error in its log: ${code(match.said)}`,
  },
  {
    code: 'health.5xx',
    class: 'change',
    match: ({ fact }) =>
      fact.kind === 'not-healthy' && (fact.status ?? 0) >= 500 ? {} : undefined,
    headline: (_match, { fact }) =>
      fact.kind === 'not-healthy'
        ? `the app is up but answers ${fact.status} on ${code(fact.path)}`
        : 'the app answers with errors',
    hint: () => 'Look for the first error in its log, and check `health.http.path` of the recipe.',
  },
  {
    code: 'health.timeout',
    class: 'change',
    match: ({ fact }) => (fact.kind === 'not-healthy' ? {} : undefined),
    headline: (_match, { fact }) =>
      fact.kind === 'not-healthy'
        ? `the app was not healthy after ${Math.round(fact.waitedMs / 1000)} s`
        : 'the app was not healthy in time',
    hint: (_match, { fact }) =>
      fact.kind === 'not-healthy' && fact.status !== undefined
        ? `It answers ${fact.status} on ${code(fact.path)}, which \`health.http.ok\` does not list.`
        : 'Its processes run, but nothing answers on `APP_PORT`. Is it slow (`timeouts.convergence`), or does it listen elsewhere?',
  },
  {
    code: 'build.failed',
    class: 'change',
    match: ({ fact }) => (fact.kind === 'command' && fact.role === 'build' ? {} : undefined),
    headline: () => 'the build failed',
    hint: (_match, { fact }) => commandHint(fact),
  },
  {
    code: 'hook.failed',
    class: 'change',
    match: ({ fact }) => (fact.kind === 'command' ? {} : undefined),
    headline: (_match, { fact }) =>
      fact.kind === 'command' ? `the hook \`${fact.name}\` failed` : 'a hook failed',
    hint: (_match, { fact }) => commandHint(fact),
  },
  {
    code: 'test.failed',
    class: 'change',
    match: ({ fact }) => (fact.kind === 'tests' ? {} : undefined),
    headline: (_match, { fact }) =>
      fact.kind === 'tests'
        ? `${fact.failed.length} of ${fact.total} tests failed`
        : 'tests failed',
    hint: () => 'The install, the upgrade and the app itself were fine up to here.',
  },
  {
    code: 'timeout',
    class: 'unclear',
    match: ({ fact }) => (fact.kind === 'timeout' ? {} : undefined),
    headline: (_match, { fact, stage }) =>
      fact.kind === 'timeout'
        ? `${fact.of === 'run' ? 'the run' : stage} took longer than ${Math.round(fact.limitMs / 1000)} s`
        : 'it took too long',
    hint: (_match, { fact }) =>
      `It was stopped. If it needs the time, raise \`timeouts.${fact.kind === 'timeout' ? fact.of : 'stage'}\`.`,
  },
  {
    code: 'runner.error',
    class: 'infrastructure',
    match: ({ fact }) => (fact.kind === 'internal' ? { said: fact.message } : undefined),
    headline: () => 'the test host could not do its part',
    hint: (match) => `${sentence(match.said)} This says nothing about your change.`,
  },
  {
    code: 'unclassified',
    class: 'unclear',
    match: () => ({}),
    headline: (_match, { stage }) => `${stage} failed`,
    hint: () => 'No known cause fits. The lines below are what looks most like it.',
  },
];

/** Kinds of failure that a line of the log may explain better than the structure does. */
const EXPLAINED_BY_LOG = new Set(['command', 'service-ended', 'not-healthy', 'tests', 'internal']);

function inLog({ fact, lines }: Failure, pattern: RegExp): Match | undefined {
  if (!EXPLAINED_BY_LOG.has(fact.kind)) return undefined;
  if (fact.kind === 'internal' && pattern.test(fact.message)) return {};
  const line = lines.find((candidate) => pattern.test(candidate.text));
  return line === undefined ? undefined : { line };
}

function portTaken(failure: Failure): Match | undefined {
  const { fact } = failure;
  if (fact.kind !== 'service-ended') return undefined;
  const match = inLog(failure, PORT_TAKEN);
  const ours = match?.line !== undefined && new RegExp(`\\b${fact.port}\\b`).test(match.line.text);
  return match === undefined || !ours ? match : { ...match, class: 'infrastructure' };
}

function commandMissing({ fact, lines }: Failure): Match | undefined {
  const missing = endings(fact).some((ending) => ending.code === 127 || ending.code === 126);
  if (!missing) return undefined;
  for (const line of lines) {
    const said = NOT_FOUND.exec(line.text)?.[1];
    if (said !== undefined) return { line, said };
  }
  return undefined;
}

const FATAL =
  /\b(?:\w*(?:Error|Exception)\b|fatal|panic|uncaught|traceback|cannot|failed|refused|denied)/i;

function firstFatal(lines: readonly LogLine[], service: string): Match {
  const prefix = `${service} | `;
  const line = lines.find(
    (candidate) => candidate.text.startsWith(prefix) && FATAL.test(candidate.text),
  );
  return line === undefined ? {} : { line, said: line.text.slice(prefix.length).trim() };
}

function endings(fact: FailureFact): readonly Ending[] {
  if (fact.kind === 'command' || fact.kind === 'service-ended') return [fact.ending];
  return fact.kind === 'tests' ? fact.endings : [];
}

function commandHint(fact: FailureFact): string {
  if (fact.kind !== 'command') return '';
  return `${code(fact.command)} ${fact.ending.words}. Its last lines say more.`;
}

const MAX_SAID = 200;

/** Hostile text as inline code: without back-ticks and line breaks, and short. */
function code(text: string | undefined): string {
  const flat = (text ?? '').replace(/[`\p{Cc}]+/gu, ' ').trim();
  return `\`${flat.length > MAX_SAID ? `${flat.slice(0, MAX_SAID)}…` : flat}\``;
}

/** A short text of ours as a sentence with its full stop. */
function sentence(text: string | undefined): string {
  const flat = (text ?? '').replace(/[\p{Cc}]+/gu, ' ').trim();
  return flat === '' || /[.!?]$/.test(flat) ? flat : `${flat}.`;
}
