import type { Diagnosis, Run } from '../../domain/run.ts';
import { plain } from './text.ts';

/** Carries our run id; by it a build is found again. */
export const RUN_PARAM = 'SIGNALBOX_RUN';

/** Drone splices values into the YAML as text: a quote ends the string, and the rest runs as a command. */
const VALUE = /^[A-Za-z0-9._/@:+-]*$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const FULL_SHA = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const MAX_VALUE = 256;
/** Proxies in front of Drone cut or refuse longer request lines. */
const MAX_QUERY = 4_000;

/** Names that Drone consumes itself, in any of its versions, or that change how every step runs. */
const RESERVED_NAMES = new Set(
  (
    'branch commit target message action access_token debug event ref trigger title link sender cron ' +
    'deploy_to source before after timestamp page per_page ci drone path home shell env ifs bash_env ' +
    'ld_preload ld_library_path'
  ).split(' '),
);
const RESERVED_PREFIXES = ['drone_', 'ci_', 'signalbox_'];

export type BuildQuery = { readonly query: URLSearchParams } | { readonly rejected: Diagnosis };

/**
 * The query of a create call: `branch`, `commit`, the plan's parameters and ours. Pure, and the only maker of
 * that query. Whatever is outside the whitelist is refused whole, never cut or escaped.
 */
export function buildQuery(run: Run): BuildQuery {
  const planned = run.plan.kind === 'remote' ? Object.entries(run.plan.params) : [];
  const problem =
    problemOfRun(run) ?? problemOfBranch(run.headRef) ?? first(planned, problemOfParam);
  if (problem !== undefined) return { rejected: problem };
  const query = new URLSearchParams([
    ['branch', run.headRef],
    ['commit', run.sha],
    ...planned,
    [RUN_PARAM, run.id],
    ['SIGNALBOX_PULL', String(run.pull)],
    ['SIGNALBOX_SUITE', run.suite],
  ]);
  return query.toString().length > MAX_QUERY ? { rejected: TOO_LONG } : { query };
}

const TOO_LONG: Diagnosis = {
  code: 'drone.params_too_long',
  class: 'configuration',
  headline: 'the parameters are too long for Drone',
  hint: `Drone takes parameters in the address only. Keep all names and values under ${MAX_QUERY} characters together.`,
};

function problemOfRun(run: Run): Diagnosis | undefined {
  if (run.plan.kind !== 'remote') {
    return configuration('drone.plan', 'this suite is no Drone suite', 'Its plan names no build.');
  }
  if (!FULL_SHA.test(run.sha)) {
    return configuration(
      'drone.commit',
      'the commit is not a full SHA',
      'Drone expands abbreviated commits by itself, so only full ones are sent.',
    );
  }
  const ours = [run.id, run.suite, String(run.pull)];
  if (ours.every((value) => value !== '' && isValue(value))) return undefined;
  return configuration(
    'drone.suite_name',
    'the suite name cannot be passed to Drone',
    'Use only letters, digits and . _ / @ : + - in the name of the suite.',
  );
}

function problemOfBranch(branch: string): Diagnosis | undefined {
  // A branch name never holds a colon: `owner:branch` is how forges write the head of a fork.
  if (branch.startsWith('refs/') || branch.includes(':')) {
    return {
      code: 'drone.fork',
      class: 'configuration',
      headline: 'Drone cannot check out the head of a fork',
      hint: 'Its clone step fetches branches of the repository itself only. Push the commit to a branch there, or use another runner for this suite.',
    };
  }
  if (branch !== '' && isValue(branch) && !branch.startsWith('-') && !branch.includes('..')) {
    return undefined;
  }
  return {
    code: 'drone.branch_name',
    class: 'change',
    headline: 'the branch name cannot be passed to Drone safely',
    hint: `Drone copies it into the pipeline as text. Rename the branch “${plain(branch, 80)}” so that it holds only letters, digits and . _ / @ + - (${MAX_VALUE} at most).`,
  };
}

function problemOfParam([name, value]: readonly [string, string]): Diagnosis | undefined {
  const lower = name.toLowerCase();
  if (!NAME.test(name) || RESERVED_NAMES.has(lower) || RESERVED_PREFIXES.some(startsWith(lower))) {
    return configuration(
      'drone.param_name',
      `the parameter ${plain(name, 64)} cannot be passed to Drone`,
      'Drone or Signalbox uses this name itself, or it is no name of an environment variable. Choose another one in .signalbox.yml.',
    );
  }
  if (isValue(value)) return undefined;
  return configuration(
    'drone.param_value',
    `the value of ${name} cannot be passed to Drone safely`,
    `Drone copies it into the pipeline as text. Use only letters, digits and . _ / @ : + - (${MAX_VALUE} at most).`,
  );
}

function isValue(value: string): boolean {
  return value.length <= MAX_VALUE && VALUE.test(value);
}

function startsWith(name: string): (prefix: string) => boolean {
  return (prefix) => name.startsWith(prefix);
}

function configuration(code: string, headline: string, hint: string): Diagnosis {
  return { code, class: 'configuration', headline, hint };
}

function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
