import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { type ConfigProblem, formatProblems } from '../domain/config-problems.ts';
import { parseRepoConfig } from '../domain/repo-config.ts';
import { readYaml } from '../domain/yaml-source.ts';
import { CliError } from './errors.ts';
import { clean, print, printJson } from './output.ts';
import type { Register } from './register.ts';

type Verdict = { readonly problems: readonly ConfigProblem[]; readonly text: string };

export const registerLint: Register = (program, setExitCode) => {
  program
    .command('lint [file]')
    .description('checks a .signalbox.yml, or the signalbox.yml of an installation')
    .option('--json', 'as JSON')
    .action((file: string | undefined, options: { json?: boolean }, command: Command) => {
      const { config } = command.optsWithGlobals<{ config?: string }>();
      const path = file ?? config ?? defaultFile();
      const text = readText(path);
      const verdict = isOperators(path, text) ? lintOperator(path) : lintRepository(path, text);
      setExitCode(verdict.text === '' ? 0 : 1);
      if (options.json) return printJson(verdict.problems);
      return print(verdict.text === '' ? `${clean(path)} is right.` : verdict.text);
    });
};

const REPOSITORY_FILE = '.signalbox.yml';
const OPERATOR_FILE = 'signalbox.yml';

function defaultFile(): string {
  return !existsSync(REPOSITORY_FILE) && existsSync(OPERATOR_FILE)
    ? OPERATOR_FILE
    : REPOSITORY_FILE;
}

/** By its name, else by what stands in it: only an operator's file has forges. */
function isOperators(path: string, text: string): boolean {
  if (basename(path) === OPERATOR_FILE) return true;
  if (basename(path) === REPOSITORY_FILE) return false;
  const { value } = readYaml(text);
  return typeof value === 'object' && value !== null && 'forges' in value;
}

/** With the variables and files that it refers to, as `serve` would read it. */
function lintOperator(path: string): Verdict {
  const loaded = loadConfig({ file: path });
  if ('config' in loaded) return { problems: [], text: '' };
  return { problems: loaded.error.problems, text: loaded.error.message };
}

function lintRepository(path: string, text: string): Verdict {
  const result = parseRepoConfig(text, { today: new Date().toISOString().slice(0, 10) });
  if (!('problems' in result)) return { problems: [], text: '' };
  return { problems: result.problems, text: formatProblems(path, result.problems) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new CliError(
      `${clean(path)} cannot be read`,
      'Name the file: signalbox lint path/to/.signalbox.yml',
    );
  }
}
